/** What one engine (one replica) was started with. Counts are per replica: attention-DP ranks are summed. */
export interface EngineConfig {
  /** Tokens one pass may schedule (vLLM `max_num_batched_tokens`). */
  readonly maxBatchedTokens: number;
  /** Requests that may run at once (vLLM `max_num_seqs`), <= maxBatchedTokens. */
  readonly maxSequences: number;
  /** Off: a prompt longer than what is left of the budget stops admission. */
  readonly chunkedPrefill: boolean;
  readonly prefixCaching: boolean;
  /** Tokens of one KV page (vLLM `block_size`). */
  readonly blockTokens: number;
  /** KV pages the engine allocates, vLLM's null block included: one fewer is usable. */
  readonly blocks: number;
  /** Longest prompt + output the engine serves (vLLM `max_model_len`). */
  readonly contextLength: number;
}
