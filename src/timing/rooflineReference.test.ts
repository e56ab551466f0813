/**
 * The compiled timer against the formulas written out: every layer, kernel, sequence and chunk in a loop, no sums, no
 * tables. What the scales multiply is applied kernel by kernel.
 */
import { expect, it } from 'vitest';
import { findHardware } from '../catalog/hardwareList.ts';
import { findModel } from '../catalog/models.ts';
import { DEFAULT_SCALES as scale } from './defaultScales.ts';
import { PassShape } from './passShape.ts';
import type { ReplicaSpec } from './replica.ts';
import { compileTimer } from './roofline.ts';

interface Chunk {
  readonly prefix: number;
  readonly tokens: number;
  readonly samples: boolean;
}

interface Peaks {
  readonly flops: number;
  /** What products of the format reach of 0.62 (experts: 0.3) of it. */
  readonly reach: number;
  readonly weightBytes: number;
  readonly activationBytes: number;
}

const BF16 = (spec: ReplicaSpec): Peaks => ({
  flops: spec.hardware.tflopsBf16.value * 1e12,
  reach: 1.2,
  weightBytes: 2,
  activationBytes: 2,
});
const FP8 = (spec: ReplicaSpec): Peaks => ({
  flops: (spec.hardware.tflopsFp8?.value ?? 0) * 1e12,
  reach: 0.95,
  weightBytes: 1,
  activationBytes: 1,
});

/** By bytes of a weight, which tell the formats of this file apart. */
function formatFactor(weightBytes: number): number {
  const { fp8_block = 1, nvfp4 = 1, mxfp4 = 1 } = scale.formats;
  if (weightBytes === 0.5625) return nvfp4;
  if (weightBytes === 0.53125) return mxfp4;
  return weightBytes > 1 && weightBytes < 1.01 ? fp8_block : 1;
}

function gemm(spec: ReplicaSpec, peaks: Peaks, m: number, n: number, k: number): number {
  const bandwidth = spec.hardware.memoryBandwidthTBps.value * 1e12;
  const { weightBytes: wb, activationBytes: ab } = peaks;
  const compute = ((2 * m * n * k) / peaks.flops / peaks.reach / 0.62) * (1 + 20 / m) * scale.compute;
  const memory = ((m * k * ab + n * k * wb + 2 * m * n) / bandwidth / 0.78) * (1 + 0.1e6 / (n * k * wb));
  return scale.gemm * formatFactor(wb) * (4e-6 + Math.hypot(compute, memory));
}

function experts(spec: ReplicaSpec, peaks: Peaks, groupTokens: number): number {
  const moe = spec.model.moe;
  if (moe === null) return 0;
  const { moeTensor, moeExpert } = spec.parallelism;
  const bandwidth = spec.hardware.memoryBandwidthTBps.value * 1e12;
  const width = moe.expertSize / moeTensor;
  const pairs = (groupTokens * moe.topK) / moeExpert;
  const local = moe.experts / moeExpert;
  const awake = 1 - (1 - 1 / moe.experts) ** (groupTokens * moe.topK);
  const outlier = (moeExpert === 8 ? 1.424 : 0) * Math.sqrt(local * awake * (1 - awake));
  const active = Math.min(local * awake + outlier, local, groupTokens * moe.topK);
  const flops = 6 * spec.model.hiddenSize * width * (pairs + 0.3 * 64 * active);
  const compute = (scale.moeCompute * flops) / peaks.flops / peaks.reach / 0.3;
  const memory = (active * 3 * spec.model.hiddenSize * width * peaks.weightBytes) / bandwidth / 0.75;
  const moved = (scale.elementwiseBytes * 6 * spec.model.hiddenSize * pairs) / bandwidth / 0.6;
  return moved + scale.moe * formatFactor(peaks.weightBytes) * (25e-6 + (compute ** 1.6 + memory ** 1.6) ** (1 / 1.6));
}

function allReduce(spec: ReplicaSpec, gpus: number, bytes: number): number {
  if (gpus === 1) return 0;
  const link = (spec.hardware.scaleUpGBps?.value ?? 0) * 1e9;
  const start = new Map([
    [2, 6e-6],
    [4, 7e-6],
    [8, 9e-6],
  ]).get(gpus) as number;
  return scale.collectives * start + (((2 * (gpus - 1)) / gpus) * bytes * scale.collectiveBytes) / (0.6 * link);
}

