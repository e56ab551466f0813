import type { StepTimer } from '../timing/stepTimer.ts';
import type { DecodeSet } from './decodeSet.ts';
import type { Flights } from './flights.ts';

/** Passes planned ahead at most; a longer run is planned piece by piece. */
export const LONGEST_RUN = 1024;

/**
 * A run: passes that only decode and follow each other without anything changing, when each of them ends, by one evaluation
 * of the timer per pass, and how far it has come. Its first passes are those in flight when it was planned, `depth` of
 * them; whenever one ends but the last `depth`, one more is formed.
 */
export class DecodeRun {
  readonly endNs: Float64Array;
  /** How long each takes. */
  readonly decodeNs: Float64Array;
  /** Passes to be formed, and of them formed so far. */
  planned = 0;
  formed = 0;
  /** Passes that have ended. */
  ended = 0;
  readonly #depth: number;

  constructor(depth: number) {
    this.#depth = depth;
    this.endNs = new Float64Array(depth + LONGEST_RUN);
    this.decodeNs = new Float64Array(depth + LONGEST_RUN);
  }

  /** Somebody may form its next pass without an event. */
  get goesOn(): boolean {
    return this.formed < this.planned;
  }

  /** A pass has ended whose place the next one will take. */
  get isVacant(): boolean {
    return this.ended > this.formed;
  }

  cancel(): void {
    this.planned = 0;
    this.formed = 0;
    this.ended = 0;
  }

  /** When everything planned has been formed, and the oldest pass in flight ends. */
  get overNs(): number {
    return this.endNs[this.planned];
  }

  /** Plans `passes` <= LONGEST_RUN passes of the set after those in flight. Nothing may be planned yet. */
  plan(flights: Flights, set: DecodeSet, timer: StepTimer, passes: number): void {
    const depth = this.#depth;
    for (let age = 0; age < depth; age++) {
      this.endNs[age] = flights.at(age).endNs;
      this.decodeNs[age] = flights.at(age).batches[0].decodeNs;
    }
    const { count, windowedGrowth } = set;
    let endNs = this.endNs[depth - 1];
    let context = set.contextTokens;
    let windowed = set.windowedTokens;
    for (let pass = depth; pass < depth + passes; pass++) {
      const decodeNs = timer.decodeNs(count, context, windowed);
      endNs += decodeNs;
      this.decodeNs[pass] = decodeNs;
      this.endNs[pass] = endNs;
      context += count;
      windowed += windowedGrowth;
    }
    this.planned = passes;
  }
}
