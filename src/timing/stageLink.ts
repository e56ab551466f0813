import { linkOf } from './collectives.ts';
import type { PassCost } from './passCost.ts';
import { gpusPerReplica, type ReplicaSpec } from './replica.ts';

/** Sending activations on: an NCCL send and receive start in about this time inside a machine. */
const SEND_LAUNCH_S = 10e-6;

/** Hand-over of the hidden states from each pipeline stage to the next: each tensor rank sends its copy to its peer. */
export class StageLink {
  readonly #hops: number;
  readonly #launchS: number;
  readonly #perTokenS: number;

  constructor(spec: ReplicaSpec) {
    const link = linkOf(spec.hardware, gpusPerReplica(spec.parallelism));
    this.#hops = spec.parallelism.pipeline - 1;
    this.#launchS = Math.max(SEND_LAUNCH_S, link.launchS);
    this.#perTokenS = (2 * spec.model.hiddenSize) / (link.efficiency * link.bytesPerS);
  }

  addTo(cost: PassCost, tokens: number): void {
    if (this.#hops > 0) cost.linkS += this.#hops * (this.#launchS + tokens * this.#perTokenS);
  }
}
