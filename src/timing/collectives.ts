import type { HardwareFacts } from '../catalog/hardware.ts';
import { COLLECTIVES } from './constants.ts';
import type { PassCost } from './passCost.ts';

/** Collectives among `gpus` GPUs of one replica, over the fastest link that joins them all. */
export class Collectives {
  readonly #gpus: number;
  readonly #launchS: number;
  readonly #bytesPerS: number;
  readonly #scale: number;

  constructor(hardware: HardwareFacts, gpus: number, scale: number) {
    const link = linkOf(hardware, gpus);
    this.#gpus = gpus;
    this.#launchS = link.launchS + gpus * link.perGpuS;
    this.#bytesPerS = link.efficiency * link.bytesPerS;
    this.#scale = scale;
  }

  /** Ring all-reduce of `bytes` per GPU: launch + 2 (n-1)/n bytes / bandwidth. */
  addAllReduce(cost: PassCost, bytes: number, times: number): void {
    if (this.#gpus === 1) return;
    const scale = times * this.#scale;
    cost.launchS += scale * this.#launchS;
    cost.linkS += (scale * 2 * (this.#gpus - 1) * bytes) / (this.#gpus * this.#bytesPerS);
  }

  /** All-gather (or reduce-scatter, which costs the same) to `bytes` in all: launch + (n-1)/n bytes / bandwidth. */
  addGather(cost: PassCost, bytes: number, times: number): void {
    if (this.#gpus === 1) return;
    const scale = times * this.#scale;
    // A gather starts no faster than an all-reduce on the same link.
    cost.launchS += scale * Math.max(COLLECTIVES.gatherLaunchS, this.#launchS);
    cost.linkS += (scale * (this.#gpus - 1) * bytes) / (this.#gpus * this.#bytesPerS * COLLECTIVES.gatherGain);
  }
}

interface Link {
  readonly launchS: number;
  readonly perGpuS: number;
  readonly efficiency: number;
  readonly bytesPerS: number;
}

function linkOf(hardware: HardwareFacts, gpus: number): Link {
  const scaleUp = hardware.scaleUpGBps;
  if (scaleUp !== null && gpus <= hardware.scaleUpDomain.value) {
    return { ...COLLECTIVES.nvlink, bytesPerS: scaleUp.value * 1e9 };
  }
  if (scaleUp === null && gpus <= COLLECTIVES.pcieDomain) {
    return { ...COLLECTIVES.pcie, bytesPerS: hardware.pcieGBps.value * 1e9 };
  }
  return { ...COLLECTIVES.network, bytesPerS: hardware.networkGBps.value * 1e9 };
}
