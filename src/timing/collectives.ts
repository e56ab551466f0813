import type { HardwareFacts } from '../catalog/hardware.ts';
import { COLLECTIVES, type RooflineScales } from './constants.ts';
import type { PassCost } from './passCost.ts';

/**
 * Collectives among `gpus` GPUs of one replica, over the fastest link that joins them all. Their start counts as
 * interconnect: it is the latency of the link and its protocol.
 */
export class Collectives {
  readonly #gpus: number;
  readonly #startS: number;
  readonly #gatherStartS: number;
  readonly #bytesPerS: number;
  /** All measured runs talked over NVLink. */
  readonly isFitted: boolean;

  constructor(hardware: HardwareFacts, gpus: number, span: number, scales: RooflineScales) {
    const link = groupLinkOf(hardware, span);
    this.#gpus = gpus;
    this.isFitted = gpus === 1 || link.launchS === COLLECTIVES.nvlink.launchS;
    const startS = link.launchS + gpus * link.perGpuS;
    this.#startS = scales.collectives * startS;
    // A gather starts no faster than an all-reduce on the same link.
    this.#gatherStartS = scales.collectives * Math.max(COLLECTIVES.gatherLaunchS, startS);
    this.#bytesPerS = (link.efficiency * link.bytesPerS) / scales.collectiveBytes;
  }

  /** Ring all-reduce of `bytes` per GPU: start + 2 (n-1)/n bytes / bandwidth. */
  addAllReduce(cost: PassCost, bytes: number, times: number): void {
    if (this.#gpus === 1) return;
    cost.linkS += times * this.#startS + (times * 2 * (this.#gpus - 1) * bytes) / (this.#gpus * this.#bytesPerS);
  }

  /** All-gather (or reduce-scatter, which costs the same) to `bytes` in all: start + (n-1)/n bytes / bandwidth. */
  addGather(cost: PassCost, bytes: number, times: number): void {
    if (this.#gpus === 1) return;
    cost.linkS +=
      times * this.#gatherStartS +
      (times * (this.#gpus - 1) * bytes) / (this.#gpus * this.#bytesPerS * COLLECTIVES.gatherGain);
  }
}

/** The fastest link that joins `span` GPUs. */
export interface Link {
  readonly launchS: number;
  readonly perGpuS: number;
  readonly efficiency: number;
  readonly bytesPerS: number;
}

/**
 * What a collective of `span` GPUs runs at. Between domains each crosses by all NICs of a domain at once (NCCL lays a ring
 * through every NIC), so that a GPU's share of the ring is the domain's NICs together, at most what its own link takes.
 */
function groupLinkOf(hardware: HardwareFacts, span: number): Link {
  const link = linkOf(hardware, span);
  const domain = scaleUpGpus(hardware);
  if (span <= domain) return link;
  const near = linkOf(hardware, 1);
  const nearBytesPerS = (near.efficiency * near.bytesPerS) / link.efficiency;
  return { ...link, bytesPerS: Math.min(nearBytesPerS, domain * link.bytesPerS) };
}

/** GPUs that reach each other without the network. */
export function scaleUpGpus(hardware: HardwareFacts): number {
  return hardware.scaleUpGBps === null ? COLLECTIVES.pcieDomain : hardware.scaleUpDomain.value;
}

export function linkOf(hardware: HardwareFacts, span: number): Link {
  const scaleUp = hardware.scaleUpGBps;
  if (scaleUp !== null && span <= hardware.scaleUpDomain.value) {
    return { ...COLLECTIVES.nvlink, bytesPerS: scaleUp.value * 1e9 };
  }
  if (scaleUp === null && span <= COLLECTIVES.pcieDomain) {
    return { ...COLLECTIVES.pcie, bytesPerS: hardware.pcieGBps.value * 1e9 };
  }
  return { ...COLLECTIVES.network, bytesPerS: hardware.networkGBps.value * 1e9 };
}
