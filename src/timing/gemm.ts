import { GEMM, type RooflineScales } from './constants.ts';
import type { PassCost } from './passCost.ts';
import type { Rates } from './rates.ts';

/**
 * A dense product of m tokens with an n x k weight: t0 + smooth maximum of compute (2 m n k at a rate that m / (m +
 * halfRateRows) fills) and memory (weights and activations in, bf16 out). Both arms are affine in m.
 */
export class Gemm {
  readonly #computePerRowS: number;
  readonly #hbmPerRowS: number;
  readonly #hbmWeightsS: number;
  readonly #scale: number;

  constructor(outputs: number, inputs: number, rates: Rates, scales: RooflineScales) {
    const weightBytes = outputs * inputs * rates.weightBytes;
    const hbmS = (1 + GEMM.halfRateWeightBytes / weightBytes) / (rates.hbmBytesPerS * GEMM.hbmEfficiency);
    this.#computePerRowS =
      (scales.compute * 2 * outputs * inputs) / (rates.flops * rates.reach * GEMM.computeEfficiency);
    this.#hbmPerRowS = (inputs * rates.activationBytes + 2 * outputs) * hbmS;
    this.#hbmWeightsS = weightBytes * hbmS;
    this.#scale = scales.gemm * (scales.formats[rates.format] ?? 1);
  }

  /** Adds `times` such products of `rows` rows (need not be whole: an average over ranks). */
  addTo(cost: PassCost, rows: number, times: number): void {
    const computeS = this.#computePerRowS * (rows + GEMM.halfRateRows);
    const hbmS = this.#hbmWeightsS + this.#hbmPerRowS * rows;
    const scale = times * this.#scale;
    cost.launchS += scale * GEMM.launchS;
    cost.addOverlapped(computeS, hbmS, GEMM.sharpness, scale);
  }
}
