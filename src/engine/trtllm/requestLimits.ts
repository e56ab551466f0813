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
  if (config.chunkedPrefill) return true;
  // A paused request comes back with its output as part of its prompt.
  const recomputed = config.capacityPolicy === 'MAX_UTILIZATION' ? outputTokens - 1 : 0;
  return inputTokens + recomputed <= config.maxBatchedTokens;
}
