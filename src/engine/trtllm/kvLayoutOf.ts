import type { KvLayout } from '../../kv/kvLayout.ts';
import type { TrtllmConfig } from './trtllmConfig.ts';

/** What a rank's KV manager is made for. It keeps one block back, which this engine does not. */
export function kvLayoutOf({
  blocks,
  blockTokens,
  contextLength,
  maxBatchedTokens,
  overlap,
  prefixCaching,
}: TrtllmConfig): KvLayout {
  return {
    groups: [{ kind: 'full', blockTokens, dropsLastHit: false }],
    blocks: blocks + 1,
    contextLength,
    inFlightTokens: maxBatchedTokens * (overlap ? 2 : 1),
    prefixCaching,
    unhashedFreedFirst: true,
    retentionTokens: null,
  };
}
