import Table from 'cli-table3';
import pc from 'picocolors';
import type { PoolSpec } from '../cluster/scenario.ts';
import { kvLayoutOf } from '../engine/vllm/kvLayoutOf.ts';
import type { AttributionVector, BoundShares, LatencyName, PlannerReport, Report, SloSpec } from '../metrics/report.ts';
import { kvCacheLines } from '../timing/kvCacheLines.ts';
import { busiestFinding, faultsFinding, passTimeText, rankedShares, sloFinding, stateInWords } from './findings.ts';
import { formatCount, formatFixed, formatMs, formatNumber, formatPercent, formatUsd } from './format.ts';

export type Colors = ReturnType<typeof pc.createColors>;

export interface PredictContext {
  /** The deployment in words. */
  readonly deployment: string;
  /** The workload in words. */
  readonly workload: string;
  readonly slo: SloSpec | null;
  /** The fleet, for KV cache size and concurrency. */
  readonly pools: readonly PoolSpec[];
  /** Written files, to be named at the end. */
  readonly files: readonly string[];
  /** Whether the output may carry ANSI colours: only when it is a terminal. */
  readonly color: boolean;
  /** Columns of the terminal; absent where lines may be of any length. */
  readonly columns?: number;
}

const STATISTICS = ['mean', 'min', 'max', 'p99', 'p95', 'p90', 'p75', 'p50', 'std'] as const;
type Statistic = (typeof STATISTICS)[number];

/** What a narrow terminal goes without, first to last. */
const DISPENSABLE: readonly Statistic[] = ['std', 'p75', 'min', 'p90', 'max', 'mean'];
const FAMILIES: readonly (readonly [LatencyName, string])[] = [
  ['ttft_ms', 'TTFT (ms)'],
  ['tpot_ms', 'TPOT (ms)'],
  ['itl_ms', 'ITL (ms)'],
  ['max_gap_ms', 'Longest gap (ms)'],
  ['e2e_ms', 'E2E latency (ms)'],
  ['queue_ms', 'Queueing (ms)'],
];

/** The report as one screen: verdict, the latency table in AIPerf's shape, then one line a subject. Ends with a newline. */
export function renderPredict(report: Report, context: PredictContext): string {
  const colors = pc.createColors(context.color);
  const lines = [
    ...lossLines(report, colors),
    `${colors.bold(context.deployment)}`,
    `${context.workload}: ${formatCount(report.requests.submitted, 'request')}, ${formatMs(report.duration_ms)} simulated in ${formatMs(report.wall_ms)}, ${formatFixed(report.passes, 0)} passes`,
    verdictLine(report, context.slo, colors),
    '',
    latencyTable(report, colors, context.columns ?? Number.POSITIVE_INFINITY),
    '',
    ...subjectLines(report, context, colors),
    ...report.provenance.warnings.map((warning) => `${colors.yellow('warning')} ${warning}`),
    ...(context.files.length === 0 ? [] : ['', `written: ${context.files.join(', ')}`]),
  ];
  return `${lines.join('\n')}\n`;
}

function lossLines(report: Report, colors: Colors): string[] {
  const { submitted, rejected, failed, cancelled, incomplete } = report.requests;
  const lost = (Object.entries({ rejected, failed, cancelled, incomplete }) as [string, number][])
    .filter(([, count]) => count > 0)
    .map(([how, count]) => `${formatFixed(count, 0)} ${how}`);
  if (lost.length === 0) return [];
  const share = (rejected + failed + cancelled + incomplete) / submitted;
  const text = `${lost.join(', ')} of ${formatCount(submitted, 'request')} (${formatPercent(share)}): they count as infinitely late`;
  return [colors.red(text)];
}

function verdictLine(report: Report, slo: SloSpec | null, colors: Colors): string {
  const text = sloFinding(report, slo);
  if (slo === null) return colors.dim(text);
  return report.slo.met ? colors.green(text) : colors.red(text);
}

/** With as many statistics as fit. */
function latencyTable(report: Report, colors: Colors, columns: number): string {
  const bare = pc.createColors(false);
  for (let dropped = 0; dropped < DISPENSABLE.length; dropped++) {
    const kept = STATISTICS.filter((statistic) => !DISPENSABLE.slice(0, dropped).includes(statistic));
    const [border] = latencyRows(report, bare, kept).split('\n');
    if (border.length <= columns) return latencyRows(report, colors, kept);
  }
  return latencyRows(report, colors, ['p99', 'p95', 'p50']);
}

function latencyRows(report: Report, colors: Colors, statistics: readonly Statistic[]): string {
  const table = plainTable(['', ...statistics.map((each) => (each === 'mean' ? 'avg' : each))], colors);
  for (const [name, label] of FAMILIES) {
    const distribution = report.latency[name];
    const cells = statistics.map((statistic) =>
      distribution.count === 0 ? '-' : formatFixed(distribution[statistic], 2),
    );
    table.push([label, ...cells]);
  }
  return table.toString();
}

/** A table with a left-aligned first column and right-aligned figures. */
export function plainTable(head: readonly string[], colors: Colors): InstanceType<typeof Table> {
  return new Table({
    head: head.map((text) => colors.bold(text)),
    colAligns: head.map((_, index) => (index === 0 ? 'left' : 'right')),
    style: { head: [], border: [], compact: true },
  });
}

function lossSubjects({ faults, router }: Report): [string, string][] {
  return [
    ...(faults === undefined ? [] : [['faults', faultsFinding(faults)] as [string, string]]),
    ...(router === undefined
      ? []
      : [['router', `${formatCount(router.shed, 'request')} turned away`] as [string, string]]),
  ];
}

