/** What the batch before was, as the receive loop weighs it. */
export type LastBatch = 'none' | 'decode' | 'other';

/** Counts up to any interval at once, so that a poll follows every prefill. */
const OTHER_WEIGHT = 1000;

/** When the scheduler looks at its inbox (`scheduler_recv_interval`). */
export class Poll {
  readonly #interval: number;
  #count = 0;

  constructor(interval: number) {
    this.#interval = interval;
  }

  /** Whether the iteration after `last` receives. */
  isDue(last: LastBatch): boolean {
    if (this.#interval <= 1) return true;
    this.#count += last === 'other' ? OTHER_WEIGHT : 1;
    if (this.#count < this.#interval) return false;
    this.#count = 0;
    return true;
  }

  /** Without anything to run the loop turns until it polls, which takes no time worth modelling. */
  spin(): void {
    this.#count = 0;
  }
}
