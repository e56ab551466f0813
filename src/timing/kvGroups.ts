import { attentionLayers } from '../catalog/model.ts';
import { attentionLayerBytes, linearStateBytes } from './kvBytes.ts';
import { admissionCap, type KvGroup } from './kvGroup.ts';
import type { ReplicaSpec } from './replica.ts';

/** What of an engine's settings the groups depend on. */
export interface KvGroupRequest {
  /** Tokens of a page as asked for; a model with recurrent states may need larger ones. */
  readonly blockTokens: number;
  readonly prefixCaching: boolean;
  readonly contextLength: number;
  /** Drafts come from an EAGLE or MTP head, which needs the last page of a hit recomputed. */
  readonly dropsLastHit: boolean;
  /** Draft tokens a pass, 0 without speculation. */
  readonly draftTokens: number;
  /** Tokens of one rank's batch times batches in flight: how far ahead of its window a request may be. */
  readonly inFlightTokens: number;
}

/** A model's layers as vLLM pages them. */
export interface KvGroups {
  /** Full attention first. */
  readonly groups: readonly KvGroup[];
  /** Bytes on one GPU of one block: a page in each layer of a group. */
  readonly blockBytes: number;
}

/** A bucket at most this much larger than the smallest is padded to one group rather than split. */
const PADDED = 1.5;

/** Attention pages grow in steps of so many tokens until a state fits one (vLLM kernel block alignment). */
const PAGE_STEP = 16;

/**
 * vLLM's KV cache groups (kv_cache_utils.py at 017e9f4): layers that page alike form buckets; each bucket is cut in groups as
 * large as the smallest bucket (or as the largest, when they are nearly equal), so that one block fits any group. A state
 * takes a page of attention, which grows until it fits.
 */
export function kvGroupsOf(spec: ReplicaSpec, request: KvGroupRequest): KvGroups {
  const { model, kvDtype } = spec;
  const { tensor } = spec.parallelism;
  const { attention, linear } = model;
  const windowed = attention.kind === 'gqa' && attention.slidingWindow !== null ? attention.windowedLayers : 0;
  const states = linear?.layers ?? 0;
  const perToken = attentionLayerBytes(model, kvDtype, tensor);
  const perState = states === 0 ? 0 : linearStateBytes(model, tensor) / states;
  const blockTokens = Math.max(request.blockTokens, PAGE_STEP * Math.ceil(perState / (PAGE_STEP * perToken)));
  const { dropsLastHit } = request;
  const buckets: { layers: number; group: KvGroup }[] = [
    { layers: attentionLayers(model) - windowed, group: { kind: 'full', blockTokens, dropsLastHit } },
    {
      layers: windowed,
      group: {
        kind: 'window',
        blockTokens,
        dropsLastHit,
        window: attention.kind === 'gqa' ? (attention.slidingWindow ?? 0) : 0,
      },
    },
    {
      layers: states,
      group: {
        kind: 'state',
        // States at page ends are kept for hits; without caching one state is as long as the context.
        blockTokens: request.prefixCaching ? blockTokens : request.contextLength,
        aligned: request.prefixCaching,
        draftBlocks: request.draftTokens,
        dropsLastHit,
      },
    },
  ];
  const used = buckets.filter(({ layers }) => layers > 0);
  const layersPerGroup = groupSize(used.map(({ layers }) => layers));
  const groups = used.flatMap(({ layers, group }) =>
    Array.from({ length: Math.ceil(layers / layersPerGroup) }, () => group),
  );
  return { groups, blockBytes: blockTokens * perToken * layersPerGroup };
}

function groupSize(layers: readonly number[]): number {
  const smallest = Math.min(...layers);
  const largest = Math.max(...layers);
  return largest < PADDED * smallest ? largest : smallest;
}

/**
 * Blocks that one request of `contextLength` tokens can come to hold in all groups together: what vLLM divides the pool by
 * for "Maximum concurrency". `inFlightTokens`: tokens of a batch times batches in flight.
 */
export function blocksPerRequest(groups: readonly KvGroup[], contextLength: number, inFlightTokens: number): number {
  return groups.reduce((blocks, group) => {
    // An aligned state: the running one, the one it was copied from, and those of the drafts.
    if (group.kind === 'state') return blocks + (group.aligned ? 2 : 1) + group.draftBlocks;
    const cap = admissionCap(group, inFlightTokens, contextLength);
    return blocks + (cap === Number.POSITIVE_INFINITY ? Math.ceil(contextLength / group.blockTokens) : cap);
  }, 0);
}
