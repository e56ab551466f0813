import type { Speculation } from '../speculation.ts';
import type { TrtllmConfig } from './trtllmConfig.ts';

/** `max_seq_len`: what the server was told, as far as the KV pool reaches. */
function maxRequestTokens({ contextLength, blocks, blockTokens }: TrtllmConfig): number {
  return Math.min(contextLength, blocks * blockTokens);
}

/** Tokens a request may generate that asked for `asked`: the server cuts it to `max_seq_len`. */
export function mostNewTokens(config: TrtllmConfig, inputTokens: number, asked: number): number {
  return Math.min(asked, maxRequestTokens(config) - inputTokens);
}

/** Whether the server takes the request and lets it generate all its tokens. */
export function serves(config: TrtllmConfig, inputTokens: number, outputTokens: number): boolean {
  if (inputTokens + outputTokens > maxRequestTokens(config)) return false;
  if (verifiedTokens(config.speculation) > config.maxBatchedTokens) return false;
  // Prompts are cut at whole blocks.
  if (config.chunkedPrefill && config.blockTokens <= config.maxBatchedTokens) return true;
  // A paused request comes back with its output as part of its prompt.
  const recomputed = config.capacityPolicy === 'MAX_UTILIZATION' ? outputTokens - 1 : 0;
  return inputTokens + recomputed <= config.maxBatchedTokens;
}

/**
 * Tokens that a generation gets blocks for in a step: its last one and its drafts, and one-model drafters (MTP, EAGLE3) write
 * KV for all but one draft beyond (get_num_extra_kv_tokens).
 */
export function stepTokens(speculation: Speculation | null): number {
  if (speculation === null) return 1;
  const { method, draftTokens } = speculation;
  return 1 + draftTokens + (method === 'eagle' ? draftTokens - 1 : 0);
}

/** Tokens of a step that a generation computes. */
export function verifiedTokens(speculation: Speculation | null): number {
  return 1 + (speculation?.draftTokens ?? 0);
}

/** Requests of a rank that may be active: `max_batch_size` for each micro-batch of the pipeline (get_max_num_sequences). */
export function mostActive({ maxSequences, pipelineStages }: TrtllmConfig): number {
  return maxSequences * pipelineStages;
}
