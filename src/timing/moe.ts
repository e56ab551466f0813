import { pow } from '../base/math.ts';
import { MOE, type RooflineScales } from './constants.ts';
import type { PassCost } from './passCost.ts';
import type { Rates } from './rates.ts';
import type { ReplicaSpec } from './replica.ts';

/**
 * The routed experts of one layer on one GPU. Tokens choose `topK` of `experts` uniformly, so that n tokens wake
 * experts * (1 - (1 - 1/experts)^(n * topK)) of them; a woken expert is read whole and padded to a tile.
 */
export class RoutedExperts {
  readonly #topK: number;
  readonly #localExperts: number;
  readonly #missProbability: number;
  readonly #pairsPerToken: number;
  readonly #computePerPairS: number;
  readonly #computePerActiveS: number;
  readonly #hbmPerActiveS: number;
  readonly #scale: number;

  constructor(spec: ReplicaSpec, rates: Rates, scales: RooflineScales) {
    const moe = spec.model.moe;
    if (moe === null) throw new Error(`${spec.model.id} has no routed experts`);
    const { moeTensor, moeExpert } = spec.parallelism;
    const weights = (3 * spec.model.hiddenSize * moe.expertSize) / moeTensor;
    const computeS = scales.moeCompute / (rates.flops * MOE.computeEfficiency);
    this.#topK = moe.topK;
    this.#localExperts = moe.experts / moeExpert;
    this.#missProbability = 1 - 1 / moe.experts;
    this.#pairsPerToken = moe.topK / moeExpert;
    this.#computePerPairS = 2 * weights * computeS;
    this.#computePerActiveS = 2 * weights * computeS * MOE.tileRows * MOE.paddingShare;
    this.#hbmPerActiveS = (weights * rates.weightBytes) / (rates.hbmBytesPerS * MOE.hbmEfficiency);
    this.#scale = scales.moe * (scales.formats[rates.format] ?? 1);
  }

  /** Experts of one rank that a pass of `tokens` (of the whole replica) wakes, on average. */
  activeExperts(tokens: number): number {
    return this.#localExperts * (1 - pow(this.#missProbability, tokens * this.#topK));
  }

  /** Adds `times` such layers for `tokens` tokens of the whole replica. */
  addTo(cost: PassCost, tokens: number, times: number): void {
    const pairs = tokens * this.#pairsPerToken;
    const active = this.activeExperts(tokens);
    const computeS = pairs * this.#computePerPairS + active * this.#computePerActiveS;
    const scale = times * this.#scale;
    cost.launchS += scale * (MOE.launchS + MOE.perPairS * pairs);
    cost.addOverlapped(computeS, active * this.#hbmPerActiveS, MOE.sharpness, scale);
  }
}
