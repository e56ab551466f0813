/** The seam between what chooses candidates and what tries them: fixed generations of asks, told in ask order. */
import type { RandomStream } from '../base/random.ts';

/** Candidates by number, 0 to `size - 1`, and what is known of each before it is tried. */
export interface Problem {
  readonly size: number;
  /** Losses to be minimised. */
  readonly objectives: number;
  /** Loss differences below this do not matter. */
  readonly resolution: number;
  /**
   * What a trial costs at each level, as a share of a full one: ascending, the last is 1. Trials below the last level are
   * approximations whose error the strategy has to measure.
   */
  readonly levels: readonly number[];
  /** Candidates of one family have the same coordinates. */
  family(candidate: number): number;
  /** Coordinates, each about 0..1; near ones behave alike. */
  features(candidate: number): Float64Array;
  /** Candidates one move away. */
  neighbours(candidate: number): readonly number[];
  /**
   * For each objective a loss that the candidate cannot undercut, -Infinity where nothing is known; null when it is
   * certain to be infeasible.
   */
  floor(candidate: number): readonly number[] | null;
  /**
   * What a trial is expected to tell, from a formula that may be far off but rises where the truth rises: losses, the margin, the
   * logarithm of the work; NaN where there is no formula. null when there is none at all.
   */
  sketch(candidate: number): readonly number[] | null;
  /** Objectives whose floor is their very value. */
  readonly exact: readonly boolean[];
}

export interface TrialAsk {
  readonly candidate: number;
  /** Index into `levels`. */
  readonly level: number;
}

export interface TrialOutcome extends TrialAsk {
  /** null when the trial found out only that the candidate is of no use. */
  readonly losses: readonly number[] | null;
  /** Feasible up to 0, and the further above it the worse; on the scale of losses. */
  readonly margin: number;
  /** What the trial cost, in any unit; above 0 for one that ran. */
  readonly work: number;
}

/**
 * Chooses what to try. `ask` gives a generation (empty: done), `tell` takes all its outcomes in ask order. What is asked
 * depends on the problem, the seed and what was told, never on time or threads. No ask is ever repeated.
 */
export interface Strategy {
  ask(): TrialAsk[];
  tell(outcomes: readonly TrialOutcome[]): void;
}

/** A random order of 0 to `size - 1` (Fisher and Yates). */
export function shuffled(size: number, random: RandomStream): Uint32Array {
  const order = Uint32Array.from({ length: size }, (_, index) => index);
  for (let last = size - 1; last > 0; last--) {
    const other = random.integer(0, last);
    [order[last], order[other]] = [order[other], order[last]];
  }
  return order;
}
