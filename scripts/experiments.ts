/**
 * Routing, splitting prefill from decode, and host memory on the Mooncake conversation trace. Rewrites the tables between
 * the marks in docs/experiments/mooncake.md, and the plots beside it.
 *   DYNOSIM_DATA=... npx tsx scripts/experiments.ts [name of an experiment]...
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { loadWorkload } from '../src/config/buildWorkload.ts';
import { catalogFacts } from '../src/config/facts.ts';
import { parseSet } from '../src/config/inputDocument.ts';
import { parsePredict } from '../src/config/loadPredict.ts';
import { contextLengthOf } from '../src/config/replicaSpec.ts';
import type { Report } from '../src/metrics/report.ts';
import { formatPercent } from '../src/report/format.ts';
import { predict } from '../src/study/prediction.ts';
import { linePlot } from './linePlot.ts';

const PLACE = new URL('../docs/experiments/', import.meta.url);
const PAGE = new URL('mooncake.md', PLACE);

interface Variant {
  readonly name: string;
  readonly file?: string;
  readonly set: readonly string[];
}

interface Experiment {
  readonly name: string;
  readonly axis: string;
  readonly loads: readonly { readonly x: number; readonly set: readonly string[] }[];
  readonly variants: readonly Variant[];
}

const concurrency = (x: number) => ({ x, set: [`traffic.load={type: concurrency, concurrency: ${x}}`] });
const speedup = (x: number) => ({ x, set: [`traffic.load.speedup=${x}`] });
const replicas = (prefill: number, decode: number): Variant => ({
  name: `${prefill} prefill, ${decode} decode`,
  file: 'disaggregated.yaml',
  set: [
    `engine.workers.prefill.parallelism.replicas=${prefill}`,
    `engine.workers.decode.parallelism.replicas=${decode}`,
  ],
});
const host = (gb: number, write = 'through') =>
  `engine.workers.aggregated.kv_cache.tiers={host: {capacity_gb_per_gpu: ${gb}, write: ${write}}}`;

const ROUTERS: readonly Variant[] = [
  { name: 'round robin', set: ['router.policy=round_robin'] },
  { name: 'least tokens', set: ['router.policy=least_tokens'] },
  { name: 'KV router', set: [] },
];

const EXPERIMENTS: readonly Experiment[] = [
  { name: 'routing', axis: 'users', loads: [32, 64, 128, 256, 512].map(concurrency), variants: ROUTERS },
  {
    name: 'routing-rate',
    axis: 'speed of the trace',
    loads: [0.75, 1, 1.25, 1.5, 1.75].map(speedup),
    variants: ROUTERS,
  },
  {
    name: 'splitting',
    axis: 'speed of the trace',
    loads: [0.75, 1, 1.25, 1.5, 1.75].map(speedup),
    variants: [{ name: '4 aggregated', set: [] }, replicas(3, 1), replicas(2, 2), replicas(1, 3)],
  },
  {
    name: 'host-memory',
    axis: 'users',
    loads: [32, 64, 128, 256, 512].map(concurrency),
    variants: [
      { name: 'GPU memory only', set: [] },
      { name: 'host 50 GB per GPU', set: [host(50)] },
      { name: 'host 50 GB, on eviction', set: [host(50, 'on_eviction')] },
      { name: 'host 250 GB per GPU', set: [host(250)] },
      { name: 'host 250 GB, round robin', set: [host(250), 'router.policy=round_robin'] },
    ],
  },
];

async function run(
  { file = 'aggregated.yaml', set }: Variant,
  load: readonly string[],
  trace: string,
): Promise<Report> {
  const text = readFileSync(new URL(file, PLACE), 'utf8');
  const config = parsePredict(
    text,
    file,
    [`traffic.source.path=${trace}`, ...load, ...set].map(parseSet),
    catalogFacts,
  );
  const workload = await loadWorkload(config.traffic, config.seed, '.', contextLengthOf(config, catalogFacts));
  return predict(config, workload, { facts: catalogFacts, version: '', clockMs: () => 0 }).report;
}

const ms = (value: number): string => value.toLocaleString('en', { maximumFractionDigits: value < 100 ? 1 : 0 });

function row(axis: string, name: string, report: Report): string {
  const { latency, cache, throughput } = report;
  const below = cache.by_tier.host;
  const reuse =
    below === undefined
      ? formatPercent(cache.reused_ratio)
      : `${formatPercent(cache.reused_ratio)} (host ${formatPercent(below)})`;
  const cells = [
    axis,
    name,
    reuse,
    ms(latency.ttft_ms.mean),
    ms(latency.ttft_ms.p99),
    ms(latency.tpot_ms.mean),
    ms(throughput.output_tokens_per_s),
    report.stability,
  ];
  return `| ${cells.join(' | ')} |`;
}

async function table({ name, axis, loads, variants }: Experiment, trace: string): Promise<string> {
  const head = `| ${axis} | deployment | reused | TTFT mean, ms | p99 | TPOT mean, ms | output tokens/s | load |\n|---|---|---|---|---|---|---|---|`;
  const rows: string[] = [];
  const points = variants.map(() => [] as { x: number; y: number }[]);
  for (const { x, set } of loads) {
    for (const [index, variant] of variants.entries()) {
      const report = await run(variant, set, trace);
      rows.push(row(`${x}`, variant.name, report));
      points[index].push({ x, y: report.latency.ttft_ms.mean });
      console.log(rows.at(-1));
    }
  }
  const series = variants.map((variant, index) => ({ name: variant.name, points: points[index] }));
  writeFileSync(new URL(`${name}.svg`, PLACE), linePlot(series, axis, 'mean TTFT, ms'));
  return [head, ...rows].join('\n');
}

const data = process.env.DYNOSIM_DATA;
if (data === undefined) throw new Error('DYNOSIM_DATA is not set');
const asked = process.argv.slice(2);
for (const experiment of EXPERIMENTS) {
  const { name } = experiment;
  if (asked.length > 0 && !asked.includes(name)) continue;
  const text = await table(experiment, `${data}/traces/mooncake-conversation.jsonl`);
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const page = readFileSync(PAGE, 'utf8');
  if (!page.includes(open)) throw new Error(`${PAGE.pathname} has no place for ${name}`);
  const rest = page.slice(page.indexOf(close));
  writeFileSync(PAGE, `${page.slice(0, page.indexOf(open))}${open}\n${text}\n${rest}`);
}
