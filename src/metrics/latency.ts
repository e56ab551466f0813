import type { LogHistogram } from '../base/logHistogram.ts';
import { NS_PER_MS } from '../base/units.ts';
import { type RequestLog, STATE } from '../engine/requestLog.ts';
import type { Workload } from '../workload/workload.ts';
import { distributionOf } from './quantile.ts';
import type { Distribution, LatencyName } from './report.ts';

/** Time from arrival (open loop) or dispatch (closed loop) to the first token. */
export function ttftNs(log: RequestLog, request: number): number {
  return log.firstTokenNs[request] - log.arrivalNs[request];
}

/** Time from arrival or dispatch to the last token. */
export function e2eNs(log: RequestLog, request: number): number {
  return log.lastTokenNs[request] - log.arrivalNs[request];
}

/**
 * (last - first) / (n - 1) of one request with n >= 2 output tokens: vllm bench's TPOT, what AIPerf calls
 * inter_token_latency. Not a whole number.
 */
export function tpotNs(log: RequestLog, request: number, outputTokens: number): number {
  return (log.lastTokenNs[request] - log.firstTokenNs[request]) / (outputTokens - 1);
}

/** Time in a router's or an engine's queue over the whole life, the decode side's included. */
export function queueNs(log: RequestLog, request: number): number {
  return log.e2eStateNs(request, STATE.routerQueue) + log.e2eStateNs(request, STATE.admissionQueue);
}

/**
 * Latency distributions in milliseconds over `completed` requests; TPOT and the longest gap over those with at least two
 * output tokens. `itl_ms` pools every token gap of the whole run (vllm bench's ITL): gaps are kept as a histogram, so
 * its quantiles carry its 0.1 % bucket error and a measurement window does not apply to them.
 */
export function latencyOf(
  log: RequestLog,
  workload: Workload,
  completed: Int32Array,
  gaps: LogHistogram,
): Record<LatencyName, Distribution> {
  const paced = completed.filter((request) => workload.outputTokens[request] >= 2);
  const over = (requests: Int32Array, valueNs: (request: number) => number): Distribution =>
    distributionOf(Float64Array.from(requests, valueNs), 1 / NS_PER_MS);
  return {
    ttft_ms: over(completed, (request) => ttftNs(log, request)),
    tpot_ms: over(paced, (request) => tpotNs(log, request, workload.outputTokens[request])),
    itl_ms: gapDistribution(gaps),
    max_gap_ms: over(paced, (request) => log.maxGapNs[request]),
    e2e_ms: over(completed, (request) => e2eNs(log, request)),
    queue_ms: over(completed, (request) => queueNs(log, request)),
  };
}

function gapDistribution(gaps: LogHistogram): Distribution {
  const quantile = (q: number): number => gaps.quantile(q) / NS_PER_MS;
  return {
    mean: gaps.mean / NS_PER_MS,
    min: gaps.min / NS_PER_MS,
    p50: quantile(0.5),
    p75: quantile(0.75),
    p90: quantile(0.9),
    p95: quantile(0.95),
    p99: quantile(0.99),
    max: gaps.max / NS_PER_MS,
    std: gaps.std / NS_PER_MS,
    count: gaps.count,
  };
}
