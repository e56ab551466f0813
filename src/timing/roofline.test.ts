import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findHardware } from '../catalog/hardwareList.ts';
import { findModel } from '../catalog/models.ts';
import { PassShape } from './passShape.ts';
import type { Parallelism, ReplicaSpec } from './replica.ts';
import { compileTimer } from './roofline.ts';
import { BOUNDS } from './stepTimer.ts';

const ONE_GPU: Parallelism = { tensor: 1, pipeline: 1, attentionData: 1, moeTensor: 1, moeExpert: 1 };

function spec(model: string, hardware: string, change: Partial<ReplicaSpec> = {}): ReplicaSpec {
  return {
    model: findModel(model),
    hardware: findHardware(hardware),
    parallelism: ONE_GPU,
    weightDtype: 'fp8',
    expertDtype: 'fp8',
    kvDtype: 'fp8',
    ...change,
  };
}

const dense = spec('meta-llama/Llama-3.1-8B', 'h100_sxm');
const windowed = spec('openai/gpt-oss-120b', 'h100_sxm', { weightDtype: 'bf16', expertDtype: 'mxfp4' });
const latent = spec('deepseek-ai/DeepSeek-V3', 'b200_sxm', {
  weightDtype: 'fp8_block',
  parallelism: { tensor: 1, pipeline: 1, attentionData: 8, moeTensor: 1, moeExpert: 8 },
});
const sharded = spec('Qwen/Qwen3-235B-A22B', 'h200_sxm', {
  parallelism: { tensor: 8, pipeline: 1, attentionData: 1, moeTensor: 1, moeExpert: 8 },
});
const specs = { dense, windowed, latent, sharded };

function chunkShape(window: number, prefix: number, tokens: number): PassShape {
  const shape = new PassShape(window);
  shape.addChunk(prefix, tokens, true);
  return shape;
}

describe.each(Object.entries(specs))('%s replica', (_, replica) => {
  const timer = compileTimer(replica);
  const window = timer.window;

  const batch = fc.record({
    contexts: fc.array(fc.integer({ min: 1, max: 100_000 }), { maxLength: 30 }),
    chunks: fc.array(
      fc.record({
        prefix: fc.integer({ min: 0, max: 50_000 }),
        tokens: fc.integer({ min: 1, max: 4_000 }),
        samples: fc.boolean(),
      }),
      { maxLength: 4 },
    ),
  });
  type Batch = { contexts: number[]; chunks: { prefix: number; tokens: number; samples: boolean }[] };

  function shapeOf(given: Batch): PassShape {
    const shape = new PassShape(window);
    const cut = given.contexts.map((context) => (window > 0 ? Math.min(context, window) : context));
    const total = (values: number[]) => values.reduce((sum, value) => sum + value, 0);
    shape.setDecodes(given.contexts.length, total(given.contexts), total(cut));
    for (const chunk of given.chunks) shape.addChunk(chunk.prefix, chunk.tokens, chunk.samples);
    return shape;
  }

  it('lasts a whole number of nanoseconds that no extra work shortens', () => {
    fc.assert(
      fc.property(batch, fc.nat(29), fc.integer({ min: 1, max: 5_000 }), (given, at, more) => {
        const base = timer.passNs(shapeOf(given));
        expect(Number.isInteger(base) && base >= 1).toBe(true);
        const longer: Batch[] = [
          { ...given, contexts: [...given.contexts, more] },
          { ...given, contexts: given.contexts.map((context, index) => (index === at ? context + more : context)) },
          { ...given, chunks: [...given.chunks, { prefix: 0, tokens: more, samples: false }] },
          { ...given, chunks: given.chunks.map((chunk) => ({ ...chunk, prefix: chunk.prefix + more })) },
          { ...given, chunks: given.chunks.map((chunk) => ({ ...chunk, tokens: chunk.tokens + more })) },
          { ...given, chunks: given.chunks.map((chunk) => ({ ...chunk, samples: true })) },
        ];
        for (const other of longer) expect(timer.passNs(shapeOf(other))).toBeGreaterThanOrEqual(base);
      }),
      { numRuns: 300 },
    );
  });

  it('times decodes alone to the same bits either way, however the tables were filled', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 1, max: 1e7 }), (sequences, context) => {
        const shape = new PassShape(window);
        const cut = Math.min(context, sequences * window);
        shape.setDecodes(sequences, context, cut);
        expect(timer.decodeNs(sequences, context, cut)).toBe(timer.passNs(shape));
        expect(compileTimer(replica).passNs(shape)).toBe(timer.passNs(shape));
      }),
      { numRuns: 200 },
    );
  });

  it('costs a mixed pass more than either part and less than both one after the other', () => {
    const decodes = new PassShape(window);
    decodes.setDecodes(16, 16 * 4000, 16 * Math.min(4000, window));
    const chunk = chunkShape(window, 0, 1500);
    const mixed = chunkShape(window, 0, 1500);
    mixed.setDecodes(16, 16 * 4000, 16 * Math.min(4000, window));
    const [a, b, both] = [decodes, chunk, mixed].map((shape) => timer.passNs(shape));
    expect(both).toBeGreaterThan(Math.max(a, b));
    expect(both).toBeLessThan(a + b);
  });
});

