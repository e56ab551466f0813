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

  /** Iterations, each after a decode, before the next one that receives. */
  get iterationsLeft(): number {
    return this.#interval <= 1 ? 0 : this.#interval - this.#count - 1;
  }

  /** That many iterations, each after a decode, go by without anything to receive. */
  pass(iterations: number): void {
    if (this.#interval > 1) this.#count = (this.#count + iterations) % this.#interval;
  }

  /** Without anything to run the loop turns until it polls, which takes no time worth modelling. */
  spin(): void {
    this.#count = 0;
  }
}
