import { pow } from '../base/math.ts';
import { ELEMENTWISE, MOE, type RooflineScales } from './constants.ts';
import type { PassCost } from './passCost.ts';
import type { Rates } from './rates.ts';
import { imbalanceOf, type ReplicaSpec } from './replica.ts';

/**
 * The routed experts of one layer on one GPU. Tokens choose `topK` of `experts` uniformly, so that n tokens wake
 * experts * (1 - (1 - 1/experts)^(n * topK)) of them; a woken expert is read whole and padded to a tile. All ranks wait for the
 * busiest, to which 1 + imbalance times the mean of the tokens go.
 */
export class RoutedExperts {
  readonly #topK: number;
  readonly #localExperts: number;
  readonly #missProbability: number;
  readonly #pairsPerToken: number;
  readonly #computePerPairS: number;
  readonly #computePerActiveS: number;
  readonly #hbmPerActiveS: number;
  readonly #moveS: number;
  readonly #spread: number;
  readonly #busiest: number;
  readonly #scale: number;

  constructor(spec: ReplicaSpec, rates: Rates, scales: RooflineScales) {
    const moe = spec.model.moe;
    if (moe === null) throw new Error(`${spec.model.id} has no routed experts`);
    const { moeTensor, moeExpert } = spec.parallelism;
    const weights = (3 * spec.model.hiddenSize * moe.expertSize) / moeTensor;
    const computeS = scales.moeCompute / (rates.flops * rates.reach * MOE.computeEfficiency);
    this.#topK = moe.topK;
    this.#localExperts = moe.experts / moeExpert;
    this.#missProbability = 1 - 1 / moe.experts;
    this.#busiest = Math.min(1 + imbalanceOf(spec), moeExpert);
    this.#pairsPerToken = (this.#busiest * moe.topK) / moeExpert;
    this.#computePerPairS = 2 * weights * computeS;
    this.#computePerActiveS = 2 * weights * computeS * MOE.tileRows * MOE.paddingShare;
    this.#hbmPerActiveS = (weights * rates.weightBytes) / (rates.hbmBytesPerS * MOE.hbmEfficiency);
    const movedBytes = MOE.bytesPerPairUnit * spec.model.hiddenSize;
    this.#moveS = (scales.elementwiseBytes * movedBytes) / (rates.hbmBytesPerS * ELEMENTWISE.hbmEfficiency);
    this.#spread = expectedMaximum(moeExpert);
    this.#scale = scales.moe * (scales.formats[rates.format] ?? 1);
  }

  /**
   * Experts that a pass of `tokens` (of the whole replica) wakes on the rank that wakes most, which all others wait for:
   * of each rank's experts a share is awake, binomially, and the largest of R ranks lies as many standard deviations up as
   * the largest of R normal values does.
   */
  activeExperts(tokens: number): number {
    const awake = 1 - pow(this.#missProbability, this.#busiest * tokens * this.#topK);
    const mean = this.#localExperts * awake;
    const most = mean + this.#spread * Math.sqrt(mean * (1 - awake));
    return Math.min(most, this.#localExperts, tokens * this.#topK);
  }

  /** Adds `times` such layers for `tokens` tokens of the whole replica. */
  addTo(cost: PassCost, tokens: number, times: number): void {
    const pairs = tokens * this.#pairsPerToken;
    const active = this.activeExperts(tokens);
    const computeS = pairs * this.#computePerPairS + active * this.#computePerActiveS;
    const scale = times * this.#scale;
    cost.launchS += scale * MOE.launchS;
    cost.hbmS += times * this.#moveS * pairs;
    cost.addOverlapped(computeS, active * this.#hbmPerActiveS, MOE.sharpness, scale);
  }
}

/** Mean of the largest of 1, 2, 4, ... 128 standard normal values (order statistics, e.g. Harter 1961). */
const LARGEST_OF = [0, 0.564, 1.029, 1.424, 1.766, 2.07, 2.344, 2.594];

/** Between powers of two along a line, beyond the last no more. */
function expectedMaximum(ranks: number): number {
  let doublings = 0;
  let rest = ranks;
  for (; rest >= 2; rest /= 2) doublings += 1;
  const low = LARGEST_OF[Math.min(doublings, LARGEST_OF.length - 1)];
  const high = LARGEST_OF[Math.min(doublings + 1, LARGEST_OF.length - 1)];
  return low + (rest - 1) * (high - low);
}
