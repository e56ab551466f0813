import type { TrtllmConfig } from './trtllmConfig.ts';

/**
 * `batch_wait_timeout_iters` and `batch_wait_max_tokens_ratio`: while generations run, contexts are held back for some
 * iterations until there are enough tokens of them. Both must be set, or nothing waits (py_executor.py of 1.2).
 */
export class BatchWait {
  readonly #iterations: number;
  readonly #enoughTokens: number;
  #waited = 0;

  constructor({ batchWaitIterations, batchWaitTokensRatio, maxBatchedTokens }: TrtllmConfig) {
    this.#iterations = batchWaitIterations;
    this.#enoughTokens = batchWaitTokensRatio * maxBatchedTokens;
  }

  /** Whether the contexts just scheduled are left out of this iteration; `promptTokens` are those of their whole prompts. */
  holdsBack(contexts: number, promptTokens: number, generatingTokens: number): boolean {
    if (contexts === 0 || generatingTokens === 0) return false;
    if (this.#waited < this.#iterations && promptTokens + generatingTokens < this.#enoughTokens) {
      this.#waited += 1;
      return true;
    }
    this.#waited = 0;
    return false;
  }
}
