import { ExactSum } from '../base/exactSum.ts';
import type { SimulationResult } from '../cluster/simulationResult.ts';
import { OUTCOME, type RequestLog, STATES } from '../engine/requestLog.ts';
import type { Workload } from '../workload/workload.ts';
import { e2eNs, ttftNs } from './latency.ts';

/** At most this many breaches of one law are spelled out. */
const SHOWN = 3;

/**
 * The laws that hold exactly, to the nanosecond, on every run whatever the policies:
 * conservation of requests, Little's law, attribution, causality, token gaps, busy time, links.
 * @returns one sentence for each breach; empty when all hold.
 */
export function checkLaws(result: SimulationResult, workload: Workload): string[] {
  return [
    ...conservation(result),
    ...little(result),
    ...eachRequest(result.log, 'causality', causality),
    ...eachRequest(result.log, 'attribution', attribution),
    ...gaps(result, workload),
    ...busyTime(result),
    ...linkTime(result),
  ];
}

/** Everything submitted has one end, and nothing else has any. */
function conservation({ log, submitted }: SimulationResult): string[] {
  const breaches: string[] = [];
  let arrived = 0;
  for (let request = 0; request < log.count; request++) {
    if (log.arrivalNs[request] >= 0) arrived += 1;
    else if (log.outcome[request] !== OUTCOME.pending) {
      breaches.push(`conservation: request ${request} ended without having arrived`);
    }
  }
  if (arrived !== submitted) breaches.push(`conservation: ${submitted} submitted but ${arrived} arrived`);
  return breaches.slice(0, SHOWN);
}

/**
 * The integral of requests in flight equals the time requests spent in the system: e2e of those that completed, until
 * the end of the run of those still inside. Whoever is refused leaves as it arrives.
 */
function little({ log, durationNs, inFlightIntegralNs }: SimulationResult): string[] {
  const residence = new ExactSum();
  for (let request = 0; request < log.count; request++) {
    if (log.arrivalNs[request] < 0) continue;
    if (log.outcome[request] === OUTCOME.completed) residence.add(e2eNs(log, request));
    else if (log.outcome[request] === OUTCOME.failed || log.outcome[request] === OUTCOME.cancelled)
      residence.add(statesNs(log, request));
    else if (log.outcome[request] === OUTCOME.pending) residence.add(durationNs - log.arrivalNs[request]);
  }
  if (residence.equals(inFlightIntegralNs)) return [];
  return [
    `Little: the integral of requests in flight is ${inFlightIntegralNs.toBigInt()} ns, their residence ${residence.toBigInt()} ns`,
  ];
}

/** Time in all states: how long a request that failed was in the system. */
function statesNs(log: RequestLog, request: number): number {
  return STATES.reduce((sum, _, state) => sum + log.e2eStateNs(request, state), 0);
}

/** arrival <= scheduled <= first token <= last token, and the longest gap fits in between. */
function causality(log: RequestLog, request: number): string | null {
  const times = [log.arrivalNs, log.scheduledNs, log.firstTokenNs, log.lastTokenNs].map((column) => column[request]);
  const [arrival, scheduled, first, last] = times;
  const ordered = arrival <= scheduled && scheduled <= first && first <= last;
  return ordered && log.maxGapNs[request] <= last - first
    ? null
    : `arrival, scheduled, first, last = ${times.join(', ')} ns, longest gap ${log.maxGapNs[request]} ns`;
}

/** The states' times sum to TTFT and to e2e, and none is negative. */
function attribution(log: RequestLog, request: number): string | null {
  let ttft = 0;
  let e2e = 0;
  let least = 0;
  for (let state = 0; state < STATES.length; state++) {
    const before = log.ttftStateNs(request, state);
    const whole = log.e2eStateNs(request, state);
    ttft += before;
    e2e += whole;
    least = Math.min(least, before, whole - before);
  }
  if (ttft === ttftNs(log, request) && e2e === e2eNs(log, request) && least === 0) return null;
  return `states sum to ${ttft} of ${ttftNs(log, request)} ns TTFT and ${e2e} of ${e2eNs(log, request)} ns e2e, least ${least}`;
}