function plannerText({ gpu_hours, replicas, decisions, reroled }: PlannerReport, scaleEvents: number): string {
  const pools = [...new Set(replicas.map(({ pool }) => pool))].map((pool) => {
    const ready = replicas.filter((count) => count.pool === pool).map((count) => count.ready);
    const [least, most] = [Math.min(...ready), Math.max(...ready)];
    return `${pool} ${least === most ? least : `${least} to ${most}`}`;
  });
  const hours = (Object.entries(gpu_hours) as [string, number][])
    .filter(([, value]) => value > 0)
    .map(([phase, value]) => `${phase} ${formatNumber(value)}`);
  const refused = decisions.filter(({ wanted, granted }) =>
    Object.keys(wanted).some((name) => wanted[name] > granted[name]),
  );
  const limits = refused.length === 0 ? '' : `, ${refused.length} of its wishes over the budget`;
  const roles = reroled === 0 ? '' : `, ${formatCount(reroled, 'replica')} in another role`;
  return `${formatCount(scaleEvents, 'change')}${roles}${limits}; replicas ready: ${pools.join(', ')}; GPU-hours ${hours.join(', ')}`;
}

function subjectLines(report: Report, { pools }: PredictContext, colors: Colors): string[] {
  const { throughput, goodput, cost, cache, engine, bound, attribution, energy, fleet, planner, busiest_link } = report;
  const line = (subject: string, text: string): string => `${colors.bold(subject.padEnd(12))}${text}`;
  return [
    line(
      'throughput',
      `${formatNumber(throughput.requests_per_s)} requests/s, output ${formatNumber(throughput.output_tokens_per_s)} tokens/s = ${formatNumber(throughput.output_tokens_per_s_per_gpu)} /GPU, ${formatNumber(throughput.output_tokens_per_s_per_user)} /user`,
    ),
    line(
      'goodput',
      `${formatNumber(goodput.requests_per_s)} requests/s, output ${formatNumber(goodput.output_tokens_per_s_per_gpu)} tokens/s/GPU`,
    ),
    line('load', report.stability),
    ...(planner === undefined ? [] : [line('planner', plannerText(planner, fleet.scale_events))]),
    line(
      'cost',
      `${formatUsd(cost.usd_per_hour)}/h = ${formatUsd(cost.usd_per_month)}/month for ${planner === undefined ? '' : `${formatNumber(fleet.gpus_mean)} of `}${formatCount(fleet.gpus_peak, 'GPU')}, ${cost.usd_per_million_output_tokens === null ? 'nothing generated' : `${formatUsd(cost.usd_per_million_output_tokens)} per million output tokens`}`,
    ),
    line('cache', cacheText(cache)),
    ...pools.map((pool) => line('KV cache', kvText(pool))),
    line('engine', `mean batch ${formatNumber(engine.mean_batch)}, ${formatCount(engine.preemptions, 'preemption')}`),
    ...lossSubjects(report).map(([subject, text]) => line(subject, text)),
    ...(busiest_link == null ? [] : [line('busiest', busiestFinding(busiest_link))]),
    line('bound', `prefill by ${boundText(bound.prefill)}; decode by ${boundText(bound.decode)}`),
    ...passTimeText(report).map((text) => line('pass time', text)),
    line('TTFT', `mean: ${attributionText(attribution.ttft.mean)}`),
    line('', `p99:  ${attributionText(attribution.ttft.p99_cohort)}`),
    line('E2E', `mean: ${attributionText(attribution.e2e.mean)}`),
    line('', `p99:  ${attributionText(attribution.e2e.p99_cohort)}`),
    line(
      'energy',
      `about ${formatNumber(energy.mean_watts / 1000)} kW, ${formatNumber(energy.joules_per_output_token)} J per output token (estimate)`,
    ),
  ];
}

/** Where the tokens were, if that could be in more than one place. */
function cacheText({ reused_ratio, by_tier }: Report['cache']): string {
  const places = Object.entries(by_tier).map(([name, ratio]) => `${formatPercent(ratio)} ${name}`);
  const all = `${formatPercent(reused_ratio)} of prompt tokens reused`;
  return places.length === 1 ? all : `${all}: ${places.join(', ')}`;
}

/** The cache of a replica, or of each of its ranks, in the words of vLLM's start-up log. */
function kvText({ name, engine }: PoolSpec): string {
  const { blocks, blockTokens, contextLength } = engine;
  const { groups, inFlightTokens } =
    engine.backend === 'vllm'
      ? kvLayoutOf(engine)
      : { groups: [{ kind: 'full', blockTokens, dropsLastHit: false } as const], inFlightTokens: 0 };
  const { attentionDataRanks: ranks } = engine;
  const where = ranks === 1 ? name : `${name}, each of ${ranks} attention-DP ranks`;
  return `${where}: ${kvCacheLines(blocks, groups, contextLength, inFlightTokens).join('; ')} (${formatCount(blocks, 'block')})`;
}

function boundText(shares: BoundShares): string {
  const ranked = Object.entries(shares)
    .filter(([, share]) => share >= 0.005)
    .sort(([, a], [, b]) => b - a)
    .map(([name, share]) => `${name} ${formatPercent(share)}`);
  return ranked.length === 0 ? 'nothing (no such pass)' : ranked.join(', ');
}

function attributionText(vector: AttributionVector): string {
  const ranked = rankedShares(vector)
    .filter(({ share }) => share >= 0.01)
    .map(({ state, share }) => `${stateInWords(state)} ${formatPercent(share)}`);
  return ranked.length === 0 ? '-' : ranked.join(', ');
}
