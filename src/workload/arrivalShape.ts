import type { Workload } from './workload.ts';

/** Slices that the time from the first to the last arrival is cut into. */
const SLICES = 60;

/** How first turns come over time. */
export interface ArrivalShape {
  /** First turns in each of 60 equal parts of the workload's time. */
  readonly perSlice: readonly number[];
  /** Standard deviation over mean of the time between them: 1 for Poisson arrivals, 0 for a metronome. */
  readonly gapVariation: number;
  /** First turns of the second half over those of the first; null when the first has none. */
  readonly halvesRatio: number | null;
  /** Longest time in which nobody comes, and when it begins; ns. */
  readonly longestGapNs: number;
  readonly longestGapFromNs: number;
}

export function arrivalShape(workload: Pick<Workload, 'arrivalNs' | 'isFollowUp'>): ArrivalShape {
  const times = workload.arrivalNs.filter((_, request) => workload.isFollowUp[request] === 0);
  const spanNs = times.length === 0 ? 0 : times[times.length - 1] - times[0];
  const perSlice = new Array<number>(SLICES).fill(0);
  let longestGapNs = 0;
  let longestGapFromNs = 0;
  let squares = 0;
  for (const [index, time] of times.entries()) {
    const slice = spanNs === 0 ? 0 : Math.floor((SLICES * (time - times[0])) / spanNs);
    perSlice[Math.min(slice, SLICES - 1)] += 1;
    if (index === 0) continue;
    const gapNs = time - times[index - 1];
    squares += gapNs * gapNs;
    if (gapNs > longestGapNs) {
      longestGapNs = gapNs;
      longestGapFromNs = times[index - 1];
    }
  }
  const gaps = times.length - 1;
  const meanNs = gaps > 0 ? spanNs / gaps : 0;
  const first = perSlice.slice(0, SLICES / 2).reduce((sum, count) => sum + count, 0);
  return {
    perSlice,
    gapVariation: meanNs === 0 ? 0 : Math.sqrt(Math.max(0, squares / gaps - meanNs * meanNs)) / meanNs,
    halvesRatio: first === 0 ? null : (times.length - first) / first,
    longestGapNs,
    longestGapFromNs,
  };
}
