import { admissionCap } from '../../timing/kvGroup.ts';
import { lookaheadOf } from '../speculation.ts';
import { kvLayoutOf } from './kvLayoutOf.ts';
import { draftSlotsOf, type VllmConfig } from './vllmConfig.ts';

/** Whether an engine could ever serve the request: inside the context, and its KV inside the pool. */
export function fits(config: VllmConfig, inputTokens: number, outputTokens: number): boolean {
  const tokens = inputTokens + outputTokens;
  if (tokens > config.contextLength) return false;
  if (blocksOf(config, Math.min(tokens + draftRoom(config), config.contextLength)) > config.blocks - 1) return false;
  // Without chunking a (re-)computed context must fit one pass.
  return config.chunkedPrefill || tokens + draftSlotsOf(config) <= config.maxBatchedTokens;
}

/** Tokens past its own that a request wants room for: drafts of its passes in flight, and of the next ones. */
function draftRoom({ speculation, asyncScheduling }: VllmConfig): number {
  if (speculation === null) return 0;
  return speculation.draftTokens * (asyncScheduling ? 2 : 1) + lookaheadOf(speculation);
}

/** Blocks that a request of `tokens` tokens comes to hold at most. */
function blocksOf(config: VllmConfig, tokens: number): number {
  const { groups, inFlightTokens, contextLength } = kvLayoutOf(config);
  return groups.reduce((blocks, group) => {
    const all = Math.ceil(tokens / group.blockTokens);
    if (group.kind === 'state') return blocks + Math.min(all, 2) + group.draftBlocks;
    return blocks + Math.min(all, admissionCap(group, inFlightTokens, contextLength));
  }, 0);
}
