import type { MlaAttention } from '../catalog/model.ts';
import type { AttentionCost } from './attentionCost.ts';
import { GEMM, MLA, type RooflineScales } from './constants.ts';
import { Gemm } from './gemm.ts';
import { type PassCost, smoothMaximum } from './passCost.ts';
import type { PassShape } from './passShape.ts';
import { kvBytesOf, ratesFor } from './rates.ts';
import type { ReplicaSpec } from './replica.ts';

/**
 * Multi-head latent attention. Prefill expands the compressed KV of the whole context (a product with kv_b) and runs
 * multi-head attention on it. Decode works on the compressed KV itself, with kv_b absorbed into two batched products
 * around it: every head reads the same kvLoraRank + ropeHeadDim values of a context token, which are not sharded.
 */
export class LatentAttention implements AttentionCost {
  readonly decodePerContextS: number;
  readonly decodePerWindowedS = 0;
  readonly decodeComputeBound: boolean;
  readonly #layers: number;
  readonly #scale: number;
  readonly #absorbedWeightsS: number;
  readonly #absorbedPerTokenS: number;
  readonly #expand: Gemm;
  readonly #perPairS: number;
  readonly #perTokenS: number;

  constructor(spec: ReplicaSpec, attention: MlaAttention, scales: RooflineScales, queriesPerDecode = 1) {
    const { tensor } = spec.parallelism;
    const { kvLoraRank, ropeHeadDim, nopeHeadDim, vHeadDim } = attention;
    const heads = attention.heads / tensor;
    const flops = spec.hardware.tflopsBf16.value * 1e12;
    const hbmBytesPerS = spec.hardware.memoryBandwidthTBps.value * 1e12;
    this.#layers = spec.model.layers;
    this.#scale = scales.attention;

    const { decode, prefill } = MLA;
    const cached = kvLoraRank + ropeHeadDim;
    // Decode kernels pad the heads of a rank to a tile.
    const tiled = Math.max(decode.minHeads, heads);
    const hbmS = (cached * kvBytesOf(spec.kvDtype)) / (hbmBytesPerS * decode.hbmEfficiency);
    const computeS = (2 * queriesPerDecode * tiled * (cached + kvLoraRank)) / (flops * decode.computeEfficiency);
    this.decodeComputeBound = computeS > hbmS;
    this.decodePerContextS = scales.attention * this.#layers * smoothMaximum(hbmS, computeS, decode.sharpness);

    const absorbed = heads * kvLoraRank * (nopeHeadDim + vHeadDim);
    this.#absorbedWeightsS = (absorbed * 2) / hbmBytesPerS;
    this.#absorbedPerTokenS = (2 * absorbed) / (flops * GEMM.computeEfficiency);

    this.#expand = new Gemm(
      heads * (nopeHeadDim + vHeadDim),
      kvLoraRank,
      ratesFor(spec.hardware, spec.weightDtype),
      scales,
    );
    const queryDim = nopeHeadDim + ropeHeadDim;
    this.#perPairS = (scales.compute * 2 * heads * (queryDim + vHeadDim)) / (flops * prefill.computeEfficiency);
    // Queries and outputs of the chunk; as many bytes again for keys and values of the context.
    this.#perTokenS = (heads * (queryDim + vHeadDim) * 2) / (hbmBytesPerS * prefill.hbmEfficiency);
  }

  addDecodeBase(cost: PassCost, tokens: number): void {
    const scale = this.#layers * this.#scale;
    cost.launchS += scale * (MLA.decode.launchS + MLA.absorbed.launchS);
    const computeS = tokens * this.#absorbedPerTokenS;
    cost.addOverlapped(computeS, this.#absorbedWeightsS, GEMM.sharpness, scale);
  }

  addPrefill(cost: PassCost, shape: PassShape, share: number): void {
    const scale = this.#layers * this.#scale;
    const pairs = shape.chunkPairs + MLA.prefill.halfRateContext * shape.chunkPairsPerContext;
    cost.launchS += scale * MLA.prefill.launchS;
    cost.computeS += scale * share * pairs * this.#perPairS;
    cost.hbmS += scale * share * (shape.chunkTokens + shape.chunkContext) * this.#perTokenS;
    this.#expand.addTo(cost, share * shape.chunkContext, this.#layers);
  }
}
