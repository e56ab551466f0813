import type { KvLayout } from '../../kv/kvLayout.ts';
import { batchesInFlight, type VllmConfig } from './vllmConfig.ts';

/** What a rank's KV manager is made for. */
export function kvLayoutOf(config: VllmConfig): KvLayout {
  const { semantics, speculation, blockTokens } = config;
  const dropsLastHit = speculation !== null && speculation.method === 'eagle';
  return {
    groups: config.kvGroups ?? [{ kind: 'full', blockTokens, dropsLastHit }],
    blocks: config.blocks,
    contextLength: config.contextLength,
    inFlightTokens: config.maxBatchedTokens * batchesInFlight(config),
    prefixCaching: config.prefixCaching,
    unhashedFreedFirst: semantics.unhashedFreedFirst,
    retentionTokens: semantics.windowRetentionTokens,
  };
}
