import type { Workload } from './workload.ts';

/** How finely the recorder's clock resolved the arrivals of first turns. */
export interface ArrivalClock {
  readonly arrivals: number;
  /** Distinct arrival times. */
  readonly distinct: number;
  /** Share of arrivals (0..1) that have their time in common with another one. */
  readonly sharedRatio: number;
  /** Median distance between neighbouring distinct times, ns; 0 when there is only one. */
  readonly tickNs: number;
}

/** Ticks below this pass for simultaneous arrivals: a pass of a busy engine lasts about as long. */
const COARSE_TICK_NS = 100e6;
const COARSE_SHARED_RATIO = 0.2;

/** Reads the clock off arrival times; follow-up turns (-1) are left out. */
export function readClock(workload: Pick<Workload, 'arrivalNs' | 'isFollowUp'>): ArrivalClock {
  const { arrivalNs, isFollowUp } = workload;
  const gaps: number[] = [];
  let arrivals = 0;
  let shared = 0;
  let previous = -1;
  let onThisTick = 0;
  for (let i = 0; i < arrivalNs.length; i++) {
    if (isFollowUp[i] === 1) continue;
    const time = arrivalNs[i];
    arrivals += 1;
    if (arrivals > 1 && time === previous) {
      shared += onThisTick === 1 ? 2 : 1;
      onThisTick += 1;
      continue;
    }
    if (arrivals > 1) gaps.push(time - previous);
    previous = time;
    onThisTick = 1;
  }
  gaps.sort((a, b) => a - b);
  return {
    arrivals,
    distinct: arrivals === 0 ? 0 : gaps.length + 1,
    sharedRatio: arrivals === 0 ? 0 : shared / arrivals,
    tickNs: gaps.length === 0 ? 0 : gaps[Math.floor((gaps.length - 1) / 2)],
  };
}

/** One sentence about a clock so coarse that it makes bursts that never happened; null for a fine one. */
export function clockWarning(clock: ArrivalClock): string | null {
  if (clock.sharedRatio < COARSE_SHARED_RATIO || clock.tickNs < COARSE_TICK_NS) return null;
  const percent = (clock.sharedRatio * 100).toFixed(0);
  const tick = (clock.tickNs / 1e9).toFixed(1);
  return (
    `coarse clock: ${percent} % of the arrivals share their time with another one, the clock ticks every ${tick} s; ` +
    'spread: uniform redistributes them'
  );
}
