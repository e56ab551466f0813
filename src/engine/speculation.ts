/** Speculative decoding: each pass verifies a sequence's last token and its drafts, and yields the accepted ones and one more. */
export interface Speculation {
  /** `eagle` stands for MTP and EAGLE heads, which drop the last page of a prefix hit; `ngram` drafts cost no pass. */
  readonly method: 'eagle' | 'draft_model' | 'ngram';
  /** Draft tokens per sequence and pass, >= 1. */
  readonly draftTokens: number;
  /** Probability that the draft at each position is accepted, given that all before it were; one per draft token. */
  readonly acceptance: readonly number[];
  /** Of the draws which drafts are accepted. */
  readonly seed: number;
}

/** Slots for drafts beyond a pass's own tokens that vLLM keeps for methods whose drafter writes KV, 0 for n-grams. */
export function lookaheadOf(speculation: Speculation | null): number {
  return speculation === null || speculation.method === 'ngram' ? 0 : speculation.draftTokens;
}
