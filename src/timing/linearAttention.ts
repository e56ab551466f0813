import type { LinearLayers } from '../catalog/model.ts';
import type { AttentionCost } from './attentionCost.ts';
import { LINEAR, type RooflineScales } from './constants.ts';
import { linearStateBytes } from './kvBytes.ts';
import type { PassCost } from './passCost.ts';
import type { PassShape } from './passShape.ts';
import type { ReplicaSpec } from './replica.ts';

/**
 * Gated DeltaNet layers beside those with attention. A decode reads and writes its whole state once; a prompt runs
 * through the chunked form, 8 FLOP per state element and token, at a small share of the tensor cores' rate.
 */
export class HybridAttention implements AttentionCost {
  readonly decodePerContextS: number;
  readonly decodePerWindowedS: number;
  readonly decodeComputeBound: boolean;
  readonly #full: AttentionCost;
  readonly #decodeLaunchS: number;
  readonly #decodePerTokenS: number;
  readonly #prefillLaunchS: number;
  readonly #prefillPerTokenS: number;

  constructor(spec: ReplicaSpec, linear: LinearLayers, full: AttentionCost, scales: RooflineScales) {
    const { tensor } = spec.parallelism;
    const hbmBytesPerS = spec.hardware.memoryBandwidthTBps.value * 1e12;
    const flops = spec.hardware.tflopsBf16.value * 1e12;
    this.#full = full;
    this.decodePerContextS = full.decodePerContextS;
    this.decodePerWindowedS = full.decodePerWindowedS;
    this.decodeComputeBound = full.decodeComputeBound;
    const launches = scales.attention * linear.layers;
    this.#decodeLaunchS = launches * LINEAR.decodeLaunchS;
    this.#prefillLaunchS = launches * LINEAR.prefillLaunchS;
    this.#decodePerTokenS =
      (scales.attention * 2 * linearStateBytes(spec.model, tensor)) / (hbmBytesPerS * LINEAR.hbmEfficiency);
    const elements = (linear.valueHeads * linear.keyHeadDim * linear.valueHeadDim) / tensor;
    this.#prefillPerTokenS = (launches * scales.compute * 8 * elements) / (flops * LINEAR.computeEfficiency);
  }

  addDecodeBase(cost: PassCost, tokens: number): void {
    this.#full.addDecodeBase(cost, tokens);
    cost.launchS += this.#decodeLaunchS;
    cost.hbmS += tokens * this.#decodePerTokenS;
  }

  addPrefill(cost: PassCost, shape: PassShape, share: number): void {
    this.#full.addPrefill(cost, shape, share);
    cost.launchS += this.#prefillLaunchS;
    cost.computeS += share * shape.chunkTokens * this.#prefillPerTokenS;
  }
}
