/** What it has to know of a rank. */
interface PacedRank {
  /** Requests it runs. */
  readonly running: number;
}

/**
 * vLLM's `--prefill-schedule-interval`: attention-DP ranks, in lockstep, compute prompts in one step of so many, that they may do
 * it together (DPEngineCoreProc._should_throttle_prefills). Counts the steps since no rank ran anything: with the first one
 * prompts may start.
 */
export class PrefillCadence {
  readonly #interval: number;
  readonly #ranks: PacedRank[] = [];
  #step = 0;

  constructor(interval: number) {
    this.#interval = interval;
  }

  join(rank: PacedRank): void {
    this.#ranks.push(rank);
  }

  /** The rank forms its batch of the next step; the first to join is the first to do so. Returns whether prompts have to wait. */
  holdsBack(rank: PacedRank): boolean {
    if (rank === this.#ranks[0]) this.#step = this.#ranks.every(({ running }) => running === 0) ? 0 : this.#step + 1;
    return this.#step % this.#interval !== 0;
  }

  /** The rank has formed `steps` more in the same way. */
  pass(rank: PacedRank, steps: number): void {
    if (rank === this.#ranks[0]) this.#step += steps;
  }

  /** Steps after the last one until prompts may start in the next. */
  get stepsToOpening(): number {
    return this.#interval - 1 - (this.#step % this.#interval);
  }
}
