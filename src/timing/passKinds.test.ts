import { describe, expect, it } from 'vitest';
import { findHardware } from '../catalog/hardwareList.ts';
import { findModel } from '../catalog/models.ts';
import { DEFAULT_SCALES } from './defaultScales.ts';
import { capturedSizes, compileHost, type GraphRecipe, IDEAL_HOST, kernelsPerLayer } from './hostProfile.ts';
import { PassShape } from './passShape.ts';
import type { ReplicaSpec } from './replica.ts';
import { compileTimer } from './roofline.ts';

const deepseek: ReplicaSpec = {
  model: findModel('deepseek-ai/DeepSeek-V3'),
  hardware: findHardware('b200_sxm'),
  parallelism: { tensor: 1, pipeline: 1, attentionData: 8, moeTensor: 1, moeExpert: 8 },
  weightDtype: 'fp8_block',
  expertDtype: 'fp8_block',
  kvDtype: 'fp8',
};
const llama: ReplicaSpec = {
  ...deepseek,
  model: findModel('meta-llama/Llama-3.1-70B'),
  hardware: findHardware('h100_sxm'),
  parallelism: { tensor: 2, pipeline: 1, attentionData: 1, moeTensor: 1, moeExpert: 1 },
  weightDtype: 'fp8',
};

function decodesOf(sequences: number, context: number, tokens = sequences): PassShape {
  const shape = new PassShape(0);
  shape.setDecodes(sequences, context, 0, tokens);
  return shape;
}

describe("one attention-DP rank's pass", () => {
  it('is the whole replica when every rank has the same, whatever the pass holds', () => {
    const timer = compileTimer(deepseek);
    const rank = decodesOf(16, 16_000);
    rank.addChunk(100, 900, true);
    rank.groupTokens = 8 * (16 + 900);
    const whole = decodesOf(128, 128_000);
    for (let peer = 0; peer < 8; peer++) whole.addChunk(100, 900, true);
    expect(timer.passNs(rank) / timer.passNs(whole)).toBeCloseTo(1, 6);
    expect(timer.boundOf(rank)).toBe(timer.boundOf(whole));
  });

  it('gets longer with what the other ranks send through the experts', () => {
    const timer = compileTimer(deepseek);
    const timeAt = (groupTokens: number) => {
      const shape = decodesOf(16, 16_000);
      shape.groupTokens = groupTokens;
      return timer.passNs(shape);
    };
    expect(timeAt(128)).toBe(timer.decodeNs(128, 128_000, 0));
    expect(timeAt(4096)).toBeGreaterThan(timeAt(128));
  });
});

describe('pipeline stages', () => {
  it('add their hand-over to the time through all layers', () => {
    const single = compileTimer(llama);
    const staged = compileTimer({ ...llama, parallelism: { ...llama.parallelism, pipeline: 4 } });
    const shape = new PassShape(0);
    shape.addChunk(0, 4096, true);
    const addedUs = (staged.passNs(shape) - single.passNs(shape)) / 1e3;
    // 4096 tokens of 8192 bf16 values at 0.6 of 450 GB/s three times, 10 us each, and three more steps.
    const stepUs = DEFAULT_SCALES.perStepS * 1e6;
    expect(addedUs).toBeCloseTo(3 * (10 + (4096 * 8192 * 2) / 270e3 + stepUs), 0);
  });
});

