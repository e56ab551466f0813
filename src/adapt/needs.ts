import type { Deployment } from './deployment.ts';
import { usdPerHourOf } from './deployment.ts';
import { type Segment, segmentsOf } from './drift.ts';
import type { Limits, Rehearsal } from './rehearsal.ts';
import type { Shape } from './shapes.ts';
import type { Scissors, Stretch } from './windows.ts';

/** Deployments dearer than this many times the cheapest one that a segment needs are not looked for. */
const DEAREST = 2;

export interface MeasuredSegment extends Segment {
  readonly stretch: Stretch;
}

/** What each segment of a stretch of the workload needs, of each shape. */
export class Needs {
  readonly segments: readonly MeasuredSegment[];
  /** By segment and shape: the fewest replicas that keep the SLO; null where there are none, or only far dearer ones. */
  readonly fewest: readonly (readonly (readonly number[] | null)[])[];

  constructor(
    scissors: Scissors,
    rehearsal: Rehearsal,
    shapes: readonly Shape[],
    limits: Limits,
    windows: readonly Stretch[],
    onProgress: ((what: string) => void) | undefined,
  ) {
    this.segments = segmentsOf(windows).map((segment) => ({
      ...segment,
      stretch: scissors.measure(windows[segment.first].fromNs, windows[segment.end - 1].toNs),
    }));
    const guesses: (readonly number[])[] = shapes.map(({ pools }) => pools.map(() => 1));
    /** Shapes in the order of what the segment before needed of them. */
    let order = [...shapes.keys()];
    this.fewest = this.segments.map(({ stretch }, index) => {
      onProgress?.(`segment ${index + 1} of ${this.segments.length}`);
      const found: (Deployment | null)[] = shapes.map(() => null);
      let cheapest = Number.POSITIVE_INFINITY;
      for (const at of order) {
        const shape = shapes[at];
        const within = { ...limits, usdPerHour: Math.min(limits.usdPerHour, DEAREST * cheapest) };
        const replicas =
          stretch.requests === 0
            ? shape.pools.map(() => 1)
            : rehearsal.fewest(shape, stretch.fromNs, stretch.toNs, guesses[at], within);
        if (replicas === null) continue;
        // The next segment's search begins where this one's ended.
        guesses[at] = replicas;
        found[at] = { shape, replicas };
        cheapest = Math.min(cheapest, usdPerHourOf(found[at]));
      }
      const priceOf = (at: number): number => (found[at] === null ? Number.POSITIVE_INFINITY : usdPerHourOf(found[at]));
      order = [...order].sort((a, b) => (priceOf(a) === priceOf(b) ? a - b : priceOf(a) - priceOf(b)));
      return found.map((deployment) => deployment?.replicas ?? null);
    });
  }
}
