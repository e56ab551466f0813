import { describe, expect, it } from 'vitest';
import { BYTES_PER_GIB } from '../base/units.ts';
import { findHardware } from '../catalog/hardwareList.ts';
import { findModel } from '../catalog/models.ts';
import { kvCacheLines } from './kvCacheLines.ts';
import type { KvGroup } from './kvGroup.ts';
import { blocksPerRequest, type KvGroupRequest, kvGroupsOf } from './kvGroups.ts';
import { planMemory } from './memory.ts';
import type { ReplicaSpec } from './replica.ts';

const request: KvGroupRequest = {
  blockTokens: 16,
  prefixCaching: true,
  contextLength: 131_072,
  dropsLastHit: false,
  draftTokens: 0,
  inFlightTokens: 8192,
};

function spec(id: string, tensor: number, hardware = 'h100_sxm'): ReplicaSpec {
  const model = findModel(id);
  return {
    model,
    hardware: findHardware(hardware),
    parallelism: { tensor, pipeline: 1, attentionData: 1, moeTensor: model.moe === null ? 1 : tensor, moeExpert: 1 },
    weightDtype: model.checkpointDtype,
    expertDtype: model.expertDtype ?? model.checkpointDtype,
    kvDtype: 'bf16',
  };
}

const kinds = (groups: readonly KvGroup[]): string[] => groups.map(({ kind }) => kind);
/** A dense model of `full` layers that see everything and `windowed` that see 1024 tokens. */
const mixed = (full: number, windowed: number): ReplicaSpec => {
  const made = spec('openai/gpt-oss-120b', 1);
  const { attention } = made.model;
  if (attention.kind !== 'gqa') throw new Error('gpt-oss has grouped-query attention');
  return {
    ...made,
    model: {
      ...made.model,
      layers: full + windowed,
      attention: { ...attention, slidingWindow: 1024, windowedLayers: windowed },
    },
  };
};

describe('KV cache groups of vLLM (kv_cache_utils.py)', () => {
  it('are one where all layers are alike', () => {
    const { groups, blockBytes } = kvGroupsOf(spec('meta-llama/Llama-3.1-8B', 1), request);
    expect(groups).toEqual([{ kind: 'full', blockTokens: 16, dropsLastHit: false }]);
    expect(blockBytes).toBe(16 * 128 * 1024);
  });

  it('split gpt-oss in its 18 full and 18 windowed layers', () => {
    const { groups, blockBytes } = kvGroupsOf(spec('openai/gpt-oss-120b', 1), request);
    expect(kinds(groups)).toEqual(['full', 'window']);
    expect(groups[1]).toMatchObject({ window: 128, blockTokens: 16 });
    // 18 layers of 8 heads of 64, keys and values in two bytes.
    expect(blockBytes).toBe(16 * 18 * 2 * 8 * 64 * 2);
    // ceil((127 + 8192) / 16) + 1 for the window.
    expect(blocksPerRequest(groups, 131_072, 8192)).toBe(8192 + 521);
  });

  it('are as large as the smallest bucket, or as the largest if that is less than half as large again', () => {
    const of = (full: number, windowed: number) => kvGroupsOf(mixed(full, windowed), request);
    const perLayer = 16 * 2 * 8 * 64 * 2;
    // Gemma-3-27B: 10 full layers of 62.
    expect(kinds(of(10, 52).groups)).toEqual(['full', ...Array(6).fill('window')]);
    expect(of(10, 52).blockBytes).toBe(10 * perLayer);
    expect(kinds(of(20, 29).groups)).toEqual(['full', 'window']);
    expect(of(20, 29).blockBytes).toBe(29 * perLayer);
    expect(kinds(of(20, 30).groups)).toEqual(['full', 'window', 'window']);
  });

  it('give a state a page of attention, which grows until it fits', () => {
    // Qwen3.5-397B on 4 GPUs: one KV head of 256 a GPU is 1024 bytes a token; a state of 16 heads of 128 x 128 float32
    // and its convolution 1,067,008 bytes: 1042 tokens, in steps of 16.
    const { groups, blockBytes } = kvGroupsOf(spec('Qwen/Qwen3.5-397B-A17B', 4), request);
    expect(kinds(groups)).toEqual(['full', 'state', 'state', 'state']);
    expect(groups.map(({ blockTokens }) => blockTokens)).toEqual([1056, 1056, 1056, 1056]);
    expect(blockBytes).toBe(1056 * 1024 * 15);
    expect(blocksPerRequest(groups, 131_072, 8192)).toBe(Math.ceil(131_072 / 1056) + 3 * 2);
    const plain = kvGroupsOf(spec('Qwen/Qwen3.5-397B-A17B', 4), { ...request, prefixCaching: false, draftTokens: 2 });
    expect(plain.groups[1]).toMatchObject({ aligned: false, blockTokens: 131_072, draftBlocks: 2 });
    expect(blocksPerRequest(plain.groups, 131_072, 8192)).toBe(Math.ceil(131_072 / 1056) + 3 * 3);
  });
});

