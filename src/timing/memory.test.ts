import { describe, expect, it } from 'vitest';
import { BYTES_PER_GIB } from '../base/units.ts';
import { findHardware } from '../catalog/hardwareList.ts';
import { findModel, listModels } from '../catalog/models.ts';
import { weightBytes } from '../catalog/weights.ts';
import { kvBytesPerToken, kvTransferBytesPerToken, windowedKvBytesPerToken } from './kvBytes.ts';
import { kvCacheLines } from './kvCacheLines.ts';
import { type MemoryRequest, planMemory, smallestTensorThatFits } from './memory.ts';
import type { ReplicaSpec } from './replica.ts';
import { weightBytesPerGpu } from './replicaWeights.ts';

const request: MemoryRequest = {
  accounting: 'vllm',
  capacity: { memoryFraction: 0.9 },
  blockTokens: 16,
  maxBatchedTokens: 8192,
  maxSequences: 256,
  contextLength: 131_072,
};

function spec(model: string, hardware: string, tensor: number, change: Partial<ReplicaSpec> = {}): ReplicaSpec {
  const facts = findModel(model);
  const dtype = facts.checkpointDtype;
  return {
    model: facts,
    hardware: findHardware(hardware),
    parallelism: { tensor, pipeline: 1, attentionData: 1, moeTensor: facts.moe === null ? 1 : tensor, moeExpert: 1 },
    weightDtype: dtype,
    expertDtype: facts.expertDtype ?? dtype,
    kvDtype: 'bf16',
    ...change,
  };
}

describe('KV bytes', () => {
  it('are the published KiB a token in bf16', () => {
    const kib = (id: string) => {
      const model = findModel(id);
      return (kvBytesPerToken(model, 'bf16', 1) + windowedKvBytesPerToken(model, 'bf16', 1)) / 1024;
    };
    expect(kib('meta-llama/Llama-3.1-8B')).toBe(128);
    expect(kib('meta-llama/Llama-3.1-70B')).toBe(320);
    expect(kib('Qwen/Qwen3-235B-A22B')).toBe(188);
    expect(kib('deepseek-ai/DeepSeek-V3')).toBeCloseTo(68.6, 1);
    expect(kib('openai/gpt-oss-120b')).toBe(72);
    expect(windowedKvBytesPerToken(findModel('openai/gpt-oss-120b'), 'bf16', 1)).toBe(36 * 1024);
  });

  it('shard GQA down to one head a rank and MLA not at all', () => {
    const qwen = findModel('Qwen/Qwen3-235B-A22B');
    expect(kvBytesPerToken(qwen, 'fp8', 2)).toBe(kvBytesPerToken(qwen, 'fp8', 1) / 2);
    expect(kvBytesPerToken(qwen, 'fp8', 8)).toBe(kvBytesPerToken(qwen, 'fp8', 4));
    const deepseek = findModel('deepseek-ai/DeepSeek-V3');
    expect(kvBytesPerToken(deepseek, 'fp8', 8)).toBe(61 * 576);
    // Eight ranks of Qwen hold each of four heads twice, but send it once.
    expect(kvTransferBytesPerToken(spec('Qwen/Qwen3-235B-A22B', 'h200_sxm', 8))).toBe(188 * 1024);
    expect(kvTransferBytesPerToken(spec('deepseek-ai/DeepSeek-V3', 'h200_sxm', 8))).toBe(61 * 576 * 2);
  });
});

describe('weights', () => {
  it('on one GPU are the whole model, MLA excepted for its absorbed copy', () => {
    for (const model of listModels()) {
      if (model.attention.kind === 'mla') continue;
      const dtype = model.checkpointDtype;
      const whole = spec(model.id, 'h200_sxm', 1);
      expect(weightBytesPerGpu(whole) / weightBytes(model, dtype, model.expertDtype ?? dtype)).toBeCloseTo(1, 6);
    }
  });

  it('are what vLLM prints: 14.99 GiB for Llama-3.1-8B in bf16', () => {
    expect(weightBytesPerGpu(spec('meta-llama/Llama-3.1-8B', 'h100_sxm', 1)) / BYTES_PER_GIB).toBeCloseTo(14.96, 1);
  });

  it('copy attention over data-parallel ranks and spread experts', () => {
    const tensor = spec('deepseek-ai/DeepSeek-V3', 'h200_sxm', 8);
    const parallelism = { tensor: 1, pipeline: 1, attentionData: 8, moeTensor: 1, moeExpert: 8 };
    const data = { ...tensor, parallelism };
    // 671e9 fp8 weights: an eighth is 78 GiB; data parallelism adds the other seven eighths of attention, 11.4e9 weights.
    expect(weightBytesPerGpu(tensor) / BYTES_PER_GIB).toBeGreaterThan(78);
    expect(weightBytesPerGpu(tensor) / BYTES_PER_GIB).toBeLessThan(82);
    const extra = (weightBytesPerGpu(data) - weightBytesPerGpu(tensor)) / BYTES_PER_GIB;
    expect(extra).toBeGreaterThan(9);
    expect(extra).toBeLessThan(20);
  });
});

