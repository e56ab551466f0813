/**
 * Tokens that a prompt's first chunk computes after `reused` cached ones: the chunk moves along with them, up to the prompt's
 * end or else to a block's (`setPrepopulatedPromptLen` in llmRequest.h).
 */
export function firstChunk(chunk: number, reused: number, promptTokens: number, blockTokens: number): number {
  if (reused === 0) return chunk;
  const end = reused + chunk;
  if (end >= promptTokens) return promptTokens - reused;
  return Math.floor(end / blockTokens) * blockTokens - reused;
}
