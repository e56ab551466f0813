import type { CommonConfig } from '../commonConfig.ts';

export const SGLANG_POLICIES = ['fcfs', 'lpm', 'dfs-weight', 'lof', 'random'] as const;
export type SglangPolicy = (typeof SGLANG_POLICIES)[number];

/** What `sglang.launch_server` was started with. */
export interface SglangConfig extends CommonConfig {
  readonly backend: 'sglang';
  /** `chunked_prefill_size` of one rank; null = prompts are never cut. */
  readonly chunkedPrefillTokens: number | null;
  /** `max_prefill_tokens`. */
  readonly maxPrefillTokens: number;
  /** Prefill batches carry one token of every running request (`enable_mixed_chunk`). */
  readonly mixedChunk: boolean;
  readonly policy: SglangPolicy;
  /** `schedule_conservativeness`, attention-DP factor included. */
  readonly conservativeness: number;
  /** The next batch is launched before the results of the one before are processed. */
  readonly overlap: boolean;
  /** Decode steps between two looks at the inbox (`scheduler_recv_interval`), >= 1. */
  readonly pollingInterval: number;
  /** Clients send ignore_eos: with the radix cache off, admission reserves exactly. */
  readonly ignoreEos: boolean;
  /** A finished request's generated tokens stay in the tree (not between 2025-11-22 and 2026-02-10). */
  readonly keepsGenerated: boolean;
  /** Arithmetic of the prefill adder: `paged` adds a page to each reservation (2026), `plain` does not (0.5.6). */
  readonly adder: 'plain' | 'paged';
  /** Decode workers: room kept free for each request inside (`num_reserved_decode_tokens`). */
  readonly reservedDecodeTokens: number;
  /** `enable_prefill_delayer`: passes a prefill waits for other ranks, 0 = off. */
  readonly prefillDelayPasses: number;
}

/** Tokens that a page's key takes in beyond its end: with EAGLE heads each token goes with the one after it (bigrams). */
export function keyedAhead({ speculation }: SglangConfig): number {
  return speculation?.method === 'eagle' ? 1 : 0;
}

/** Requests that may run together (`pp_max_micro_batch_size`): with pipeline stages their share of all. */
export function slotRequests({ maxSequences, pipelineStages }: SglangConfig): number {
  return Math.max(1, Math.floor(maxSequences / pipelineStages));
}

/** Batches in flight: one for each pipeline stage, which excludes overlap, or with overlap two. */
export function batchesInFlight({ overlap, pipelineStages }: SglangConfig): number {
  return overlap ? 2 : pipelineStages;
}
