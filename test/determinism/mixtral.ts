import type { ReplicaSpec } from '../../src/timing/replica.ts';

const figure = (value: number) => ({ value, source: 'test', sourced: false });

/** A mixture-of-experts replica, so that the timing's powers and roots are all in play. */
export const mixtral: ReplicaSpec = {
  model: {
    id: 'mixtral',
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
    denseSize: 0,
    moe: { experts: 8, topK: 2, expertSize: 14336, sharedSize: 0, firstDenseLayers: 0 },
    vocabSize: 32000,
    tiedEmbeddings: false,
    contextLength: 32768,
    checkpointDtype: 'bf16',
    expertDtype: null,
    publishedParameters: null,
    sources: {},
  },
  hardware: {
    id: 'h100_sxm',
    name: 'H100',
    tflopsBf16: figure(989),
    tflopsFp8: figure(1979),
    tflopsInt8: figure(1979),
    tflopsFp4: null,
    memoryMib: figure(81559),
    memoryBandwidthTBps: figure(3.35),
    scaleUpGBps: figure(450),
    scaleUpDomain: figure(8),
    pcieGBps: figure(64),
    networkGBps: figure(50),
    tdpWatts: figure(700),
    idleWatts: figure(115),
    usdPerGpuHour: figure(4),
    priceDate: '2026-11',
  },
  parallelism: { tensor: 2, pipeline: 1, attentionData: 1, moeTensor: 2, moeExpert: 1 },
  weightDtype: 'fp8',
  expertDtype: 'fp8',
  kvDtype: 'bf16',
};
