import type { DecodeSet } from '../decodeSet.ts';
import type { Sequence } from '../sequence.ts';
import type { RadixPages } from './radixPages.ts';
import type { RunningBatch } from './runningBatch.ts';
import type { SglangConfig } from './sglangConfig.ts';

/**
 * Pages that the next decode of all running requests takes. With drafts each of them gets room for those that its pass verifies
 * before it is known how many stay: without overlap what they leave is given back when the pass is over (eagle_info.py); with
 * overlap the results of one pass are out yet, and room for two is kept until the request ends (eagle_info_v2.py).
 */
export class DecodeRoom {
  readonly #pages: RadixPages;
  readonly #running: RunningBatch;
  /** Tokens that one pass of a request writes, 0 without speculation. */
  readonly #verified: number;
  readonly #overlap: boolean;

  constructor({ speculation, overlap }: SglangConfig, pages: RadixPages, running: RunningBatch) {
    this.#pages = pages;
    this.#running = running;
    this.#verified = speculation === null ? 0 : 1 + speculation.draftTokens;
    this.#overlap = overlap;
  }

  /** Whether the next decode of each fits, after an eviction if it must be. */
  make(set: DecodeSet): boolean {
    const due = this.#due(set);
    this.#pages.makeFree(due);
    return due <= this.#pages.free;
  }

  /** With pages the allocator asks for one more per request than it may need. */
  makeSpare(set: DecodeSet): void {
    if (this.#pages.pageTokens === 1) return;
    const drafted = this.#verified > 0 ? this.#due(set) : 0;
    this.#pages.makeFree(drafted + this.#running.size);
  }

  #due(set: DecodeSet): number {
    const pages = this.#pages;
    const { leaving } = this.#running;
    if (this.#verified === 0) {
      let due = set.pagesDue(1);
      for (const { computed } of leaving) due += pages.missing(computed, 1);
      return due;
    }
    if (!this.#overlap) return this.#running.size * pages.pagesFor(this.#verified);
    let due = 0;
    for (const sequence of set.members) due += pages.lacking(sequence, this.#span(sequence, set));
    for (const sequence of leaving) due += pages.lacking(sequence, this.#span(sequence, set));
    return due;
  }

  /** Everybody takes part in the next decode, those that are leaving too. */
  take(set: DecodeSet): void {
    const pages = this.#pages;
    const { leaving } = this.#running;
    if (this.#verified === 0) {
      pages.take(set.pagesDue(1));
      for (const ghost of leaving) {
        pages.take(pages.missing(ghost.computed, 1));
        ghost.computed += 1;
      }
      return;
    }
    for (const sequence of leaving) pages.reserve(sequence, this.#span(sequence, set));
    for (const sequence of set.members) {
      pages.reserve(sequence, this.#span(sequence, set));
      sequence.drafts = this.#verified - 1;
      sequence.guesses = this.#verified - 1;
    }
  }

  /** A decode is over: without overlap the slots of rejected drafts are free again. */
  giveBack(set: DecodeSet): void {
    if (this.#verified === 0 || this.#overlap) return;
    for (const sequence of set.members) this.#pages.trim(sequence, set.computedTokens(sequence));
  }

  /** Tokens the sequence needs slots for in its next decode. */
  #span(sequence: Sequence, set: DecodeSet): number {
    if (!this.#overlap) return set.computedTokens(sequence) + this.#verified;
    const { prefilled, inputTokens } = sequence;
    const committed = Math.max(prefilled, inputTokens + this.#running.knownGenerated(sequence) - 1);
    return committed + 2 * this.#verified;
  }
}