describe('the host', () => {
  const recipe: GraphRecipe = {
    backend: 'sglang',
    overlap: true,
    maxDecodeGraph: null,
    decodeGraphs: null,
    maxSequences: 1024,
    prefillGraphTokens: null,
  };
  const coefficients = {
    launchS: { vllm: 20e-6, sglang: 50e-6, trtllm: 50e-6 },
    olderHost: 2,
    syncStepS: 1e-3,
    syncPerSequenceS: 1e-6,
  };

  it('is a floor under prompts and a longer one under deeper models and older machines', () => {
    const host = compileHost(deepseek, recipe, coefficients);
    expect(host.eagerFloorS).toBeCloseTo(61 * 49 * 50e-6, 12);
    expect(kernelsPerLayer(llama)).toBe(15);
    expect(compileHost(llama, recipe, coefficients).eagerFloorS).toBeCloseTo(80 * 15 * 100e-6, 12);
    const timer = compileTimer(deepseek, { host });
    const short = new PassShape(0);
    short.addChunk(0, 50, true);
    expect(timer.passNs(short)).toBe(Math.round(host.eagerFloorS * 1e9));
    const long = new PassShape(0);
    for (let prompt = 0; prompt < 20; prompt++) long.addChunk(0, 8000, true);
    expect(timer.passNs(long)).toBe(compileTimer(deepseek).passNs(long));
    const piecewise = compileTimer(deepseek, { host: { ...host, prefillGraphTokens: 512 } });
    expect(piecewise.passNs(short)).toBeLessThan(0.2 * timer.passNs(short));
  });

  it('slows decodes that may not use a graph, because a peer prefills or none was captured', () => {
    const host = { ...IDEAL_HOST, eagerFloorS: 0.1, decodeGraphs: [1, 2, 4, 8] };
    const timer = compileTimer(deepseek, { host });
    const eager = decodesOf(8, 8000);
    eager.eager = true;
    expect(timer.passNs(eager)).toBe(1e8);
    expect(timer.passNs(decodesOf(64, 64_000))).toBeLessThan(1e8);
    expect(timer.passNs(decodesOf(65, 64_000))).toBe(1e8);
    expect(timer.decodeNs(65, 64_000, 0)).toBe(1e8);
  });

  it('pads decodes to the next captured batch', () => {
    const timer = compileTimer(deepseek, { host: { ...IDEAL_HOST, decodeGraphs: [1, 2, 4, 8] } });
    const bare = compileTimer(deepseek);
    // 17 over eight ranks are three on the fullest, which replay the graph of four.
    expect(timer.decodeNs(17, 17_000, 0)).toBe(bare.decodeNs(32, 17_000, 0));
    expect(timer.passNs(decodesOf(17, 17_000))).toBe(timer.decodeNs(17, 17_000, 0));
  });

  it('costs a synchronous scheduler its preparation in every pass', () => {
    const host = compileHost(llama, { ...recipe, overlap: false, maxDecodeGraph: 512 }, coefficients);
    const waits = compileTimer(llama, { host }).decodeNs(8, 8000, 0) - compileTimer(llama).decodeNs(8, 8000, 0);
    expect(waits / 1e3).toBeCloseTo(2 * (1000 + 8), 0);
  });

  it('captures the sizes that each engine lists', () => {
    expect(capturedSizes({ ...recipe, backend: 'vllm' }).slice(0, 6)).toEqual([1, 2, 4, 8, 16, 24]);
    expect(capturedSizes({ ...recipe, backend: 'vllm', maxSequences: 20 }).at(-1)).toBe(40);
    expect(capturedSizes({ ...recipe, backend: 'vllm' })).toHaveLength(51);
    expect(capturedSizes({ ...recipe, maxDecodeGraph: 160 }).slice(0, 8)).toEqual([1, 2, 4, 8, 12, 16, 24, 32]);
    expect(capturedSizes({ ...recipe, maxDecodeGraph: 300 }).slice(-4)).toEqual([256, 272, 288, 300]);
    expect(capturedSizes({ ...recipe, maxDecodeGraph: 0 })).toEqual([]);
  });
});

describe('speculation', () => {
  it('verifies drafts in one pass that costs less than as many passes, and pays for drafting', () => {
    const plain = compileTimer(llama);
    const ngram = compileTimer(llama, { drafts: { tokens: 3, layers: 0 } });
    const eagle = compileTimer(llama, { drafts: { tokens: 3, layers: 1 } });
    const [one, verified, drafted] = [plain, ngram, eagle].map((timer) => timer.decodeNs(8, 8000, 0));
    expect(verified).toBeGreaterThan(one);
    expect(verified).toBeLessThan(1.5 * one);
    // Three passes through one of 80 layers and the head.
    expect(drafted / verified).toBeGreaterThan(1 + 3 / 80);
    expect(drafted / verified).toBeLessThan(1.2);
    expect(eagle.passNs(decodesOf(8, 8000, 32))).toBe(drafted);
    // Without drafts to verify the pass is a plain one.
    expect(eagle.passNs(decodesOf(8, 8000))).toBeGreaterThanOrEqual(one);
    expect(eagle.passNs(decodesOf(8, 8000))).toBeLessThan(1.001 * one);
  });
});