function eachRequest(
  log: RequestLog,
  law: string,
  breachOf: (log: RequestLog, request: number) => string | null,
): string[] {
  const breaches: string[] = [];
  for (let request = 0; request < log.count && breaches.length < SHOWN; request++) {
    if (log.outcome[request] !== OUTCOME.completed) continue;
    const breach = breachOf(log, request);
    if (breach !== null) breaches.push(`${law}: request ${request}: ${breach}`);
  }
  return breaches;
}

/**
 * n tokens have n - 1 gaps, less those between tokens that came out of one pass as accepted drafts; and the gaps of one request
 * sum to last - first.
 */
function gaps({ log, gaps: pooled, losses, workers }: SimulationResult, workload: Workload): string[] {
  let count = -workers.reduce((accepted, { acceptedDrafts }) => accepted + acceptedDrafts, 0);
  const sum = new ExactSum();
  let isWhole = losses.lostOutputs === 0;
  for (let request = 0; request < log.count; request++) {
    const outcome = log.outcome[request];
    if (outcome === OUTCOME.completed) {
      count += workload.outputTokens[request] - 1;
      sum.add(log.lastTokenNs[request] - log.firstTokenNs[request]);
    } else if (outcome !== OUTCOME.rejected && log.arrivalNs[request] >= 0) isWhole = false;
  }
  // Attempts whose tokens were lost or given up, and requests still inside, had gaps as well.
  if (!isWhole) {
    return pooled.count >= count ? [] : [`gaps: ${pooled.count} counted, at least ${count} expected`];
  }
  if (pooled.count !== count) return [`gaps: ${pooled.count} counted, ${count} expected`];
  // The histogram's sum is a float64: exact only while it is below 2^53.
  const exact = sum.toNumber() <= Number.MAX_SAFE_INTEGER;
  return exact && pooled.sum !== sum.toNumber()
    ? [`gaps: they sum to ${pooled.sum} ns, the requests' last - first to ${sum.toNumber()} ns`]
    : [];
}

/** A replica runs one pass at a time, none outside the run, each with one bound. */
function busyTime({ workers, durationNs, passes }: SimulationResult): string[] {
  const breaches: string[] = [];
  for (const { pool, replica, busyNs, prefillBoundNs, decodeBoundNs } of workers) {
    const bounded = [...prefillBoundNs, ...decodeBoundNs].reduce((sum, ns) => sum + ns, 0);
    const name = `busy time: replica ${replica} of pool ${pool}`;
    if (busyNs > durationNs) breaches.push(`${name} is busy for ${busyNs} of ${durationNs} ns`);
    if (bounded !== busyNs) breaches.push(`${name} is busy for ${busyNs} ns but ${bounded} ns have a bound`);
  }
  const counted = workers.reduce((sum, worker) => sum + worker.passes, 0);
  if (counted !== passes) breaches.push(`busy time: ${passes} passes but the replicas ran ${counted}`);
  return breaches.slice(0, SHOWN);
}

/** No link carries more than its rate allows in the time it is busy; each transfer's end is rounded by half a nanosecond. */
function linkTime({ network, durationNs }: SimulationResult): string[] {
  if (network === null) return [];
  const breaches: string[] = [];
  for (const { name, bytesPerS, bytes, busyNs } of network.links) {
    const mostBytes = (bytesPerS / 1e9) * (busyNs + network.transfers);
    if (bytes > mostBytes * (1 + 1e-9)) breaches.push(`links: ${name} carries ${bytes} bytes in ${busyNs} ns`);
    if (busyNs > durationNs) breaches.push(`links: ${name} is busy for ${busyNs} of ${durationNs} ns`);
  }
  return breaches.slice(0, SHOWN);
}
