import { NS_PER_MS } from '../base/units.ts';
import { OUTCOME, type RequestLog } from '../engine/requestLog.ts';
import type { SloMetric, SloStatistic } from '../metrics/report.ts';
import type { Workload } from '../workload/workload.ts';
import type { StatedBound } from './constraints.ts';

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
 * that may be. Nothing that could still turn out feasible is stopped.
 */
export function lostBound(
  bounds: readonly StatedBound[],
  log: RequestLog,
  workload: Workload,
  nowNs: number,
): string | null {
  const lost = bounds.find(({ metric, statistic, bound }) => {
    const share = MAY_EXCEED[statistic];
    const isLate = share === null ? undefined : latenessOf(metric, bound * NS_PER_MS, log, workload, nowNs);
    if (share === null || isLate === undefined) return false;
    // One request of margin covers interpolation between neighbouring ranks.
    const allowed = share * workload.count + 1;
    let late = 0;
    for (let request = 0; request < workload.count; request++) {
      if (log.arrivalNs[request] >= 0 && isLate(request)) late += 1;
      if (late > allowed) return true;
    }
    return false;
  });
  return lost?.name ?? null;
}

function latenessOf(
  metric: SloMetric,
  boundNs: number,
  log: RequestLog,
  workload: Workload,
  nowNs: number,
): ((request: number) => boolean) | undefined {
  const { arrivalNs, firstTokenNs, lastTokenNs, outcome } = log;
  const isRefused = (request: number): boolean => outcome[request] > OUTCOME.completed;
  switch (metric) {
    case 'ttft_ms':
      return (request) => isRefused(request) || until(firstTokenNs[request], nowNs) - arrivalNs[request] > boundNs;
    case 'e2e_ms':
      return (request) =>
        isRefused(request) ||
        (outcome[request] === OUTCOME.completed ? lastTokenNs[request] : nowNs) - arrivalNs[request] > boundNs;
    case 'tpot_ms':
      return (request) => {
        const gaps = workload.outputTokens[request] - 1;
        return outcome[request] === OUTCOME.completed && gaps > 0
          ? lastTokenNs[request] - firstTokenNs[request] > boundNs * gaps
          : gaps > 0 && isRefused(request);
      };
    // Pooled gaps are not kept by request.
    case 'itl_ms':
      return undefined;
  }
}

function until(timeNs: number, nowNs: number): number {
  return timeNs < 0 ? nowNs : timeNs;
}
