import type { SlowLinks } from '../faultSpec.ts';
import type { Link } from './fluid.ts';

/** Links that are slow for a while. What overlaps multiplies. */
export class Degradations {
  /** When links change next; Infinity = never again. */
  nextNs: number;
  readonly #timesNs: number[];
  readonly #slowLinks: readonly SlowLinks[];
  readonly #linksOf: (of: SlowLinks['of']) => readonly Link[];

  constructor(slowLinks: readonly SlowLinks[], linksOf: (of: SlowLinks['of']) => readonly Link[]) {
    this.#slowLinks = slowLinks;
    this.#linksOf = linksOf;
    this.#timesNs = slowLinks.flatMap(({ atNs, untilNs }) => [atNs, untilNs]).sort((a, b) => b - a);
    this.nextNs = this.#timesNs.at(-1) ?? Number.POSITIVE_INFINITY;
  }

  /** Brings the links' bandwidths up to `nowNs`. */
  applyUntil(nowNs: number): void {
    if (this.nextNs > nowNs) return;
    while (this.nextNs <= nowNs) {
      this.#timesNs.pop();
      this.nextNs = this.#timesNs.at(-1) ?? Number.POSITIVE_INFINITY;
    }
    for (const { of } of this.#slowLinks) for (const link of this.#linksOf(of)) link.nowBytesPerS = link.bytesPerS;
    for (const { of, factor, atNs, untilNs } of this.#slowLinks) {
      if (nowNs < atNs || nowNs >= untilNs) continue;
      for (const link of this.#linksOf(of)) link.nowBytesPerS *= factor;
    }
  }
}
