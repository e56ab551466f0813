import type { CommonConfig } from '../commonConfig.ts';

export const CAPACITY_POLICIES = ['GUARANTEED_NO_EVICT', 'MAX_UTILIZATION', 'STATIC_BATCH'] as const;
export type CapacityPolicy = (typeof CAPACITY_POLICIES)[number];
export const CHUNKING_POLICIES = ['FIRST_COME_FIRST_SERVED', 'EQUAL_PROGRESS'] as const;
export type ChunkingPolicy = (typeof CHUNKING_POLICIES)[number];

/** What `trtllm-serve` was started with (PyTorch backend). */
export interface TrtllmConfig extends CommonConfig {
  readonly backend: 'trtllm';
  /** `max_num_tokens` of one rank. */
  readonly maxBatchedTokens: number;
  readonly capacityPolicy: CapacityPolicy;
  readonly chunkedPrefill: boolean;
  readonly chunkingPolicy: ChunkingPolicy;
  /** Not `disable_overlap_scheduler`. */
  readonly overlap: boolean;
  /** `batch_wait_timeout_iters` and `batch_wait_max_tokens_ratio`: nothing waits unless both are above 0. */
  readonly batchWaitIterations: number;
  readonly batchWaitTokensRatio: number;
  /** `attention_dp_config.enable_balance` and its limits, iterations. */
  readonly balance: { readonly timeoutIterations: number; readonly batchingWaitIterations: number } | null;
}

/** A pipeline has a micro-batch for each stage, and its loop no overlap besides. */
export function microBatchesInFlight({ overlap, pipelineStages }: TrtllmConfig): number {
  if (pipelineStages > 1) return pipelineStages;
  return overlap ? 2 : 1;
}
