import type { TrtllmConfig } from './trtllmConfig.ts';

/** What one attention-DP rank is about to run. A dummy generation counts as one. */
export interface RankCounts {
  readonly contexts: number;
  readonly generations: number;
}

/**
 * `attention_dp_config.enable_balance`: contexts wait until every rank has one. The clock of the time-out runs on in
 * iterations without any context, so a prompt that comes alone waits for what is left of it (py_executor.py of 1.2).
 */
export class AttentionBalance {
  readonly #timeoutIterations: number;
  readonly #batchingWaitIterations: number;
  readonly #maxSequences: number;
  #waited = 0;
  #batching = 0;

  constructor(balance: NonNullable<TrtllmConfig['balance']>, maxSequences: number) {
    this.#timeoutIterations = balance.timeoutIterations;
    this.#batchingWaitIterations = balance.batchingWaitIterations;
    this.#maxSequences = maxSequences;
  }

  /** Whether all contexts are left out of this iteration. */
  holdsBack(ranks: readonly RankCounts[]): boolean {
    const allGenerate = ranks.every(({ generations }) => generations > 0);
    if (ranks.every(({ contexts, generations }) => contexts > 0 && generations < this.#maxSequences)) {
      this.#waited = 0;
      if (allGenerate && this.#batching < this.#batchingWaitIterations) {
        this.#batching += 1;
        return true;
      }
      this.#batching = 0;
      return false;
    }
    this.#waited += 1;
    if (this.#waited < this.#timeoutIterations && allGenerate) return true;
    this.#waited = 0;
    return false;
  }

  /** `iterations` pass in which every rank generates and none has a context. */
  pass(iterations: number): void {
    this.#waited = (this.#waited + iterations) % Math.max(1, this.#timeoutIterations);
  }
}
