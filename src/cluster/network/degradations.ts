import type { SlowLinks } from '../faultSpec.ts';
import type { Spells } from '../spells.ts';
import type { Link } from './fluid.ts';

/** Links that are slow for a while, as scheduled or by chance. What overlaps multiplies. */
export class Degradations {
  /** When links change next; Infinity = never again. */
  nextNs: number;
  readonly #byChance: { readonly links: readonly Link[]; readonly spells: Spells }[] = [];
  readonly #timesNs: number[];
  readonly #slowLinks: readonly SlowLinks[];
  readonly #linksOf: (of: SlowLinks['of']) => readonly Link[];

  constructor(slowLinks: readonly SlowLinks[], linksOf: (of: SlowLinks['of']) => readonly Link[]) {
    this.#slowLinks = slowLinks;
    this.#linksOf = linksOf;
    this.#timesNs = slowLinks.flatMap(({ atNs, untilNs }) => [atNs, untilNs]).sort((a, b) => b - a);
    this.nextNs = this.#timesNs.at(-1) ?? Number.POSITIVE_INFINITY;
  }

  /** These links, which are as they should be, have spells: the past ones are over at `nowNs`, one may be on. */
  add(links: readonly Link[], spells: Spells, nowNs: number): void {
    spells.passTo(nowNs);
    for (const link of links) link.nowBytesPerS *= spells.factor;
    this.#byChance.push({ links, spells });
    this.nextNs = Math.min(this.nextNs, spells.nextNs);
  }

  /** Brings the links' bandwidths up to `nowNs`. */
  applyUntil(nowNs: number): void {
    if (this.nextNs > nowNs) return;
    while (this.#timesNs.length > 0 && this.#timesNs.at(-1)! <= nowNs) this.#timesNs.pop();
    this.nextNs = this.#timesNs.at(-1) ?? Number.POSITIVE_INFINITY;
    for (const { of } of this.#slowLinks) for (const link of this.#linksOf(of)) link.nowBytesPerS = link.bytesPerS;
    for (const { links } of this.#byChance) for (const link of links) link.nowBytesPerS = link.bytesPerS;
    for (const { links, spells } of this.#byChance) {
      spells.passTo(nowNs);
      this.nextNs = Math.min(this.nextNs, spells.nextNs);
      for (const link of links) link.nowBytesPerS *= spells.factor;
    }
    for (const { of, factor, atNs, untilNs } of this.#slowLinks) {
      if (nowNs < atNs || nowNs >= untilNs) continue;
      for (const link of this.#linksOf(of)) link.nowBytesPerS *= factor;
    }
  }
}
