import type { KvLayout } from '../../kv/kvLayout.ts';
import type { VllmConfig } from './vllmConfig.ts';

/** What a rank's KV manager is made for. */
export function kvLayoutOf(config: VllmConfig): KvLayout {
  const { semantics, pipelineStages, speculation, blockTokens } = config;
  const batchesInFlight = config.asyncScheduling ? Math.max(2, pipelineStages) : pipelineStages;
  const dropsLastHit = speculation !== null && speculation.method === 'eagle';
  return {
    groups: config.kvGroups ?? [{ kind: 'full', blockTokens, dropsLastHit }],
    blocks: config.blocks,
    contextLength: config.contextLength,
    inFlightTokens: config.maxBatchedTokens * batchesInFlight,
    prefixCaching: config.prefixCaching,
    unhashedFreedFirst: semantics.unhashedFreedFirst,
    retentionTokens: semantics.windowRetentionTokens,
  };
}
