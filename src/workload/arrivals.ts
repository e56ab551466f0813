import { RandomStream } from '../base/random.ts';
import { NS_PER_S } from '../base/units.ts';
import { clockWarning, readClock } from './clock.ts';
import { makeFloat64Column, replaceFields } from './columns.ts';
import type { Workload } from './workload.ts';

/** How first turns arrive when a rate, not the trace, says it. */
export type ArrivalProcess =
  | { readonly type: 'poisson' }
  /** Gamma inter-arrival times; burstiness is their squared coefficient of variation, > 0 (1 = Poisson). */
  | { readonly type: 'gamma'; readonly burstiness: number }
  | { readonly type: 'constant' };

/**
 * Replaces the arrivals of first turns by a renewal process that starts at 0 with one gap. `requestsPerS` (> 0) counts
 * all requests: sessions of three turns start at a third of it. The gap before a request is drawn from a stream named by
 * the request, and scales with the rate, so that rates and processes compare on common random numbers.
 */
export function retimeArrivals(
  workload: Workload,
  process: ArrivalProcess,
  requestsPerS: number,
  seed: number,
): Workload {
  const { count, isFollowUp } = workload;
  if (!(requestsPerS > 0)) throw new Error(`arrival rate must be above 0, got ${requestsPerS}`);
  let firstTurns = 0;
  for (let i = 0; i < count; i++) firstTurns += 1 - isFollowUp[i];
  const meanGapNs = ((NS_PER_S / requestsPerS) * count) / firstTurns;
  const arrivalNs = makeFloat64Column(count).fill(-1);
  let gaps = 0;
  for (let i = 0; i < count; i++) {
    if (isFollowUp[i] === 1) continue;
    gaps += drawGap(process, seed, i);
    arrivalNs[i] = Math.round(gaps * meanGapNs);
  }
  return withArrivals(workload, arrivalNs);
}

/** A gap in units of the mean gap. */
function drawGap(process: ArrivalProcess, seed: number, request: number): number {
  if (process.type === 'constant') return 1;
  const stream = new RandomStream(seed, 'arrival gap', request);
  if (process.type === 'poisson') return stream.exponential(1);
  if (!(process.burstiness > 0)) throw new Error(`burstiness must be above 0, got ${process.burstiness}`);
  return stream.gamma(1 / process.burstiness, process.burstiness);
}

/**
 * Redistributes first turns that a coarse recorder put on one tick of its clock: uniform draws over the time until the
 * next tick, handed out in order, so that nobody overtakes. The last tick lasts as long as the median one. Arrivals alone
 * on their tick are spread too: the clock cut them as well. A workload with one distinct time stays as it is.
 */
export function spreadUniform(workload: Workload, seed: number): Workload {
  const { count, isFollowUp, arrivalNs: authored } = workload;
  const { tickNs } = readClock(workload);
  if (tickNs === 0) return workload;
  const firstTurns = Array.from(authored.keys()).filter((i) => isFollowUp[i] === 0);
  const arrivalNs = makeFloat64Column(count).fill(-1);
  for (let from = 0; from < firstTurns.length; ) {
    const tick = authored[firstTurns[from]];
    let to = from + 1;
    while (to < firstTurns.length && authored[firstTurns[to]] === tick) to += 1;
    const lastsNs = to < firstTurns.length ? authored[firstTurns[to]] - tick : tickNs;
    const group = firstTurns.slice(from, to);
    const offsets = Float64Array.from(group, (request) =>
      Math.floor(new RandomStream(seed, 'arrival spread', request).uniform() * lastsNs),
    ).sort();
    for (let k = 0; k < group.length; k++) arrivalNs[group[k]] = tick + offsets[k];
    from = to;
  }
  return withArrivals(workload, arrivalNs);
}

/** The workload for a closed loop, which reads no arrivals: nothing is to be said about their clock. */
export function withoutClock(workload: Workload): Workload {
  return withArrivals(workload, workload.arrivalNs);
}

/** New arrivals, and the warnings without the one about the old clock. */
function withArrivals(workload: Workload, arrivalNs: Float64Array): Workload {
  const stale = clockWarning(readClock(workload));
  return replaceFields(workload, { arrivalNs, warnings: workload.warnings.filter((text) => text !== stale) });
}
