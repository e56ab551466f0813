import type { LogHistogram } from '../base/logHistogram.ts';
import { NS_PER_MS } from '../base/units.ts';
import { OUTCOME, type RequestLog } from '../engine/requestLog.ts';
import type { Workload } from '../workload/workload.ts';
import { e2eNs, tpotNs, ttftNs } from './latency.ts';
import { quantileOf, rankOf } from './quantile.ts';
import type { SloBounds, SloMetric, SloSpec, SloStatistic, SloVerdict } from './report.ts';

/** Slack of an infinitely late statistic, so that the report stays plain JSON: nothing is reported as worse. */
export const WORST_SLACK = -1000;

const PER_REQUEST_METRICS = ['ttft_ms', 'tpot_ms', 'e2e_ms'] as const;
type PerRequestMetric = (typeof PER_REQUEST_METRICS)[number];
const QUANTILES: Readonly<Record<Exclude<SloStatistic, 'mean'>, number>> = {
  p50: 0.5,
  p75: 0.75,
  p90: 0.9,
  p95: 0.95,
  p99: 0.99,
  max: 1,
};

export interface SloJudgement {
  readonly verdict: SloVerdict & { readonly by_class: Readonly<Record<string, SloVerdict>> };
  /** Measured requests that are good, in order of arrival. */
  readonly good: Int32Array;
}

/**
 * Judges the measured requests, all of them submitted. What did not complete is infinitely late, so it counts against
 * every percentile, and any of it fails a bound on a mean or a maximum.
 *
 * - A class's own bounds replace the general ones, metric by metric; the general bound on a metric is then judged on the
 *   requests of the other classes. `met` asks for both.
 * - A request is *good* when it completed with each bounded value within its bound; where a metric has several
 *   statistics, within the loosest of them. A single-token request has no TPOT: it is good for that bound and no sample of it.
 * - `itl_ms` is judged on the pooled gaps of the whole run, all classes together, to which requests that did not
 *   complete add the gaps they owe as infinitely long; it does not enter `attained_ratio`.
 */
export function judgeSlo(
  slo: SloSpec | null,
  log: RequestLog,
  workload: Workload,
  measured: Int32Array,
  gaps: LogHistogram,
): SloJudgement {
  const judge = new Judge(log, workload, measured, gaps);
  const { classes = {}, ...general } = slo ?? {};
  const boundsOfClass = workload.classNames.map((name) => ({ ...general, ...classes[name] }));
  const good = measured.filter((request) => judge.isGood(request, boundsOfClass[workload.classOf[request]]));
  const goodFlags = new Uint8Array(log.count);
  for (const request of good) goodFlags[request] = 1;

  const slacks = judge.slacks(general, measured, (request, metric) => {
    return classes[workload.classNames[workload.classOf[request]]]?.[metric] === undefined;
  });
  const byClass: Record<string, SloVerdict> = {};
  workload.classNames.forEach((name, index) => {
    const members = measured.filter((request) => workload.classOf[request] === index);
    if (members.length === 0) return;
    const own = classes[name];
    if (own !== undefined) slacks.push(...judge.slacks(own, members, () => true));
    const goodMembers = members.filter((request) => goodFlags[request] === 1).length;
    byClass[name] = verdictOf(
      judge.slacks(boundsOfClass[index], members, () => true),
      goodMembers,
      members.length,
    );
  });
  return {
    verdict: { ...verdictOf(slacks, good.length, measured.length), by_class: slo === null ? {} : byClass },
    good,
  };
}

function verdictOf(slacks: readonly number[], good: number, total: number): SloVerdict {
  const worst = slacks.length === 0 ? null : Math.min(...slacks);
  return { attained_ratio: total === 0 ? 1 : good / total, met: worst === null || worst >= 0, worst_slack: worst };
}

class Judge {
  readonly #log: RequestLog;
  readonly #workload: Workload;
  readonly #gaps: LogHistogram;
  /** Gaps that requests which did not complete would have had. */
  readonly #missingGaps: number;

  constructor(log: RequestLog, workload: Workload, measured: Int32Array, gaps: LogHistogram) {
    this.#log = log;
    this.#workload = workload;
    this.#gaps = gaps;
    let missing = 0;
    for (const request of measured) {
      if (!this.#completed(request)) missing += workload.outputTokens[request] - 1;
    }
    this.#missingGaps = missing;
  }

  isGood(request: number, bounds: SloBounds): boolean {
    if (!this.#completed(request)) return false;
    return PER_REQUEST_METRICS.every((metric) => {
      const stated = Object.values(bounds[metric] ?? {});
      return stated.length === 0 || (this.#valueMs(request, metric) ?? 0) <= Math.max(...stated);
    });
  }

  /** Relative slack of every stated bound, over the requests that `applies` lets in. */
  slacks(bounds: SloBounds, requests: Int32Array, applies: (request: number, metric: SloMetric) => boolean): number[] {
    const slacks: number[] = [];
    for (const metric of PER_REQUEST_METRICS) {
      if (bounds[metric] === undefined) continue;
      const values: number[] = [];
      for (const request of requests) {
        const value = applies(request, metric) ? this.#valueMs(request, metric) : null;
        if (value !== null) values.push(value);
      }
      const sorted = Float64Array.from(values).sort();
      for (const [statistic, bound] of statedIn(bounds[metric])) {
        slacks.push(slackOf(bound, statisticOf(sorted, statistic)));
      }
    }
    for (const [statistic, bound] of statedIn(bounds.itl_ms))
      slacks.push(slackOf(bound, this.#gapStatistic(statistic)));
    return slacks;
  }

  /** The request's value in ms, Infinity when it did not complete, null when it has none (TPOT of a single token). */
  #valueMs(request: number, metric: PerRequestMetric): number | null {
    if (!this.#completed(request)) return Number.POSITIVE_INFINITY;
    if (metric === 'ttft_ms') return ttftNs(this.#log, request) / NS_PER_MS;
    if (metric === 'e2e_ms') return e2eNs(this.#log, request) / NS_PER_MS;
    const outputTokens = this.#workload.outputTokens[request];
    return outputTokens < 2 ? null : tpotNs(this.#log, request, outputTokens) / NS_PER_MS;
  }

  #completed(request: number): boolean {
    return this.#log.outcome[request] === OUTCOME.completed;
  }

  #gapStatistic(statistic: SloStatistic): number {
    const present = this.#gaps.count;
    if (statistic === 'mean') return this.#missingGaps > 0 ? Number.POSITIVE_INFINITY : this.#gaps.mean / NS_PER_MS;
    const total = present + this.#missingGaps;
    if (total === 0) return 0;
    const rank = rankOf(QUANTILES[statistic], total);
    if (rank > present) return Number.POSITIVE_INFINITY;
    // The histogram takes the ceiling of q * count: half a rank less lands on this rank whatever the rounding.
    return this.#gaps.quantile((rank - 0.5) / present) / NS_PER_MS;
  }
}

function statedIn(bounds: SloBounds[SloMetric]): [SloStatistic, number][] {
  return Object.entries(bounds ?? {}) as [SloStatistic, number][];
}

function statisticOf(sorted: Float64Array, statistic: SloStatistic): number {
  if (statistic !== 'mean') return quantileOf(sorted, QUANTILES[statistic]);
  let sum = 0;
  for (const value of sorted) sum += value;
  return sorted.length === 0 ? 0 : sum / sorted.length;
}

function slackOf(bound: number, value: number): number {
  return Math.max(WORST_SLACK, (bound - value) / bound);
}
