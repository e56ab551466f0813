import { attentionLayers, type GqaAttention } from '../catalog/model.ts';
import type { AttentionCost } from './attentionCost.ts';
import { GQA, type RooflineScales } from './constants.ts';
import type { PassCost } from './passCost.ts';
import type { PassShape } from './passShape.ts';
import { kvBytesOf } from './rates.ts';
import type { ReplicaSpec } from './replica.ts';

/**
 * Grouped-query attention. Prefill: 4 H d FLOP per causal pair at a rate that short contexts fill by L / (L + 50),
 * plus reading and writing queries, outputs, keys and values in bf16. Decode: each context token's keys and values once,
 * plus a term per query. Windowed layers do the same on the sums cut at the window.
 */
export class GroupedQueryAttention implements AttentionCost {
  readonly decodePerContextS: number;
  readonly decodePerWindowedS: number;
  readonly decodeComputeBound = false;
  readonly #fullLayers: number;
  readonly #windowedLayers: number;
  readonly #decodeLaunchS: number;
  readonly #decodePerTokenS: number;
  readonly #prefillLaunchS: number;
  readonly #perPairS: number;
  readonly #perQueryTokenS: number;
  readonly #perContextTokenS: number;

  constructor(spec: ReplicaSpec, attention: GqaAttention, scales: RooflineScales) {
    const { tensor } = spec.parallelism;
    const heads = attention.heads / tensor;
    const kvHeads = Math.max(1, attention.kvHeads / tensor);
    const { headDim } = attention;
    const flops = spec.hardware.tflopsBf16.value * 1e12;
    const hbmBytesPerS = spec.hardware.memoryBandwidthTBps.value * 1e12;
    const layers = attentionLayers(spec.model);
    const scale = scales.attention;
    this.#windowedLayers = attention.windowedLayers;
    this.#fullLayers = layers - attention.windowedLayers;

    const { decode, prefill } = GQA;
    const perContextS =
      (scale * 2 * kvHeads * headDim * kvBytesOf(spec.kvDtype)) / (hbmBytesPerS * decode.hbmEfficiency);
    this.decodePerContextS = this.#fullLayers * perContextS;
    this.decodePerWindowedS = this.#windowedLayers * perContextS;
    this.#decodeLaunchS = scales.attention * layers * decode.launchS;
    this.#decodePerTokenS = (scale * layers * 8 * heads * headDim) / (hbmBytesPerS * decode.queryHbmEfficiency);

    this.#prefillLaunchS = scales.attention * layers * prefill.launchS;
    this.#perPairS = (scale * scales.compute * 4 * heads * headDim) / (flops * prefill.computeEfficiency);
    const perElementS = (scale * 2) / (hbmBytesPerS * prefill.hbmEfficiency);
    this.#perQueryTokenS = layers * 2 * heads * headDim * perElementS;
    this.#perContextTokenS = 2 * kvHeads * headDim * perElementS;
  }

  addDecodeBase(cost: PassCost, tokens: number): void {
    cost.launchS += this.#decodeLaunchS;
    cost.hbmS += tokens * this.#decodePerTokenS;
  }

  addPrefill(cost: PassCost, shape: PassShape, share: number): void {
    const halfRate = GQA.prefill.halfRateContext;
    let pairs = this.#fullLayers * (shape.chunkPairs + halfRate * shape.chunkPairsPerContext);
    let context = this.#fullLayers * shape.chunkContext;
    if (this.#windowedLayers > 0) {
      pairs += this.#windowedLayers * (shape.chunkPairsWindowed + halfRate * shape.chunkPairsPerContextWindowed);
      context += this.#windowedLayers * shape.chunkContextWindowed;
    }
    cost.launchS += this.#prefillLaunchS;
    cost.computeS += share * pairs * this.#perPairS;
    cost.hbmS += share * (shape.chunkTokens * this.#perQueryTokenS + context * this.#perContextTokenS);
  }
}
