import type { LoadSpec } from '../cluster/scenario.ts';
import { OUTCOME, type RequestLog, STATE } from '../engine/requestLog.ts';
import { e2eNs, queueNs } from './latency.ts';
import type { Report } from './report.ts';

/** Waiting that grows by more than this per second of arrivals is overload: the fleet is at least that much too small. */
const OVERLOAD_SLOPE = 0.05;
/** Departures below this share of arrivals say that work piles up. */
const KEEPING_UP_RATIO = 0.95;

/**
 * Whether the fleet keeps up with an open-loop load. The time from first to last arrival is cut into thirds; a request's
 * wait is its time queued, preempted or restarted.
 *
 * - OVERLOADED: in the last third fewer than 95 % as many requests left (completed or were refused) as arrived, and the
 *   mean wait grew from third to third, at last by over 0.05 s per second of arrivals. Above capacity the wait grows
 *   at (load / capacity - 1) s per second without end.
 * - BACKLOGGED: not that, but requests of the last third waited longer than they were served on average: a burst or a
 *   cold start that had not been worked off when arrivals ended.
 * - STABLE: otherwise, and always in a closed loop, whose clients wait for the fleet.
 *
 * @param submitted request numbers in order of arrival
 */
export function stabilityOf(log: RequestLog, submitted: Int32Array, load: LoadSpec): Report['stability'] {
  if (load.kind === 'closed' || submitted.length === 0) return 'STABLE';
  const firstNs = log.arrivalNs[submitted[0]];
  const lastNs = log.arrivalNs[submitted[submitted.length - 1]];
  const thirdNs = (lastNs - firstNs) / 3;
  const [first, middle, last] = [0, 1, 2].map((third) =>
    meansOf(
      log,
      submitted.filter((request) => thirdOf(log.arrivalNs[request], firstNs, thirdNs) === third),
    ),
  );
  const departed = submitted.filter((request) => departsWithin(log, request, lastNs - thirdNs, lastNs)).length;
  const growing = middle.waitNs > first.waitNs && last.waitNs - middle.waitNs > OVERLOAD_SLOPE * thirdNs;
  if (growing && departed < KEEPING_UP_RATIO * last.count) return 'OVERLOADED';
  return last.waitNs > last.serviceNs ? 'BACKLOGGED' : 'STABLE';
}

function thirdOf(arrivalNs: number, firstNs: number, thirdNs: number): number {
  return thirdNs === 0 ? 2 : Math.min(2, Math.floor((arrivalNs - firstNs) / thirdNs));
}

function departsWithin(log: RequestLog, request: number, fromNs: number, toNs: number): boolean {
  const outcome = log.outcome[request];
  if (outcome === OUTCOME.pending) return false;
  const leftNs = outcome === OUTCOME.completed ? log.lastTokenNs[request] : log.arrivalNs[request];
  return leftNs >= fromNs && leftNs <= toNs;
}

function meansOf(log: RequestLog, requests: Int32Array): { count: number; waitNs: number; serviceNs: number } {
  let waitNs = 0;
  let livedNs = 0;
  let completed = 0;
  for (const request of requests) {
    if (log.outcome[request] !== OUTCOME.completed) continue;
    completed += 1;
    waitNs +=
      queueNs(log, request) +
      log.e2eStateNs(request, STATE.preemption) +
      log.e2eStateNs(request, STATE.coldStart) +
      log.e2eStateNs(request, STATE.retry);
    livedNs += e2eNs(log, request);
  }
  const mean = (sumNs: number): number => (completed === 0 ? 0 : sumNs / completed);
  return { count: requests.length, waitNs: mean(waitNs), serviceNs: mean(livedNs - waitNs) };
}
