import type { KvGroup } from '../../timing/kvGroup.ts';
import type { CommonConfig } from '../commonConfig.ts';

/** What changed in vLLM's V1 scheduler over time; see the version profiles for which release has which. */
export interface VllmSemantics {
  /** Admission wants room for the whole known sequence, not just its first chunk (2026-03-24). */
  readonly fullIslGate: boolean;
  /** Freed pages without a name go to the front of the free queue (2026-06-04); before, all to its tail. */
  readonly unhashedFreedFirst: boolean;
  /** Without chunked prefill an oversized prompt stops admission (2025-11-25); before, it was skipped. */
  readonly oversizedStopsAdmission: boolean;
  /** Pages outside the window are freed on what has been processed (2026-07-08); before, on what was scheduled. */
  readonly windowFreedOnProcessed: boolean;
  /** The first decode of a speculating full hit is padded with placeholder drafts (2026-06-25). */
  readonly padsFirstSpeculativeDecode: boolean;
  /** Input slots that a drafter takes in a pass count against its budget (2026-08-10). */
  readonly countsDraftSlots: boolean;
  /** A preempted victim's tokens return to the pass's budget (2025-08-28). */
  readonly refundsVictim: boolean;
  /** Windowed groups keep only what can end a hit: null = dense, 0 = replay tail and shared junctions (2026-08-17). */
  readonly windowRetentionTokens: number | null;
}

/** vLLM at 017e9f4 (2026-08-17). */
export const LATEST_SEMANTICS: VllmSemantics = {
  fullIslGate: true,
  unhashedFreedFirst: true,
  oversizedStopsAdmission: true,
  windowFreedOnProcessed: true,
  padsFirstSpeculativeDecode: true,
  countsDraftSlots: true,
  refundsVictim: true,
  windowRetentionTokens: 0,
};

/** What `vllm serve` was started with. */
export interface VllmConfig extends CommonConfig {
  readonly backend: 'vllm';
  /** Tokens one pass of one rank may schedule (`max_num_batched_tokens`), >= maxSequences. */
  readonly maxBatchedTokens: number;
  /** Off: a prompt longer than what is left of the budget is not admitted. */
  readonly chunkedPrefill: boolean;
  /** Longest chunk of a prompt in one pass (`long_prefill_token_threshold`), 0 = no limit. */
  readonly longPrefillTokens: number;
  readonly policy: 'fcfs' | 'priority';
  /** With attention-DP ranks: prompts are computed in one step of so many while others decode (`prefill_schedule_interval`), 1 = in all. */
  readonly prefillInterval: number;
  /** The next batch is formed while the one before runs (`async_scheduling`). */
  readonly asyncScheduling: boolean;
  /** Share of all pages kept free at admission (`watermark`). */
  readonly watermark: number;
  /** How the layers share the pages; absent: all of them keep every token. */
  readonly kvGroups?: readonly KvGroup[];
  readonly semantics: VllmSemantics;
}

/** Slots of a pass that the drafter takes for each sequence in it besides its tokens: a draft model its last token once more. */
export function draftSlotsOf({ semantics, speculation }: VllmConfig): number {
  return semantics.countsDraftSlots && speculation?.method === 'draft_model' ? 1 : 0;
}

/** Whether prompts wait for their turn; a rank alone has no reason to. */
export function isPaced({ attentionDataRanks, prefillInterval }: VllmConfig): boolean {
  return attentionDataRanks > 1 && prefillInterval > 1;
}

/** Batches that may be in flight: one for each stage of a pipeline, or two with asynchronous scheduling. */
export function batchesInFlight({ asyncScheduling, pipelineStages }: VllmConfig): number {
  if (pipelineStages > 1) return pipelineStages;
  return asyncScheduling ? 2 : 1;
}

/**
 * Whether a sequence's next token is scheduled before its last one is out. With a pipeline its pass could not start earlier, so
 * vLLM lets a sequence decode every `pipelineStages` batches (`next_decode_eligible_step`).
 */
export function schedulesAhead({ asyncScheduling, pipelineStages }: VllmConfig): boolean {
  return asyncScheduling && pipelineStages === 1;
}
