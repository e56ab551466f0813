/** Facts for tests that must not change when the catalog does: two models, three GPUs, round figures. */
import { didYouMean } from '../../src/base/closest.ts';
import { InputError } from '../../src/base/inputError.ts';
import type { HardwareFacts, Sourced } from '../../src/catalog/hardware.ts';
import type { ModelFacts } from '../../src/catalog/model.ts';
import { type Facts, shippedCalibration } from '../../src/config/facts.ts';

function sourced<T>(value: T): Sourced<T> {
  return { value, source: 'test', sourced: false };
}

export function testModel(over: Partial<ModelFacts>): ModelFacts {
  return {
    id: 'test/dense',
    hiddenSize: 4096,
    layers: 32,
    attention: {
      kind: 'gqa',
      heads: 32,
      kvHeads: 8,
      headDim: 128,
      slidingWindow: null,
      windowedLayers: 0,
      outputGate: false,
    },
    linear: null,
    denseSize: 14336,
    moe: null,
    vocabSize: 128256,
    tiedEmbeddings: false,
    contextLength: 131072,
    checkpointDtype: 'bf16',
    expertDtype: null,
    publishedParameters: null,
    sources: {},
    ...over,
  };
}

export function testGpu(id: string, memoryGib: number): HardwareFacts {
  return {
    id,
    name: id,
    tflopsBf16: sourced(1000),
    tflopsFp8: sourced(2000),
    tflopsInt8: sourced(2000),
    tflopsFp4: null,
    memoryMib: sourced(memoryGib * 1024),
    memoryBandwidthTBps: sourced(4),
    scaleUpGBps: sourced(450),
    scaleUpDomain: sourced(8),
    pcieGBps: sourced(64),
    networkGBps: sourced(50),
    tdpWatts: sourced(700),
    idleWatts: sourced(100),
    usdPerGpuHour: sourced(3),
    priceDate: '2026-01-01',
  };
}

const MODELS = [
  testModel({}),
  testModel({
    id: 'test/moe',
    moe: { experts: 128, topK: 8, expertSize: 768, sharedSize: 0, firstDenseLayers: 0 },
    denseSize: 0,
  }),
];
const GPUS = [testGpu('a100_sxm', 80), testGpu('h100_sxm', 80), testGpu('b200_sxm', 180), testGpu('l4', 22)];

function find<T extends { readonly id: string }>(list: readonly T[], name: string, kind: string): T {
  const found = list.find(({ id }) => id === name);
  if (found !== undefined) return found;
  const hint = didYouMean(
    name,
    list.map(({ id }) => id),
  );
  throw new InputError({ message: `unknown ${kind} "${name}"`, ...(hint === undefined ? {} : { hint }) });
}

export const testFacts: Facts = {
  model: (name) => find(MODELS, name, 'model'),
  hardware: (name) => find(GPUS, name, 'hardware'),
  calibration: shippedCalibration,
};