function gather(spec: ReplicaSpec, gpus: number, bytes: number): number {
  if (gpus === 1) return 0;
  const link = (spec.hardware.scaleUpGBps?.value ?? 0) * 1e9;
  return scale.collectives * 12e-6 + (((gpus - 1) / gpus) * bytes * scale.collectiveBytes) / (0.65 * link);
}

/** One GQA layer's attention kernels; `window` cuts what a query sees. */
function gqaKernels(spec: ReplicaSpec, contexts: number[], chunks: Chunk[], window: number): number {
  const { attention, hardware, parallelism } = { ...spec.model, ...spec };
  if (attention.kind !== 'gqa') throw new Error('not GQA');
  const bandwidth = hardware.memoryBandwidthTBps.value * 1e12;
  const flops = hardware.tflopsBf16.value * 1e12;
  const heads = attention.heads / parallelism.tensor;
  const kvHeads = Math.max(1, attention.kvHeads / parallelism.tensor);
  const d = attention.headDim;
  let seconds = contexts.length > 0 ? 9e-6 : 0;
  for (const context of contexts) {
    seconds += (Math.min(context, window) * 2 * kvHeads * d) / bandwidth / 0.75 + (8 * heads * d) / bandwidth / 0.1;
  }
  if (chunks.length > 0) seconds += 12e-6;
  for (const { prefix, tokens } of chunks) {
    let pairs = 0;
    for (let query = prefix; query < prefix + tokens; query++) pairs += Math.min(query + 1, window);
    const seen = Math.min(prefix + tokens, window);
    const keys = tokens + Math.min(prefix, window - 1);
    seconds += ((scale.compute * 4 * heads * d * pairs) / flops / 0.55) * (1 + 50 / seen);
    seconds += ((tokens * 2 * heads + keys * 2 * kvHeads) * d * 2) / bandwidth / 0.5;
  }
  return scale.attention * seconds;
}

function overheads(spec: ReplicaSpec, kernels: number, tokens: number): number {
  const bandwidth = spec.hardware.memoryBandwidthTBps.value * 1e12;
  const bytes = (6 * tokens * spec.model.hiddenSize) / bandwidth / 0.6;
  return (kernels * (scale.elementwise * 2.5e-6 + scale.elementwiseBytes * bytes)) / 3 + scale.perLayerS;
}

function fill(shape: PassShape, contexts: number[], chunks: Chunk[]): PassShape {
  const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
  const cut = contexts.map((context) => Math.min(context, shape.window));
  shape.setDecodes(contexts.length, sum(contexts), sum(cut));
  for (const chunk of chunks) shape.addChunk(chunk.prefix, chunk.tokens, chunk.samples);
  return shape;
}

const CONTEXTS = [1, 77, 500, 4_000, 4_001, 12_345, 60_000];
const CHUNKS = [
  { prefix: 0, tokens: 333, samples: true },
  { prefix: 2_000, tokens: 1_100, samples: false },
];
const BATCHES: [string, number[], Chunk[]][] = [
  ['decodes', CONTEXTS, []],
  ['one decode', [900], []],
  ['prefill', [], CHUNKS],
  ['a mixed batch', CONTEXTS, CHUNKS],
];

it.each(
  BATCHES,
)('times %s of a windowed MoE model under tensor parallelism as the formulas do', (_, contexts, chunks) => {
  const spec: ReplicaSpec = {
    model: findModel('openai/gpt-oss-120b'),
    hardware: findHardware('h100_sxm'),
    parallelism: { tensor: 4, pipeline: 1, attentionData: 1, moeTensor: 4, moeExpert: 1 },
    weightDtype: 'bf16',
    expertDtype: 'mxfp4',
    kvDtype: 'fp8',
  };
  const tokens = contexts.length + chunks.reduce((sum, chunk) => sum + chunk.tokens, 0);
  const sampled = contexts.length + chunks.filter((chunk) => chunk.samples).length;
  const peaks = BF16(spec);
  let seconds = scale.perStepS + gemm(spec, peaks, sampled, 201_088 / 4, 2880);
  for (let layer = 0; layer < 36; layer++) {
    seconds += gemm(spec, peaks, tokens, ((64 + 16) / 4) * 64, 2880) + gemm(spec, peaks, tokens, 2880, 16 * 64);
    seconds += gqaKernels(spec, contexts, chunks, layer % 2 === 0 ? 128 : Number.POSITIVE_INFINITY);
    seconds += gemm(spec, peaks, tokens, 128, 2880) + experts(spec, { ...peaks, weightBytes: 0.53125 }, tokens);
    seconds += 2 * allReduce(spec, 4, tokens * 2880 * 2) + overheads(spec, 9, tokens);
  }
  const timer = compileTimer(spec);
  expect(timer.passNs(fill(new PassShape(timer.window), contexts, chunks)) / (seconds * 1e9)).toBeCloseTo(1, 6);
});

