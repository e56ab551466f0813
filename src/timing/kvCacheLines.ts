import type { KvGroup } from './kvGroup.ts';
import { blocksPerRequest } from './kvGroups.ts';

/**
 * A KV cache in the words of vLLM's start-up log, so that it can be held against a real one: as many tokens as that many
 * requests of full length have (since 2026-06-12; before, the blocks of one group). As there, the null block counts.
 * @param blocks of one attention-DP rank, each of which prints its own; the null block included
 * @param inFlightTokens tokens of a batch times batches in flight; matters to windows only
 */
export function kvCacheLines(
  blocks: number,
  groups: readonly KvGroup[],
  contextLength: number,
  inFlightTokens: number,
): string[] {
  const concurrency = blocks / blocksPerRequest(groups, contextLength, inFlightTokens);
  return [
    `GPU KV cache size: ${grouped(Math.floor(concurrency * contextLength))} tokens`,
    `Maximum concurrency for ${grouped(contextLength)} tokens per request: ${concurrency.toFixed(2)}x`,
  ];
}

/** 1234567 as `1,234,567`, whatever the locale. */
function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}
