import { pow } from '../base/math.ts';
import { EXPERT_PARALLEL } from '../catalog/expertParallel.ts';
import { Collectives, linkOf, scaleUpGpus } from './collectives.ts';
import { COLLECTIVES, type RooflineScales } from './constants.ts';
import type { PassCost } from './passCost.ts';
import { ratesFor } from './rates.ts';
import { exchangeOf, imbalanceOf, type ReplicaSpec } from './replica.ts';

/** Tokens of one GPU up to which engines send each on its own (DeepEP 0297fc8, docs/legacy.md: "less than 256"). */
const DIRECT_TOKENS = 256;

/**
 * The way of tokens from the attention-DP ranks to their experts and back, once a layer with experts.
 *
 * `gather`: every rank gets every token (all-gather) and gives back its part of every sum (reduce-scatter).
 *
 * `all_to_all`: a token goes to its experts alone. Of R GPUs, g in each of N NVLink domains, one with n tokens sends n k
 * copies, k = experts a token. They fall on all GPUs alike: (g-1)/R of them stay in the domain and (R-g)/R cross the GPU's own
 * NIC, both at once, so that the slower link counts. For dispatch (bytes of an activation as experts read it) and for combine
 * (bf16) each
 *   t = start + n (1 + imbalance) bytes k max((g-1)/R / NVLink, (R-g)/R / NIC).
 * Past 256 tokens a GPU engines send a token only once to each other domain that has any of its experts, 1 - (1-1/N)^k of
 * them, where NVLink hands it on (DeepEP's normal kernels, which decoding avoids for their longer start). Each further
 * token then adds
 *   (1 + imbalance) bytes max(k (R-1)/R / NVLink, (N-1) (1 - (1-1/N)^k) / NIC).
 * Nothing overlaps with computing: no engine's default does (`--enable-dbo`, `--enable-two-batch-overlap`).
 */
export class ExpertExchange {
  readonly #gpus: number;
  readonly #gathered: Collectives | null;
  readonly #tokenBytes: number;
  readonly #startS: number;
  /** Seconds a token of one GPU adds, sent to each expert and once to each domain. */
  readonly #directS: number;
  readonly #forwardedS: number;
  /** Whether measured runs have had a say in how fast it is. */
  readonly isFitted: boolean;

  constructor(spec: ReplicaSpec, scales: RooflineScales) {
    const { model, hardware } = spec;
    const { tensor, attentionData, moeTensor, moeExpert } = spec.parallelism;
    const gpus = tensor * attentionData;
    this.#gpus = gpus;
    this.#tokenBytes = 2 * model.hiddenSize;
    // Gathers run across the DP ranks; the GPUs of one rank move their share in parallel.
    this.#gathered = exchangeOf(spec) === 'gather' ? new Collectives(hardware, attentionData, gpus, scales) : null;
    this.isFitted = this.#gathered?.isFitted ?? false;

    const domains = Math.ceil(gpus / scaleUpGpus(hardware));
    const inDomain = gpus / domains;
    const near = linkOf(hardware, 1);
    const nearStartS = scales.collectives * COLLECTIVES.gatherLaunchS;
    const nearBytesPerS = (near.efficiency * near.bytesPerS * COLLECTIVES.gatherGain) / scales.collectiveBytes;
    const { start_us, link_share } = EXPERT_PARALLEL.network_exchange;
    const farBytesPerS = link_share.value * hardware.networkGBps.value * 1e9;
    this.#startS = 2 * (domains === 1 ? nearStartS : Math.max(nearStartS, start_us.value / 1e6));

    const topK = model.moe?.topK ?? 0;
    const copies = topK * moeTensor;
    const dispatched = model.hiddenSize * ratesFor(hardware, spec.expertDtype).activationBytes;
    const bytes = Math.min(1 + imbalanceOf(spec), moeExpert) * (dispatched + this.#tokenBytes);
    // Without a scale-up link the way to the NIC is the way to the neighbours.
    const sharedLink = hardware.scaleUpGBps === null ? 1 : 0;
    const slowerS = (nearCopies: number, farCopies: number) =>
      bytes * Math.max((nearCopies + sharedLink * farCopies) / nearBytesPerS, farCopies / farBytesPerS);
    this.#directS = slowerS((copies * (inDomain - 1)) / gpus, (copies * (gpus - inDomain)) / gpus);
    const reached = (domains - 1) * (1 - pow(1 - 1 / domains, topK));
    this.#forwardedS = Math.min(this.#directS, slowerS((copies * (gpus - 1)) / gpus, reached));
  }

  /** Adds `times` such layers for `tokens` tokens of all ranks together. */
  addTo(cost: PassCost, tokens: number, times: number): void {
    if (this.#gathered !== null) {
      this.#gathered.addGather(cost, tokens * this.#tokenBytes, 2 * times);
      return;
    }
    const ownTokens = tokens / this.#gpus;
    const direct = Math.min(ownTokens, DIRECT_TOKENS);
    cost.linkS += times * (this.#startS + direct * this.#directS + (ownTokens - direct) * this.#forwardedS);
  }
}