describe('memory plan', () => {
  it('gives Llama-3.1-8B on an H100 the cache that vLLM logs show: about 54 GiB, 445,000 tokens', () => {
    const plan = planMemory(spec('meta-llama/Llama-3.1-8B', 'h100_sxm', 1), request);
    expect(plan.fits).toBe(true);
    expect(plan.activationBytesPerGpu / BYTES_PER_GIB).toBeGreaterThan(0.9);
    expect(plan.activationBytesPerGpu / BYTES_PER_GIB).toBeLessThan(1.4);
    expect((plan.blocks * 16) / 445_000).toBeCloseTo(1, 1);
    expect(plan.blocks * 16 * 131_072).toBeLessThanOrEqual(plan.availableKvBytesPerGpu);
    expect((plan.blocks + 1) * 16 * 131_072).toBeGreaterThan(plan.availableKvBytesPerGpu);
    const tokens = (plan.blocks * 16).toLocaleString('en-US');
    expect(kvCacheLines(plan.blocks, plan.groups, 131_072, 8192)).toEqual([
      `GPU KV cache size: ${tokens} tokens`,
      `Maximum concurrency for 131,072 tokens per request: ${((plan.blocks * 16) / 131_072).toFixed(2)}x`,
    ]);
  });

  it('comes within 4 % of the tokens that SGLang printed for Qwen3-235B on four H100', () => {
    // 367,404 tokens at --mem-fraction-static 0.93: github.com/vllm-project/vllm/issues/21348.
    const plan = planMemory(
      spec('Qwen/Qwen3-235B-A22B', 'h100_sxm', 4, { weightDtype: 'fp8_block', expertDtype: 'fp8_block' }),
      { ...request, accounting: 'sglang', capacity: { memoryFraction: 0.93 }, blockTokens: 1, contextLength: 40_960 },
    );
    expect(plan.blocks / 367_404).toBeGreaterThan(0.96);
    expect(plan.blocks / 367_404).toBeLessThan(1.04);
  });

  it('comes within 13 % of what vLLM printed for the same in July 2025, whose profiling run sampled for 1,024 sequences', () => {
    const qwen = spec('Qwen/Qwen3-235B-A22B', 'h100_sxm', 4, { weightDtype: 'fp8_block', expertDtype: 'fp8_block' });
    const tokens = (samplerBytes: number, maxSequences: number) => {
      const asked = { ...request, accounting: 'vllm_without_graphs', maxSequences, contextLength: 40_960 } as const;
      return 16 * planMemory(qwen, { ...asked, samplerBytes }).blocks;
    };
    expect(tokens(44, 1024) / 178_880).toBeGreaterThan(0.96);
    expect(tokens(44, 1024) / 178_880).toBeLessThan(1.13);
    // Fewer sequences leave the forward pass as the peak.
    expect(tokens(44, 64)).toBe(tokens(0, 64));
  });

  it('says how much is missing, and the smallest tensor parallelism that fits', () => {
    const bf16 = spec('meta-llama/Llama-3.1-70B', 'h100_sxm', 1);
    const plan = planMemory(bf16, request);
    expect(plan.fits).toBe(false);
    expect(plan.blocks).toBe(0);
    // 131.4 GiB of weights and 40 GiB for one request of 131,072 tokens against 71.2 GiB.
    expect(plan.missingBytesPerGpu / BYTES_PER_GIB).toBeCloseTo(102.5, -1);
    expect(smallestTensorThatFits(bf16, request)).toBe(4);
    expect(smallestTensorThatFits({ ...bf16, weightDtype: 'fp8' }, request)).toBe(2);
    expect(smallestTensorThatFits(spec('deepseek-ai/DeepSeek-V3', 'l4', 1), request)).toBe(null);
  });

  it('shrinks the missing bytes to nothing exactly where it starts to fit', () => {
    const small = spec('meta-llama/Llama-3.1-8B', 'l4', 1);
    const short = planMemory(small, request);
    expect(short.fits).toBe(false);
    const memory = small.hardware.memoryMib;
    const grown = (missing: number) => ({
      ...small,
      hardware: { ...small.hardware, memoryMib: { ...memory, value: memory.value + missing / 0.9 / 2 ** 20 } },
    });
    const enough = planMemory(grown(short.missingBytesPerGpu + 1000), request);
    // One request's pages and the null block.
    expect([enough.fits, enough.blocks]).toEqual([true, 131_072 / 16 + 1]);
    expect(planMemory(grown(short.missingBytesPerGpu - 1000), request).fits).toBe(false);
  });

  it('counts a share as each engine does', () => {
    const llama = spec('meta-llama/Llama-3.1-8B', 'h100_sxm', 1);
    const gib = (accounting: MemoryRequest['accounting'], memoryFraction: number) =>
      planMemory(llama, { ...request, accounting, capacity: { memoryFraction } }).availableKvBytesPerGpu /
      BYTES_PER_GIB;
    // 81,559 MiB less the driver's 512 are 79.15 GiB; weights 14.99, context 0.25, graphs 0.75 GiB.
    const { activationBytesPerGpu } = planMemory(llama, request);
    const activations = activationBytesPerGpu / BYTES_PER_GIB;
    expect(gib('vllm', 0.9)).toBeCloseTo(79.15 * 0.9 - 14.99 - activations - 1, 1);
    expect(gib('vllm_without_graphs', 0.9) - gib('vllm', 0.9)).toBeCloseTo(0.75, 9);
    expect(gib('sglang', 0.9)).toBeCloseTo((79.15 - 0.25) * 0.9 - 14.99, 1);
    expect(gib('trtllm', 0.9)).toBeCloseTo((79.15 - 0.25 - 14.99 - activations) * 0.9, 1);
  });

  it('starts SGLang with any cache, the others only with room for one request', () => {
    const small = spec('meta-llama/Llama-3.1-8B', 'l4', 1);
    const fits = (accounting: MemoryRequest['accounting']) => planMemory(small, { ...request, accounting }).fits;
    expect([fits('vllm'), fits('sglang'), fits('trtllm')]).toEqual([false, true, false]);
    const bf16 = spec('meta-llama/Llama-3.1-70B', 'h100_sxm', 1);
    expect(planMemory(bf16, { ...request, accounting: 'sglang' }).fits).toBe(false);
  });

  it('sums attention-DP ranks', () => {
    const parallelism = { tensor: 1, pipeline: 1, attentionData: 8, moeTensor: 1, moeExpert: 8 };
    const data = spec('deepseek-ai/DeepSeek-V3', 'h200_sxm', 1, { parallelism });
    const plan = planMemory(data, request);
    expect(plan.blocks % 8).toBe(0);
    expect((plan.blocks / 8) * 16 * 61 * 576 * 2).toBeLessThanOrEqual(plan.availableKvBytesPerGpu);
    const tensor = planMemory(spec('deepseek-ai/DeepSeek-V3', 'h200_sxm', 8), request);
    expect(plan.blocks).toBeGreaterThan(4 * tensor.blocks);
  });

  it('sets windows aside, never more than their layers share', () => {
    const oss = spec('openai/gpt-oss-120b', 'h100_sxm', 1);
    const few = planMemory(oss, { ...request, maxSequences: 8, maxBatchedTokens: 2048 });
    // 8 x (128 + 16) + 2048 tokens of 18 layers at 36 KiB.
    const reserved = (8 * 144 + 2048) * 36 * 1024;
    const none = planMemory(spec('meta-llama/Llama-3.1-8B', 'h100_sxm', 1), request);
    expect(few.reservedBytesPerGpu - none.reservedBytesPerGpu).toBeCloseTo(reserved, 0);
    const many = planMemory(oss, { ...request, maxSequences: 1_000, maxBatchedTokens: 8192 });
    expect(many.reservedBytesPerGpu - none.reservedBytesPerGpu).toBeLessThanOrEqual(many.availableKvBytesPerGpu + 1);
  });

  it('takes a capacity given outright at its word', () => {
    const small = spec('meta-llama/Llama-3.1-70B', 'l4', 1);
    const given = (capacity: MemoryRequest['capacity']) => planMemory(small, { ...request, capacity });
    expect(given({ blocks: 100 })).toMatchObject({ blocks: 100, fits: true, missingBytesPerGpu: 0 });
    expect(given({ tokens: 1_000 }).blocks).toBe(62);
    expect(given({ bytes: 10 * 16 * 320 * 1024 + 5 }).blocks).toBe(10);
  });
});
