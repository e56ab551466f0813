/**
 * Holds prompts back until all attention-DP ranks have one, as a prefill on one rank makes all others decode without graphs
 * (`--enable-prefill-delayer`). Asked once a step, for all ranks.
 */
export class PrefillDelayer {
  /** Passes a prompt waits at most, the one that lets it go included. */
  readonly #passes: number;
  #delayed = 0;

  constructor(passes: number) {
    this.#passes = passes;
  }

  /** Whether those that could prefill in this step, of all `ranks`, may. */
  allows(ranks: readonly boolean[]): boolean {
    const mixed = ranks.includes(true) && ranks.includes(false);
    if (mixed && this.#delayed < this.#passes - 1) {
      this.#delayed += 1;
      return false;
    }
    this.#delayed = 0;
    return true;
  }
}