it.each(
  BATCHES,
)('times %s of an MLA model under attention data parallelism as the formulas do', (_, contexts, chunks) => {
  const spec: ReplicaSpec = {
    model: findModel('deepseek-ai/DeepSeek-V3'),
    hardware: findHardware('b200_sxm'),
    parallelism: { tensor: 2, pipeline: 1, attentionData: 4, moeTensor: 1, moeExpert: 8 },
    weightDtype: 'fp8_block',
    expertDtype: 'nvfp4',
    kvDtype: 'bf16',
  };
  const bandwidth = spec.hardware.memoryBandwidthTBps.value * 1e12;
  const bf16 = spec.hardware.tflopsBf16.value * 1e12;
  const dense = { ...FP8(spec), reach: 0.75, weightBytes: 1 + 4 / (128 * 128) };
  const fp4: Peaks = {
    flops: (spec.hardware.tflopsFp4?.value ?? 0) * 1e12,
    reach: 0.65,
    weightBytes: 0.5625,
    activationBytes: 0.5625,
  };
  const all = contexts.length + chunks.reduce((sum, chunk) => sum + chunk.tokens, 0);
  const tokens = all / 4;
  const sampled = (contexts.length + chunks.filter((chunk) => chunk.samples).length) / 4;
  const heads = 64;
  let seconds = scale.perStepS + gemm(spec, BF16(spec), sampled, 129_280 / 2, 7168);
  for (let layer = 0; layer < 61; layer++) {
    seconds += gemm(spec, dense, tokens, 1536 + 576, 7168) + gemm(spec, dense, tokens, heads * 192, 1536);
    seconds += gemm(spec, dense, tokens, 7168, heads * 128) + overheads(spec, 12, tokens);
    seconds += 2 * allReduce(spec, 2, tokens * 7168 * 2);
    let kernels = 0;
    if (contexts.length > 0) {
      const absorbed = heads * 512 * 256;
      const compute = (2 * absorbed * contexts.length) / 4 / bf16 / 0.62;
      kernels += 11e-6 + 6e-6 + Math.hypot(compute, (absorbed * 2) / bandwidth);
    }
    for (const context of contexts) {
      const read = (context / 4) * 576 * 2;
      const flops = 2 * (context / 4) * heads * 1088;
      kernels += ((read / (0.75 * bandwidth)) ** 3 + (flops / (0.6 * bf16)) ** 3) ** (1 / 3);
    }
    if (chunks.length > 0) kernels += 20e-6;
    for (const { prefix, tokens: fresh } of chunks) {
      const pairs = fresh * prefix + (fresh * (fresh + 1)) / 2;
      const rate = bf16 * 0.6 * 4;
      kernels += ((scale.compute * 2 * heads * 320 * pairs) / rate) * (1 + 20 / (prefix + fresh));
      kernels += ((fresh + prefix + fresh) * heads * 320 * 2) / (bandwidth * 0.3 * 4);
    }
    seconds += scale.attention * kernels;
    if (chunks.length > 0) {
      const expanded = chunks.reduce((sum, chunk) => sum + chunk.prefix + chunk.tokens, 0) / 4;
      seconds += gemm(spec, dense, expanded, heads * 256, 512);
    }
    if (layer < 3) {
      seconds += gemm(spec, dense, tokens, 18_432, 7168) + gemm(spec, dense, tokens, 7168, 18_432 / 2);
      continue;
    }
    seconds += gemm(spec, BF16(spec), tokens, 256, 7168) + experts(spec, fp4, all);
    seconds += gemm(spec, dense, tokens, 2048, 7168) + gemm(spec, dense, tokens, 7168, 2048 / 2);
    seconds += 2 * gather(spec, 4, all * 7168 * 2);
  }
  const timer = compileTimer(spec);
  expect(timer.passNs(fill(new PassShape(timer.window), contexts, chunks)) / (seconds * 1e9)).toBeCloseTo(1, 6);
});
