import type { VllmConfig } from './vllmConfig.ts';

/** Whether an engine could ever serve the request: inside the context, and its KV inside the pool. */
export function fits(config: VllmConfig, inputTokens: number, outputTokens: number): boolean {
  const tokens = inputTokens + outputTokens;
  if (tokens > config.contextLength) return false;
  if (Math.ceil(tokens / config.blockTokens) > config.blocks - 1) return false;
  // Without chunking a (re-)computed context must fit one pass.
  return config.chunkedPrefill || tokens <= config.maxBatchedTokens;
}
