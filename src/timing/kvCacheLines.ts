/**
 * A KV cache in the words of vLLM's start-up log, so that it can be held against a real one. As there, the null block
 * counts. All attention-DP ranks of a replica together.
 * @param blocks whole replica, the null block included
 */
export function kvCacheLines(blocks: number, blockTokens: number, contextLength: number): string[] {
  const concurrency = blocks / Math.ceil(contextLength / blockTokens);
  return [
    `GPU KV cache size: ${grouped(blocks * blockTokens)} tokens`,
    `Maximum concurrency for ${grouped(contextLength)} tokens per request: ${concurrency.toFixed(2)}x`,
  ];
}

/** 1234567 as `1,234,567`, whatever the locale. */
function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}
