import { NS_PER_MS } from '../base/units.ts';
import { OUTCOME, type RequestLog } from '../engine/requestLog.ts';
import type { SloMetric, SloSpec, SloStatistic } from '../metrics/report.ts';
import type { Workload } from '../workload/workload.ts';
import { statedBounds } from './constraints.ts';

/** Share of requests that may exceed a bound on the statistic. A mean says nothing before the end. */
const MAY_EXCEED: Readonly<Record<SloStatistic, number | null>> = {
  mean: null,
  p50: 0.5,
  p75: 0.25,
  p90: 0.1,
  p95: 0.05,
  p99: 0.01,
  max: 0,
};

/**
 * The first bound that a running simulation can no longer meet, by name; null while all are within reach. Exact, never
 * a guess: it counts requests that are late already (those still under way included) against the share of *all* requests
 * that may be. Nothing that could still turn out feasible is stopped. Bounds of classes are left to the end.
 * @param unjudged requests outside the measurement window: all of them are taken to be among the late.
 */
export function lostBound(
  slo: SloSpec | null,
  log: RequestLog,
  workload: Workload,
  nowNs: number,
  unjudged = 0,
): string | null {
  const lost = statedBounds(slo).find(({ metric, statistic, bound }) => {
    const share = MAY_EXCEED[statistic];
    // Pooled gaps are not kept by request.
    if (share === null || metric === 'itl_ms') return false;
    // A class with a bound of its own on the metric does not answer to the general one.
    const exempt = workload.classNames.map((name) => slo?.classes?.[name]?.[metric] !== undefined);
    // One request of margin covers the rounding of ranks.
    const late = countLate(metric, bound, exempt, log, workload, nowNs) - unjudged;
    return late > share * (workload.count - unjudged) + 1;
  });
  return lost?.name ?? null;
}

/**
 * Requests that are over `boundMs` whatever comes, compared as the verdict at the end compares them: the refused, and
 * those whose value is too large already if the token they wait for came now. One plain loop: it runs at every look.
 */
function countLate(
  metric: Exclude<SloMetric, 'itl_ms'>,
  boundMs: number,
  exempt: readonly boolean[],
  { arrivalNs, firstTokenNs, lastTokenNs, outcome }: RequestLog,
  { count, classOf, outputTokens }: Workload,
  nowNs: number,
): number {
  const someExempt = exempt.includes(true);
  const isPace = metric === 'tpot_ms';
  const sinceNs = isPace ? firstTokenNs : arrivalNs;
  let late = 0;
  for (let request = 0; request < count; request++) {
    if (arrivalNs[request] < 0 || (someExempt && exempt[classOf[request]])) continue;
    const gaps = isPace ? outputTokens[request] - 1 : 1;
    // A single token has no pace.
    if (gaps === 0) continue;
    if (outcome[request] > OUTCOME.completed) {
      late += 1;
      continue;
    }
    if (sinceNs[request] < 0) continue;
    const isThere = metric === 'ttft_ms' ? firstTokenNs[request] >= 0 : outcome[request] === OUTCOME.completed;
    const untilNs = isThere ? (metric === 'ttft_ms' ? firstTokenNs : lastTokenNs)[request] : nowNs;
    if ((untilNs - sinceNs[request]) / gaps / NS_PER_MS > boundMs) late += 1;
  }
  return late;
}
