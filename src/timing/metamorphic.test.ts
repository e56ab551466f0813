/** What must hold of pass times whatever the coefficients are. */
import { describe, expect, it } from 'vitest';
import { findHardware } from '../catalog/hardwareList.ts';
import type { WeightDtype } from '../catalog/model.ts';
import { findModel } from '../catalog/models.ts';
import { PassShape } from './passShape.ts';
import type { Parallelism, ReplicaSpec } from './replica.ts';
import { compileTimer } from './roofline.ts';

function timer(model: string, hardware: string, tensor: number, dtype: WeightDtype, change: Partial<Parallelism> = {}) {
  const isMoe = findModel(model).moe !== null;
  const spec: ReplicaSpec = {
    model: findModel(model),
    hardware: findHardware(hardware),
    parallelism: { tensor, pipeline: 1, attentionData: 1, moeTensor: isMoe ? tensor : 1, moeExpert: 1, ...change },
    weightDtype: dtype,
    expertDtype: dtype,
    kvDtype: 'bf16',
  };
  const compiled = compileTimer(spec);
  return {
    prefillNs(tokens: number) {
      const shape = new PassShape(compiled.window);
      shape.addChunk(0, tokens, true);
      return compiled.passNs(shape);
    },
    decodeNs: (sequences: number, context: number) =>
      compiled.decodeNs(sequences, sequences * context, sequences * Math.min(context, compiled.window || context)),
  };
}

const DENSE = ['meta-llama/Llama-3.1-8B', 'meta-llama/Llama-3.1-70B', 'Qwen/Qwen3-32B'];
const MOE = ['Qwen/Qwen3-235B-A22B', 'deepseek-ai/DeepSeek-V3', 'openai/gpt-oss-120b'];

describe('H100 to H200: the same FLOP/s, 1.43 times the bandwidth', () => {
  it.each([...DENSE, ...MOE])('speeds up decoding of %s and hardly its prefill', (model) => {
    const [h100, h200] = ['h100_sxm', 'h200_sxm'].map((gpu) => timer(model, gpu, 4, 'fp8'));
    const decode = h200.decodeNs(64, 8192) / h100.decodeNs(64, 8192);
    const prefill = h200.prefillNs(8192) / h100.prefillNs(8192);
    expect(decode).toBeGreaterThan(3.35 / 4.8);
    expect(decode).toBeLessThan(0.88);
    expect(prefill).toBeGreaterThan(0.85);
    expect(prefill).toBeLessThanOrEqual(1);
    expect(decode).toBeLessThan(prefill);
  });
});

describe('doubling tensor parallelism', () => {
  it.each(
    DENSE.flatMap((model) => ['h100_sxm', 'b200_sxm'].map((gpu) => [model, gpu])),
  )('never slows a large prefill of %s on %s, nor makes it more than twice as fast', (model, gpu) => {
    const times = [1, 2, 4, 8].map((tensor) => timer(model, gpu, tensor, 'bf16').prefillNs(16_384));
    for (let index = 1; index < times.length; index++) {
      expect(times[index]).toBeLessThan(times[index - 1]);
      expect(times[index]).toBeGreaterThan(times[index - 1] / 2);
    }
  });
});

describe('fp8 weights', () => {
  it.each(
    [...DENSE, ...MOE].flatMap((model) => ['h100_sxm', 'b200_sxm', 'a100_sxm'].map((gpu) => [model, gpu])),
  )('are never slower than bf16 for %s on %s', (model, gpu) => {
    const [fp8, bf16] = (['fp8', 'bf16'] as const).map((dtype) => timer(model, gpu, 8, dtype));
    for (const count of [1, 3, 16, 100, 512, 2048]) {
      expect(fp8.prefillNs(count)).toBeLessThanOrEqual(bf16.prefillNs(count));
      expect(fp8.decodeNs(count, 2048)).toBeLessThanOrEqual(bf16.decodeNs(count, 2048));
    }
  });
});

describe('more of anything', () => {
  it.each([...DENSE, ...MOE])('takes no less time: tokens, sequences, context of %s', (model) => {
    const one = timer(model, 'h100_sxm', 8, 'fp8');
    const counts = [1, 2, 5, 17, 64, 200, 1000];
    for (let index = 1; index < counts.length; index++) {
      const [fewer, more] = [counts[index - 1], counts[index]];
      expect(one.prefillNs(more)).toBeGreaterThanOrEqual(one.prefillNs(fewer));
      expect(one.decodeNs(more, 1000)).toBeGreaterThanOrEqual(one.decodeNs(fewer, 1000));
      expect(one.decodeNs(8, more * 10)).toBeGreaterThanOrEqual(one.decodeNs(8, fewer * 10));
    }
  });

  it('costs a rank of experts more when fewer ranks share them, and never less than a fair share', () => {
    const times = [1, 2, 4, 8].map((moeExpert) =>
      timer('deepseek-ai/DeepSeek-V3', 'h200_sxm', 8, 'fp8', { moeTensor: 8 / moeExpert, moeExpert }).decodeNs(4, 500),
    );
    // A few tokens wake few experts, and the busiest expert rank is waited for: whole experts balance worse than slices.
    for (let index = 1; index < times.length; index++) expect(times[index]).toBeGreaterThanOrEqual(times[0]);
  });
});