describe('capacity in the words of vLLM', () => {
  const full: KvGroup = { kind: 'full', blockTokens: 16, dropsLastHit: false };
  const window: KvGroup = { kind: 'window', blockTokens: 16, window: 1024, dropsLastHit: false };

  it.each<[number, KvGroup[], string, string]>([
    [1536, [full], '24,576', '1.50'],
    [387, [window], '49,152', '3.00'],
    [3459, [full, window], '49,152', '3.00'],
  ])('%i blocks: test_kv_cache_utils.py::test_get_max_concurrency_for_kv_cache_config', (blocks, groups, tokens, times) => {
    expect(kvCacheLines(blocks, groups, 16_384, 1024)).toEqual([
      `GPU KV cache size: ${tokens} tokens`,
      `Maximum concurrency for 16,384 tokens per request: ${times}x`,
    ]);
  });

  it('fills the GPU with blocks of a group and sets nothing aside', () => {
    const oss = spec('openai/gpt-oss-120b', 1);
    const given = {
      accounting: 'vllm',
      blockTokens: 16,
      maxBatchedTokens: 8192,
      maxSequences: 1024,
      contextLength: 131_072,
    } as const;
    const plan = planMemory(oss, { ...given, capacity: { memoryFraction: 0.9 }, groups: request });
    const { blockBytes } = kvGroupsOf(oss, request);
    expect(plan.blocks).toBe(Math.floor(plan.availableKvBytesPerGpu / blockBytes));
    const llama = planMemory(spec('meta-llama/Llama-3.1-8B', 1), { ...given, capacity: { memoryFraction: 0.9 } });
    expect(plan.reservedBytesPerGpu).toBe(llama.reservedBytesPerGpu);
    // A request of full length takes 8192 + 521 blocks where full attention everywhere took twice 8192.
    const concurrency = plan.blocks / blocksPerRequest(plan.groups, 131_072, 8192);
    const dense = plan.availableKvBytesPerGpu / (131_072 * 36 * 2 * 8 * 64 * 2);
    expect(concurrency / dense).toBeCloseTo((2 * 8192) / (8192 + 521), 3);
    expect(plan.missingBytesPerGpu).toBe(0);
    expect(plan.availableKvBytesPerGpu / BYTES_PER_GIB).toBeGreaterThan(1);
  });

  it('counts what a request of full length needs in every group', () => {
    const oss = spec('openai/gpt-oss-120b', 1, 'h100_sxm');
    const given = {
      accounting: 'vllm',
      blockTokens: 16,
      maxBatchedTokens: 8192,
      maxSequences: 1024,
      contextLength: 131_072,
    } as const;
    const short = planMemory(oss, { ...given, capacity: { memoryFraction: 0.82 }, groups: request });
    const { blockBytes } = kvGroupsOf(oss, request);
    expect(short.fits).toBe(short.blocks >= 8192 + 521 + 1);
    const short2 = planMemory(oss, { ...given, capacity: { memoryFraction: 0.5 }, groups: request });
    expect(short2.missingBytesPerGpu).toBeCloseTo((8192 + 521 + 1) * blockBytes - short2.availableKvBytesPerGpu, 0);
  });
});