describe('physical limits', () => {
  it('does not read weights faster than HBM, nor far slower, when decoding one sequence', () => {
    const timer = compileTimer(spec('meta-llama/Llama-3.1-70B', 'h200_sxm'));
    // 70.6e9 fp8 weights less 1.05e9 of embedding, of which the head is bf16.
    const floorMs = ((70.6e9 - 2.1e9 + 2.1e9) / 4.8e12) * 1e3;
    const ms = timer.decodeNs(1, 1, 0) / 1e6;
    expect(ms).toBeGreaterThan(floorMs);
    expect(ms).toBeLessThan(2 * floorMs);
  });

  it('does not multiply faster than the tensor cores in a long prefill', () => {
    const timer = compileTimer(spec('meta-llama/Llama-3.1-70B', 'h100_sxm', { weightDtype: 'bf16' }));
    const flops = 2 * 68.5e9 * 16384;
    const peakMs = (flops / 989e12) * 1e3;
    const ms = timer.passNs(chunkShape(0, 0, 16384)) / 1e6;
    expect(ms).toBeGreaterThan(peakMs);
    // Measured prompts run at 40 to 60 % of the peak, everything of a pass included.
    expect(ms).toBeLessThan(2.5 * peakMs);
  });

  it('grows decode with the bytes of the KV it reads', () => {
    const timer = compileTimer(dense);
    const perTokenNs = (timer.decodeNs(8, 8e5, 0) - timer.decodeNs(8, 4e5, 0)) / 4e5;
    // 32 layers of 8 KV heads of 128, keys and values, one byte, at 3.35 TB/s.
    const idealNs = (32 * 2 * 8 * 128) / 3350;
    expect(perTokenNs).toBeGreaterThan(idealNs);
    expect(perTokenNs).toBeLessThan(1.6 * idealNs);
  });

  it('reads windowed layers no further than the window', () => {
    const timer = compileTimer(windowed);
    expect(timer.window).toBe(128);
    const slope = (timer.decodeNs(1, 120_000, 128) - timer.decodeNs(1, 20_000, 128)) / 100_000;
    const all = (timer.decodeNs(1, 120_000, 120_000) - timer.decodeNs(1, 20_000, 20_000)) / 100_000;
    expect(all / slope).toBeCloseTo(2, 3);
  });

  it('reads compressed KV whole on every tensor rank, and GQA heads once', () => {
    const latentSlope = (tensor: number) => {
      const timer = compileTimer({ ...latent, parallelism: { ...ONE_GPU, tensor, moeTensor: tensor } });
      return timer.decodeNs(4, 2e6, 0) - timer.decodeNs(4, 1e6, 0);
    };
    expect(latentSlope(8) / latentSlope(4)).toBeCloseTo(1, 1);
    const gqaSlope = (tensor: number) => {
      const timer = compileTimer({ ...sharded, parallelism: { ...ONE_GPU, tensor, moeExpert: tensor } });
      return timer.decodeNs(4, 2e6, 0) - timer.decodeNs(4, 1e6, 0);
    };
    // Qwen3-235B has 4 KV heads: 8 ranks hold one each, as 4 do.
    expect(gqaSlope(8) / gqaSlope(4)).toBeCloseTo(1, 6);
    expect(gqaSlope(4) / gqaSlope(2)).toBeCloseTo(0.5, 6);
  });

  it.each([
    'gather',
    'all_to_all',
  ] as const)('exchanges tokens (%s) over the network once a replica outgrows the scale-up domain, however few its data-parallel ranks', (moeExchange) => {
    const parallelism = { tensor: 8, pipeline: 1, attentionData: 2, moeTensor: 1, moeExpert: 16, moeExchange };
    const onDomain = (gpus: number) => {
      const scaleUpDomain = { value: gpus, source: 'test', sourced: false };
      const replica = { ...sharded, parallelism, hardware: { ...sharded.hardware, scaleUpDomain } };
      return compileTimer(replica).passNs(chunkShape(0, 0, 8192));
    };
    expect(onDomain(8)).toBeGreaterThan(onDomain(16));
  });

  it('runs fp8 weights on an A100 at the bf16 rate but with half the bytes', () => {
    const time = (weightDtype: 'bf16' | 'fp8', shape: PassShape) =>
      compileTimer(spec('meta-llama/Llama-3.1-8B', 'a100_sxm', { weightDtype })).passNs(shape);
    const decode = new PassShape(0);
    decode.setDecodes(1, 10, 0);
    expect(time('fp8', decode)).toBeLessThan(0.75 * time('bf16', decode));
    const prefill = chunkShape(0, 0, 8192);
    expect(time('fp8', prefill) / time('bf16', prefill)).toBeCloseTo(1, 1);
  });
});

describe('boundOf', () => {
  const bound = (replica: ReplicaSpec, shape: PassShape) => BOUNDS[compileTimer(replica).boundOf(shape)];
  const decodes = (sequences: number, context: number) => {
    const shape = new PassShape(0);
    shape.setDecodes(sequences, context, 0);
    return shape;
  };

  it('names the resource that dominates', () => {
    const large = spec('meta-llama/Llama-3.1-70B', 'h100_sxm');
    expect(bound(large, chunkShape(0, 0, 8192))).toBe('compute');
    expect(bound(large, decodes(1, 100))).toBe('hbm');
    const spread = { ...dense, parallelism: { ...ONE_GPU, tensor: 8 } };
    expect(bound(spread, decodes(1, 100))).toBe('launch');
    const overPcie = { ...large, hardware: findHardware('l40s'), parallelism: { ...ONE_GPU, tensor: 8 } };
    expect(bound(overPcie, chunkShape(0, 0, 8192))).toBe('interconnect');
  });
});
