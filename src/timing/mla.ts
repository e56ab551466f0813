import type { MlaAttention } from '../catalog/model.ts';
import type { AttentionCost } from './attentionCost.ts';
import { GEMM, INDEXER, MLA, type RooflineScales } from './constants.ts';
import { Gemm } from './gemm.ts';
import { type PassCost, smoothMaximum } from './passCost.ts';
import type { PassShape } from './passShape.ts';
import { kvBytesOf, ratesFor } from './rates.ts';
import type { ReplicaSpec } from './replica.ts';

/**
 * Multi-head latent attention. Prefill expands the compressed KV of the whole context (a product with kv_b) and runs
 * multi-head attention on it. Decode works on the compressed KV itself, with kv_b absorbed into two batched products
 * around it: every head reads the same kvLoraRank + ropeHeadDim values of a context token, which are not sharded.
 * With an indexer (DeepSeek-V3.2, GLM-5) attention sees at most topK tokens a query, the windowed sums of a pass, and the
 * indexer, whole on every rank, scores all of them: 2 heads x headDim FLOP a (query, key) pair in fp8.
 */
export class LatentAttention implements AttentionCost {
  readonly decodePerContextS: number;
  readonly decodePerWindowedS: number;
  readonly decodeComputeBound: boolean;
  readonly #layers: number;
  readonly #scale: number;
  readonly #absorbedWeightsS: number;
  readonly #absorbedPerTokenS: number;
  readonly #expand: Gemm;
  readonly #perPairS: number;
  readonly #perTokenS: number;
  readonly #isSparse: boolean;
  readonly #scorePerPairS: number = 0;
  readonly #indexerLaunchS: number = 0;

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
    const attendedS = scales.attention * this.#layers * smoothMaximum(hbmS, computeS, decode.sharpness);
    const { indexer } = attention;
    this.#isSparse = indexer !== null;
    this.decodePerWindowedS = indexer === null ? 0 : attendedS;
    this.decodePerContextS = indexer === null ? attendedS : 0;
    if (indexer !== null) {
      const rates = ratesFor(spec.hardware, 'fp8');
      const scale = scales.attention * this.#layers;
      this.#scorePerPairS = (scale * 2 * indexer.heads * indexer.headDim) / (rates.flops * INDEXER.computeEfficiency);
      // A decode's pairs are its context tokens, whose keys it reads.
      const readS = (scale * indexer.headDim) / (hbmBytesPerS * INDEXER.hbmEfficiency);
      this.decodePerContextS = readS + queriesPerDecode * this.#scorePerPairS;
      this.#indexerLaunchS = scale * INDEXER.launchS;
    }

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
    cost.launchS += scale * (MLA.decode.launchS + MLA.absorbed.launchS) + this.#indexerLaunchS;
    const computeS = tokens * this.#absorbedPerTokenS;
    cost.addOverlapped(computeS, this.#absorbedWeightsS, GEMM.sharpness, scale);
  }

  addPrefill(cost: PassCost, shape: PassShape, share: number): void {
    const scale = this.#layers * this.#scale;
    const halfRate = MLA.prefill.halfRateContext;
    const pairs = this.#isSparse
      ? shape.chunkPairsWindowed + halfRate * shape.chunkPairsPerContextWindowed
      : shape.chunkPairs + halfRate * shape.chunkPairsPerContext;
    cost.launchS += scale * MLA.prefill.launchS + this.#indexerLaunchS;
    cost.computeS += share * shape.chunkPairs * this.#scorePerPairS;
    cost.computeS += scale * share * pairs * this.#perPairS;
    // Sparse kernels gather what they attend to from the compressed KV instead of expanding the context.
    const expanded = this.#isSparse ? shape.chunkTokens : shape.chunkContext;
    cost.hbmS += scale * share * (shape.chunkTokens + expanded) * this.#perTokenS;
    this.#expand.addTo(cost, share * expanded, this.#layers);
  }
}
