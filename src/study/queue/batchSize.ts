/** What a batch should take: long against the cost of a job, short against the loss of one. */
const TARGET_MS = 2_000;
/** What a batch costs by itself is lost among so many. */
const MOST_TRIALS = 64;

/** How many trials go into the next batch, by what trials have taken so far. Results do not depend on it. */
export class BatchSize {
  #trials = 0;
  #busyMs = 0;

  /** Small until something is known. */
  get trials(): number {
    if (this.#trials === 0) return 1;
    const fitting = Math.floor((TARGET_MS * this.#trials) / Math.max(this.#busyMs, 1));
    return Math.min(MOST_TRIALS, Math.max(1, fitting));
  }

  observe(trials: number, busyMs: number): void {
    this.#trials += trials;
    this.#busyMs += busyMs;
  }
}
