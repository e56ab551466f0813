import type { StepTimer } from '../timing/stepTimer.ts';
import type { Batch } from './batch.ts';
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
  /** By rank: how long its decodes take in each. */
  readonly decodeNs: readonly Float64Array[];
  /** Passes to be formed, and of them formed so far. */
  planned = 0;
  formed = 0;
  /** Passes that have ended. */
  ended = 0;
  readonly #depth: number;

  constructor(depth: number, ranks: number) {
    this.#depth = depth;
    this.endNs = new Float64Array(depth + LONGEST_RUN);
    this.decodeNs = Array.from({ length: ranks }, () => new Float64Array(depth + LONGEST_RUN));
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

  /** Plans `passes` <= LONGEST_RUN passes of the newest's lanes after those in flight. Nothing may be planned yet. */
  plan(flights: Flights, timer: StepTimer, passes: number): void {
    for (let age = 0; age < this.#depth; age++) {
      const { endNs, batches } = flights.at(age);
      this.endNs[age] = endNs;
      for (let rank = 0; rank < batches.length; rank++) this.decodeNs[rank][age] = batches[rank].decodeNs;
    }
    const { batches } = flights.newest;
    if (batches.length === 1) this.#planAlone(batches[0].lane.set, timer, passes);
    else this.#planRanks(batches, passes);
    this.planned = passes;
  }

  #planAlone(set: DecodeSet, timer: StepTimer, passes: number): void {
    const depth = this.#depth;
    const [decodes] = this.decodeNs;
    const { count, windowedGrowth } = set;
    let endNs = this.endNs[depth - 1];
    let context = set.contextTokens;
    let windowed = set.windowedTokens;
    for (let pass = depth; pass < depth + passes; pass++) {
      const decodeNs = timer.decodeNs(count, context, windowed);
      endNs += decodeNs;
      decodes[pass] = decodeNs;
      this.endNs[pass] = endNs;
      context += count;
      windowed += windowedGrowth;
    }
  }

  /** A pass lasts as long as its slowest rank. */
  #planRanks(batches: readonly Batch[], passes: number): void {
    const depth = this.#depth;
    this.endNs.fill(0, depth, depth + passes);
    for (const [rank, batch] of batches.entries()) {
      const { count, contextTokens, windowedTokens, windowedGrowth } = batch.lane.set;
      if (count === 0) continue;
      for (let ahead = 0; ahead < passes; ahead++) {
        const pass = depth + ahead;
        const decodeNs = batch.decodesNs(count, contextTokens + ahead * count, windowedTokens + ahead * windowedGrowth);
        this.decodeNs[rank][pass] = decodeNs;
        this.endNs[pass] = Math.max(this.endNs[pass], decodeNs);
      }
    }
    for (let pass = depth; pass < depth + passes; pass++) this.endNs[pass] += this.endNs[pass - 1];
  }
}
