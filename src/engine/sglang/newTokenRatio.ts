const INIT = 0.7;
const MIN_SHARE = 0.14;
const DECAY_STEPS = 600;
/** `SGLANG_RETRACT_DECODE_STEPS`: steps the survivors of a retraction should be able to take. */
export const RETRACT_STEPS = 20;

/** The share of what running requests may still generate that admission keeps free (`new_token_ratio`). */
export class NewTokenRatio {
  readonly #init: number;
  readonly #min: number;
  readonly #decay: number;
  #value: number;

  constructor(conservativeness: number) {
    this.#init = Math.min(INIT * conservativeness, 1);
    this.#min = Math.min(this.#init * MIN_SHARE, 1);
    this.#decay = (this.#init - this.#min) / DECAY_STEPS;
    this.#value = this.#init;
  }

  get value(): number {
    return this.#value;
  }

  /** Decode steps that retracted nobody. */
  decay(steps: number): void {
    for (let step = 0; step < steps && this.#value > this.#min; step++) {
      this.#value = Math.max(this.#value - this.#decay, this.#min);
    }
  }

  /** The engine has nothing to do. */
  reset(): void {
    this.#value = this.#init;
  }

  /** After a retraction, from the `count` survivors' tokens: those they have, and the most they may have. */
  retracted(generatedTokens: number, maxNewTokens: number, count: number): void {
    this.#value = Math.min(1, (generatedTokens + RETRACT_STEPS * count) / (maxNewTokens + 1));
  }
}
