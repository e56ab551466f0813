import { finalize } from '../base/random.ts';
import type { Speculation } from './speculation.ts';

const TWO_TO_32 = 4294967296;

/**
 * Which drafts are accepted: a function of the seed, the request and how many tokens it has generated, so that no decision of
 * a scheduler changes what a request's drafts are worth.
 */
export class DraftOutcomes {
  /** Draft tokens per sequence and pass. */
  readonly draftTokens: number;
  readonly #seed: number;
  /** Probability that more than so many drafts are accepted. */
  readonly #reach: Float64Array;

  constructor({ draftTokens, acceptance, seed }: Speculation) {
    this.draftTokens = draftTokens;
    this.#seed = finalize(seed ^ 0x5bd1e995);
    let reach = 1;
    this.#reach = Float64Array.from(acceptance, (probability) => {
      reach *= probability;
      return reach;
    });
  }

  /** How many of `drafts` drafts are accepted in the pass after the request's `generated`-th token. */
  accepted(request: number, generated: number, drafts: number): number {
    const named = finalize(Math.imul(request, 0x9e3779b1) ^ this.#seed);
    const uniform = (finalize(Math.imul(generated, 0x85ebca77) ^ named) >>> 0) / TWO_TO_32;
    let accepted = 0;
    while (accepted < drafts && uniform < this.#reach[accepted]) accepted += 1;
    return accepted;
  }
}

/** null: one token a pass. */
export function outcomesOf(speculation: Speculation | null): DraftOutcomes | null {
  return speculation === null ? null : new DraftOutcomes(speculation);
}
