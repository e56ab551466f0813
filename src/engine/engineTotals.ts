import type { TierUse } from '../kv/kvTiers.ts';

/** Totals of one engine over the run. */
export interface EngineTotals {
  readonly passes: number;
  /** Sum of pass durations, ns. */
  readonly busyNs: number;
  /** Busy ns of passes that held prefill tokens, and of decode-only passes, by index into BOUNDS. */
  readonly prefillBoundNs: readonly number[];
  readonly decodeBoundNs: readonly number[];
  /** Looked-at busy time by index into FAMILIES, and of it by constants no measurement has touched; 0 without formulas. */
  readonly familyNs: readonly number[];
  readonly defaultConstantsNs: number;
  readonly preemptions: number;
  /** Sum over passes of sequences in the batch; divided by passes: the mean batch. */
  readonly batchSum: number;
  readonly usableBlocks: number;
  /** Cached blocks thrown out to make room. */
  readonly evictedBlocks: number;
  /** Prompt tokens looked up, and of them found in the prefix cache (first admissions and re-admissions alike). */
  readonly lookupTokens: number;
  readonly hitTokens: number;
  /** Decodes of one sequence in one pass that had drafts to verify, and drafts accepted in them. */
  readonly draftedDecodes: number;
  readonly acceptedDrafts: number;
  /** Empty without KV tiers. */
  readonly tiers: readonly TierUse[];
}
