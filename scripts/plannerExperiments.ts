/**
 * The tables of docs/experiments/planner.md, as Markdown.
 *   DYNOSIM_DATA=... npx tsx scripts/plannerExperiments.ts
 */

import { loadWorkload } from '../src/config/buildWorkload.ts';
import { parsePredict } from '../src/config/loadPredict.ts';
import { readFacts } from '../src/config/readFacts.ts';
import { longestRequestOf } from '../src/config/replicaSpec.ts';
import type { Report } from '../src/metrics/report.ts';
import { predict } from '../src/study/prediction.ts';

const data = process.env.DYNOSIM_DATA;
if (data === undefined) {
  console.log('skipped: DYNOSIM_DATA is not set');
  process.exit(0);
}

const facts = readFacts('.');

/** Qwen3-32B on pairs of H200, the trace at its own pace, 1500 ms TTFT and 50 ms TPOT. */
function text(replicas: number, startupS: number, planner: string | null, maxGpus: number): string {
  return `traffic:
  source: {type: trace, format: mooncake, path: ${data}/traces/mooncake-conversation.jsonl}
  load: {type: trace_timestamps, spread: uniform}
  over_length: drop
engine:
  model: Qwen/Qwen3-32B
  hardware: h200_sxm
  workers:
    aggregated:
      parallelism: {tensor: 2, replicas: ${replicas}}
      startup: {provisioning_seconds: 0, load_gb_per_second: null, warmup_seconds: ${startupS}}
router: {policy: kv_router}
evaluation: {slo: {ttft_ms: {p95: 1500}, tpot_ms: {p95: 50}}}
${planner === null ? '' : `planner: {max_gpus: ${maxGpus}, ${planner}}`}
`;
}

const first = parsePredict(text(1, 0, null, 32), 'experiment.yaml', [], facts);
const workload = await loadWorkload(first.traffic, first.seed, '.', longestRequestOf(first, facts));
const context = { facts, version: 'experiment', clockMs: () => performance.now() };

function run(replicas: number, startupS: number, planner: string | null, maxGpus = 32): Report {
  const config = parsePredict(text(replicas, startupS, planner, maxGpus), 'experiment.yaml', [], facts);
  return predict(config, workload, context).report;
}

const HEAD = ['GPU-hours', 'USD', 'mean TTFT s', 'p90 TTFT s', 'p99 TTFT s', 'mean TPOT ms', 'good %', 'scale events'];

function row(name: string, { fleet, cost, latency, slo }: Report): string {
  const s = (ms: number) => (ms / 1000).toFixed(2);
  const { ttft_ms: ttft, tpot_ms: tpot } = latency;
  const cells = [
    fleet.gpu_hours.toFixed(1),
    cost.usd.toFixed(1),
    s(ttft.mean),
    s(ttft.p90),
    s(ttft.p99),
    tpot.mean.toFixed(1),
    (100 * slo.attained_ratio).toFixed(1),
    String(fleet.scale_events),
  ];
  return `| ${[name, ...cells].join(' | ')} |`;
}

function table(title: string, first: string, rows: readonly (readonly [string, Report])[]): void {
  console.log(`\n### ${title}\n\n| ${[first, ...HEAD].join(' | ')} |\n|---|${'---|'.repeat(HEAD.length)}`);
  for (const [name, report] of rows) console.log(row(name, report));
}

const SLA = 'policy: sla, min_observations: 5';
const KALMAN = 'forecast: {model: kalman}';
const PLANNERS: readonly (readonly [string, string])[] = [
  ['thresholds, throughput', 'policy: throughput'],
  ['thresholds, latency', 'policy: latency'],
  ['SLA, load', SLA],
  ['SLA, throughput, constant', `${SLA}, scaling: throughput, interval_seconds: 180`],
  ['SLA, throughput, Kalman', `${SLA}, scaling: throughput, interval_seconds: 180, ${KALMAN}`],
  [
    'SLA, throughput, Kalman + 90 % margin',
    `${SLA}, scaling: throughput, interval_seconds: 180, forecast: {model: kalman, margin_quantile: 0.9}`,
  ],
  ['SLA, both, Kalman', `${SLA}, scaling: both, ${KALMAN}`],
  ['HPA, 4 requests', 'policy: hpa, targets: [{metric: requests, value: 4}]'],
  ['HPA, 10 % of KV', 'policy: hpa, targets: [{metric: kv_usage, value: 0.1}]'],
];

const replicas = [3, 4, 5, 6, 7, 8, 10, 12];
table(
  'Static',
  'replicas',
  replicas.map((count) => [String(count), run(count, 0, null)]),
);
for (const startupS of [0, 90]) {
  table(
    `Planners, start-up ${startupS} s`,
    'planner',
    PLANNERS.map(([name, planner]) => [name, run(1, startupS, planner)]),
  );
}
table(
  'Load interval, start-up 0 s',
  'interval s',
  [1, 2, 5, 10, 20, 30, 60, 120, 180, 300].map((s) => [String(s), run(1, 0, `${SLA}, interval_seconds: ${s}`)]),
);
table(
  'Start-up, load interval 5 s',
  'start-up s',
  [0, 10, 30, 60, 90, 120, 150, 180, 200, 240, 300].map((s) => [String(s), run(1, s, SLA)]),
);
table(
  'Start-up, load interval 5 s, budget of 10 GPUs',
  'start-up s',
  [0, 60, 120, 180, 240, 300].map((s) => [String(s), run(1, s, SLA, 10)]),
);
