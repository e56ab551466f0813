/**
 * The figures of a report that an objective, a constraint or a table can name: the leaf's own name
 * (`usd_per_hour`, `output_tokens_per_s_per_gpu`), `goodput_` before the goodput twins of throughput leaves, and a
 * statistic before a latency (`p95_ttft_ms`, `mean_tpot_ms`).
 */
import type { Distribution, LatencyName, Report } from './report.ts';

export type Direction = 'minimize' | 'maximize';

interface Metric {
  /** Which way is better. */
  readonly direction: Direction;
  readonly read: (report: Report) => number;
}

const LATENCIES: readonly LatencyName[] = ['ttft_ms', 'tpot_ms', 'itl_ms', 'max_gap_ms', 'e2e_ms', 'queue_ms'];
const STATISTICS = ['mean', 'min', 'p50', 'p75', 'p90', 'p95', 'p99', 'max', 'std'] as const satisfies readonly Exclude<
  keyof Distribution,
  'count'
>[];

const lower = (read: (report: Report) => number): Metric => ({ direction: 'minimize', read });
const higher = (read: (report: Report) => number): Metric => ({ direction: 'maximize', read });

const BY_NAME: ReadonlyMap<string, Metric> = new Map<string, Metric>([
  ...LATENCIES.flatMap((latency) =>
    STATISTICS.map((statistic): [string, Metric] => [
      `${statistic}_${latency}`,
      lower(({ latency: { [latency]: values } }) =>
        values.count === 0 ? Number.POSITIVE_INFINITY : values[statistic],
      ),
    ]),
  ),
  ['requests_per_s', higher((report) => report.throughput.requests_per_s)],
  ['input_tokens_per_s', higher((report) => report.throughput.input_tokens_per_s)],
  ['output_tokens_per_s', higher((report) => report.throughput.output_tokens_per_s)],
  ['output_tokens_per_s_per_gpu', higher((report) => report.throughput.output_tokens_per_s_per_gpu)],
  ['output_tokens_per_s_per_user', higher((report) => report.throughput.output_tokens_per_s_per_user)],
  ['goodput_requests_per_s', higher((report) => report.goodput.requests_per_s)],
  ['goodput_output_tokens_per_s_per_gpu', higher((report) => report.goodput.output_tokens_per_s_per_gpu)],
  ['attained_ratio', higher((report) => report.slo.attained_ratio)],
  ['reused_ratio', higher((report) => report.cache.reused_ratio)],
  ['completed', higher((report) => report.requests.completed)],
  ['rejected', lower((report) => report.requests.rejected)],
  ['failed', lower((report) => report.requests.failed)],
  ['incomplete', lower((report) => report.requests.incomplete)],
  ['preemptions', lower((report) => report.engine.preemptions)],
  ['duration_ms', lower((report) => report.duration_ms)],
  ['gpus_peak', lower((report) => report.fleet.gpus_peak)],
  ['gpus_mean', lower((report) => report.fleet.gpus_mean)],
  ['gpu_hours', lower((report) => report.fleet.gpu_hours)],
  ['usd', lower((report) => report.cost.usd)],
  ['usd_per_hour', lower((report) => report.cost.usd_per_hour)],
  ['usd_per_month', lower((report) => report.cost.usd_per_month)],
  [
    'usd_per_million_output_tokens',
    lower((report) => report.cost.usd_per_million_output_tokens ?? Number.POSITIVE_INFINITY),
  ],
  ['kwh', lower((report) => report.energy.kwh)],
  ['joules_per_output_token', lower((report) => report.energy.joules_per_output_token ?? Number.POSITIVE_INFINITY)],
  ['mean_watts', lower((report) => report.energy.mean_watts)],
]);

/** Every metric name, in the order of the report. */
export const METRICS: readonly string[] = [...BY_NAME.keys()];

export function isMetric(name: string): boolean {
  return BY_NAME.has(name);
}

/** Which way is better. `name` must be one of METRICS; anything else is a bug of the caller. */
export function metricDirection(name: string): Direction {
  return metricOf(name).direction;
}

/**
 * The metric's value in `report`, in the unit its name ends with. A latency of no request, or a cost per token without
 * tokens, is infinite: never a good value. `name` must be one of METRICS.
 */
export function metricValue(report: Report, name: string): number {
  return metricOf(name).read(report);
}

function metricOf(name: string): Metric {
  const metric = BY_NAME.get(name);
  if (metric === undefined) throw new Error(`not a metric: ${name}`);
  return metric;
}

const ACRONYMS: Readonly<Record<string, string>> = { ttft: 'TTFT', tpot: 'TPOT', itl: 'ITL', e2e: 'E2E', usd: 'USD' };

/** A metric's name in words: `p95_ttft_ms` is `p95 TTFT`, `output_tokens_per_s_per_gpu` is `output tokens/s/GPU`. */
export function metricWords(name: string): string {
  if (name === 'usd_per_hour') return 'cost (USD/h)';
  if (name === 'usd_per_month') return 'cost (USD/month)';
  if (name === 'usd_per_million_output_tokens') return 'cost (USD per million output tokens)';
  const stem = name.replace(/_ms$/, '').replaceAll('_per_', '/').replaceAll('_', ' ').replace(/gpu/, 'GPU');
  return stem
    .split(' ')
    .map((word) => ACRONYMS[word] ?? word)
    .join(' ');
}
