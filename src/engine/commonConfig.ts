import type { TiersSpec } from '../kv/kvTiers.ts';
import type { Speculation } from './speculation.ts';

/** Settings every engine has. Counts are per attention-DP rank, each of which schedules for itself. */
export interface CommonConfig {
  /** Requests one rank may run at once (vLLM `max_num_seqs`, SGLang `max_running_requests`, TensorRT-LLM `max_batch_size`). */
  readonly maxSequences: number;
  readonly prefixCaching: boolean;
  /** Where KV is kept below GPU memory, with prefix caching; left out: nowhere. */
  readonly tiers?: TiersSpec;
  /** Tokens of one KV page (vLLM `block_size`, SGLang `page_size`, TensorRT-LLM `tokens_per_block`). */
  readonly blockTokens: number;
  /** KV pages one rank allocates; vLLM's null block is one of them. */
  readonly blocks: number;
  /** Longest prompt + output the engine serves (vLLM `max_model_len`). */
  readonly contextLength: number;
  /** Ranks of attention data parallelism inside the replica; they run their passes in lockstep. */
  readonly attentionDataRanks: number;
  /** Stages of pipeline parallelism: as many passes may be in flight. */
  readonly pipelineStages: number;
  /** null: one token a pass. */
  readonly speculation: Speculation | null;
}
