import { NS_PER_MS } from '../base/units.ts';
import { OUTCOME, type RequestLog } from '../engine/requestLog.ts';
import { e2eNs, tpotNs, ttftNs } from '../metrics/latency.ts';
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
 * a guess: it counts requests that are late already (those still waiting included) against the share of *all* requests
 * that may be. Nothing that could still turn out feasible is stopped. Bounds of classes are left to the end.
 */
export function lostBound(slo: SloSpec | null, log: RequestLog, workload: Workload, nowNs: number): string | null {
  const lost = statedBounds(slo).find(({ metric, statistic, bound }) => {
    const share = MAY_EXCEED[statistic];
    const isLate = share === null ? undefined : latenessOf(metric, bound, log, workload, nowNs);
    if (share === null || isLate === undefined) return false;
    // A class with a bound of its own on the metric does not answer to the general one.
    const exempt = workload.classNames.map((name) => slo?.classes?.[name]?.[metric] !== undefined);
    // One request of margin covers the rounding of ranks.
    const allowed = share * workload.count + 1;
    let late = 0;
    for (let request = 0; request < workload.count; request++) {
      if (log.arrivalNs[request] >= 0 && !exempt[workload.classOf[request]] && isLate(request)) late += 1;
      if (late > allowed) return true;
    }
    return false;
  });
  return lost?.name ?? null;
}

/** Whether a request is over `boundMs` already, compared as the verdict at the end compares it. */
function latenessOf(
  metric: SloMetric,
  boundMs: number,
  log: RequestLog,
  workload: Workload,
  nowNs: number,
): ((request: number) => boolean) | undefined {
  const isRefused = (request: number): boolean => log.outcome[request] > OUTCOME.completed;
  const isDone = (request: number): boolean => log.outcome[request] === OUTCOME.completed;
  const waitedNs = (request: number): number => nowNs - log.arrivalNs[request];
  const isOver = (timeNs: number): boolean => timeNs / NS_PER_MS > boundMs;
  switch (metric) {
    case 'ttft_ms':
      return (request) =>
        isRefused(request) || isOver(log.firstTokenNs[request] < 0 ? waitedNs(request) : ttftNs(log, request));
    case 'e2e_ms':
      return (request) => isRefused(request) || isOver(isDone(request) ? e2eNs(log, request) : waitedNs(request));
    case 'tpot_ms':
      return (request) => {
        const outputTokens = workload.outputTokens[request];
        // A refused request has no pace to be judged by unless it owes at least two tokens.
        if (outputTokens < 2) return false;
        return isRefused(request) || (isDone(request) && isOver(tpotNs(log, request, outputTokens)));
      };
    // Pooled gaps are not kept by request.
    case 'itl_ms':
      return undefined;
  }
}
