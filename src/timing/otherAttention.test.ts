import { describe, expect, it } from 'vitest';
import { BYTES_PER_GIB } from '../base/units.ts';
import { findHardware } from '../catalog/hardwareList.ts';
import { findModel } from '../catalog/models.ts';
import { attentionWindow } from './attentionWindow.ts';
import { kvBytesPerToken, linearStateBytes, windowedKvBytesPerToken } from './kvBytes.ts';
import { planMemory } from './memory.ts';
import { PassShape } from './passShape.ts';
import type { ReplicaSpec } from './replica.ts';
import { weightBytesPerGpu } from './replicaWeights.ts';
import { compileTimer } from './roofline.ts';

function spec(model: string, tensor: number): ReplicaSpec {
  return {
    model: findModel(model),
    hardware: findHardware('b200_sxm'),
    parallelism: { tensor, pipeline: 1, attentionData: 1, moeTensor: tensor, moeExpert: 1 },
    weightDtype: 'fp8_block',
    expertDtype: 'fp8_block',
    kvDtype: 'bf16',
  };
}
const hybrid = spec('Qwen/Qwen3.5-397B-A17B', 4);
const sparse = spec('zai-org/GLM-5', 8);
const prompt = (window: number, tokens: number, prefix = 0) => {
  const shape = new PassShape(window);
  shape.addChunk(prefix, tokens, true);
  return shape;
};

describe('gated DeltaNet beside attention', () => {
  it('keeps KV in a quarter of the layers and a constant state in the others', () => {
    // 15 layers, 2 KV heads of 256, keys and values, two bytes; the state is 64 heads of 128 x 128 float32 and a convolution.
    expect(kvBytesPerToken(hybrid.model, 'bf16', 1)).toBe(15 * 2 * 2 * 256 * 2);
    expect(linearStateBytes(hybrid.model, 1)).toBe(45 * (64 * 128 * 128 * 4 + (2 * 16 + 64) * 128 * 3 * 2));
    expect(linearStateBytes(hybrid.model, 4)).toBe(linearStateBytes(hybrid.model, 1) / 4);
  });

  it('sets the state aside for every sequence that may run', () => {
    const request = {
      accounting: 'vllm' as const,
      capacity: { memoryFraction: 0.9 },
      blockTokens: 64,
      maxBatchedTokens: 8192,
      contextLength: 10_000,
    };
    const reserve = (maxSequences: number) => planMemory(hybrid, { ...request, maxSequences }).reservedBytesPerGpu;
    expect(reserve(65) - reserve(1)).toBeCloseTo(64 * linearStateBytes(hybrid.model, 4), 0);
  });

  it('costs a decode its state at every step, and a context token a fourth of the layers', () => {
    const timer = compileTimer(hybrid);
    const stateMs = (2 * linearStateBytes(hybrid.model, 4)) / 7.7e12 / 1e-3;
    const added = (timer.decodeNs(129, 1000, 0) - timer.decodeNs(128, 1000, 0)) / 1e6;
    expect(added).toBeGreaterThan(stateMs);
    const perToken = (timer.decodeNs(8, 2e6, 0) - timer.decodeNs(8, 1e6, 0)) / 1e6;
    // One KV head a rank.
    expect(perToken / ((15 * 2 * 256 * 2) / 7700)).toBeGreaterThan(1);
    expect(perToken / ((15 * 2 * 256 * 2) / 7700)).toBeLessThan(1.6);
  });
});

describe('sparse latent attention', () => {
  it('counts its index keys as cache, and no layer as windowed', () => {
    expect(attentionWindow(sparse.model)).toBe(2048);
    expect(kvBytesPerToken(sparse.model, 'bf16', 8)).toBe(78 * (576 * 2 + 132));
    expect(windowedKvBytesPerToken(sparse.model, 'bf16', 8)).toBe(0);
  });

  it('attends to no more than the chosen tokens and scores the rest', () => {
    const timer = compileTimer(sparse);
    const near = timer.decodeNs(8, 8 * 2048, 8 * 2048);
    const scored = timer.decodeNs(8, 8 * 100_000, 8 * 2048) - near;
    const attended = timer.decodeNs(8, 8 * 100_000, 8 * 100_000) - near;
    expect(scored).toBeGreaterThan(0);
    expect(attended).toBeGreaterThan(5 * scored);
  });

  it('grows less with the context before a chunk than full attention', () => {
    const full = compileTimer({ ...sparse, model: { ...sparse.model, attention: withoutIndexer() } });
    const growth = (timer: ReturnType<typeof compileTimer>) =>
      timer.passNs(prompt(timer.window, 8192, 120_000)) / timer.passNs(prompt(timer.window, 8192));
    expect(growth(compileTimer(sparse))).toBeLessThan(0.8 * growth(full));
  });

  function withoutIndexer() {
    const { attention } = sparse.model;
    if (attention.kind !== 'mla') throw new Error('not MLA');
    return { ...attention, indexer: null };
  }
});

describe('pipeline stages', () => {
  it('hold the layers of the fullest stage, with the head or the embedding', () => {
    const whole = spec('meta-llama/Llama-3.1-70B', 1);
    const dense = { ...whole, parallelism: { ...whole.parallelism, moeTensor: 1 }, weightDtype: 'bf16' as const };
    const staged = { ...dense, parallelism: { ...dense.parallelism, pipeline: 4 } };
    const layers = 80 * (8192 * 8192 * 2 + 2 * 8192 * 1024 + 3 * 8192 * 28_672) * 2;
    expect(weightBytesPerGpu(staged) / BYTES_PER_GIB).toBeCloseTo((layers / 4 + 128_256 * 8192 * 2) / BYTES_PER_GIB, 6);
    const request = {
      accounting: 'vllm' as const,
      capacity: { memoryFraction: 0.9 },
      blockTokens: 16,
      maxBatchedTokens: 8192,
      maxSequences: 64,
      contextLength: 8192,
    };
    expect(planMemory(staged, request).kvBytesPerTokenPerGpu).toBe(
      planMemory(dense, request).kvBytesPerTokenPerGpu / 4,
    );
  });
});
