import { RandomStream } from '../base/random.ts';
import type { FaultSpec } from './faultSpec.ts';

const NEVER = Number.POSITIVE_INFINITY;

/** Moments at which a worker, or a node that it is on, goes down by chance. */
class RandomOutages {
  nextNs = 0;
  readonly #stream: RandomStream;
  readonly #meanUpNs: number;

  constructor(stream: RandomStream, meanUpNs: number) {
    this.#stream = stream;
    this.#meanUpNs = meanUpNs;
    this.upAt(0);
  }

  /** It is up again at `ns`: draws when it goes down next. */
  upAt(ns: number): void {
    this.nextNs = ns + Math.round(this.#stream.exponential(this.#meanUpNs));
  }
}

/** When one worker is out, as scheduled and as drawn from the seed; outages that overlap are one. It depends on nothing that happens. */
export class Outages {
  /** The outage looked at: it is down from `atNs` until `untilNs`. */
  atNs = NEVER;
  untilNs = NEVER;
  readonly #scheduled: { readonly atNs: number; readonly downNs: number }[];
  readonly #random: readonly RandomOutages[];
  readonly #randomDownNs: number;

  constructor(worker: number, faults: FaultSpec | null, seed: number) {
    this.#scheduled = (faults?.crashes ?? [])
      .filter((crash) => crash.worker === worker)
      .sort((a, b) => a.atNs - b.atNs);
    const random = faults?.random;
    const nodes = random?.nodesOf?.[worker];
    const streams =
      nodes === undefined
        ? [new RandomStream(seed, 'faults', worker)]
        : nodes.map((node) => new RandomStream(seed, 'node faults', node));
    this.#random = random === undefined ? [] : streams.map((stream) => new RandomOutages(stream, random.meanUpNs));
    this.#randomDownNs = random?.downNs ?? 0;
    this.#next();
  }

  /** Leaves behind what is over at `nowNs`. */
  passTo(nowNs: number): void {
    while (this.untilNs <= nowNs) this.#next();
  }

  #next(): void {
    this.atNs = Math.min(this.#scheduled[0]?.atNs ?? NEVER, ...this.#random.map(({ nextNs }) => nextNs));
    this.untilNs = this.atNs;
    if (this.atNs === NEVER) return;
    while (this.untilNs < NEVER) {
      const drawn = this.#random.find(({ nextNs }) => nextNs <= this.untilNs);
      if (this.#scheduled.length > 0 && this.#scheduled[0].atNs <= this.untilNs) {
        const { atNs, downNs } = this.#scheduled.shift()!;
        this.untilNs = Math.max(this.untilNs, atNs + downNs);
      } else if (drawn !== undefined) {
        const backNs = drawn.nextNs + this.#randomDownNs;
        this.untilNs = Math.max(this.untilNs, backNs);
        drawn.upAt(backNs);
      } else {
        return;
      }
    }
  }
}
