import { NS_PER_MS } from '../base/units.ts';
import { type RequestLog, STATES, type StateName } from '../engine/requestLog.ts';
import { e2eNs, ttftNs } from './latency.ts';
import { quantileOf } from './quantile.ts';
import type { AttributionVector, Report } from './report.ts';

/**
 * Mean milliseconds per state, over all completed requests and over the slowest: the p99 cohort is every request whose
 * TTFT (or e2e) is at least the p99 of it. Each vector sums to its group's mean TTFT (or e2e).
 */
export function attributionOf(log: RequestLog, completed: Int32Array): Report['attribution'] {
  const ttft = (request: number): number => ttftNs(log, request);
  const e2e = (request: number): number => e2eNs(log, request);
  const ttftState = (request: number, state: number): number => log.ttftStateNs(request, state);
  const e2eState = (request: number, state: number): number => log.e2eStateNs(request, state);
  return {
    ttft: {
      mean: meanByState(completed, ttftState),
      p99_cohort: meanByState(slowest(completed, ttft), ttftState),
    },
    e2e: {
      mean: meanByState(completed, e2eState),
      p99_cohort: meanByState(slowest(completed, e2e), e2eState),
    },
  };
}

function slowest(requests: Int32Array, valueNs: (request: number) => number): Int32Array {
  const threshold = quantileOf(Float64Array.from(requests, valueNs).sort(), 0.99);
  return requests.filter((request) => valueNs(request) >= threshold);
}

function meanByState(requests: Int32Array, stateNs: (request: number, state: number) => number): AttributionVector {
  const vector = {} as Record<StateName, number>;
  STATES.forEach((name, state) => {
    let sumNs = 0;
    for (const request of requests) sumNs += stateNs(request, state);
    vector[name] = requests.length === 0 ? 0 : sumNs / requests.length / NS_PER_MS;
  });
  return vector;
}
