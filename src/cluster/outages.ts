import { RandomStream } from '../base/random.ts';
import type { FaultSpec } from './faultSpec.ts';

const NEVER = Number.POSITIVE_INFINITY;

/** When one worker is out, as scheduled and as drawn from the seed; outages that overlap are one. It depends on nothing that happens. */
export class Outages {
  /** The outage looked at: it is down from `atNs` until `untilNs`. */
  atNs = NEVER;
  untilNs = NEVER;
  readonly #scheduled: { readonly atNs: number; readonly downNs: number }[];
  readonly #random: FaultSpec['random'];
  readonly #stream: RandomStream | null;
  #drawnNs = NEVER;

  constructor(worker: number, faults: FaultSpec | null, seed: number) {
    this.#scheduled = (faults?.crashes ?? [])
      .filter((crash) => crash.worker === worker)
      .sort((a, b) => a.atNs - b.atNs);
    this.#random = faults?.random;
    const node = this.#random?.nodeOf?.[worker];
    const named = node === undefined ? 'faults' : 'node faults';
    this.#stream = this.#random === undefined ? null : new RandomStream(seed, named, node ?? worker);
    if (this.#stream !== null) this.#draw(0);
    this.#next();
  }

  /** Leaves behind what is over at `nowNs`. */
  passTo(nowNs: number): void {
    while (this.untilNs <= nowNs) this.#next();
  }

  #draw(upNs: number): void {
    this.#drawnNs = upNs + Math.round(this.#stream!.exponential(this.#random!.meanUpNs));
  }

  #next(): void {
    this.atNs = Math.min(this.#scheduled[0]?.atNs ?? NEVER, this.#drawnNs);
    this.untilNs = this.atNs;
    if (this.atNs === NEVER) return;
    while (this.untilNs < NEVER) {
      if (this.#scheduled.length > 0 && this.#scheduled[0].atNs <= this.untilNs) {
        const { atNs, downNs } = this.#scheduled.shift()!;
        this.untilNs = Math.max(this.untilNs, atNs + downNs);
      } else if (this.#drawnNs <= this.untilNs) {
        const backNs = this.#drawnNs + this.#random!.downNs;
        this.untilNs = Math.max(this.untilNs, backNs);
        this.#draw(backNs);
      } else {
        return;
      }
    }
  }
}
