import type { LoadedRank, RankRule } from './rankRule.ts';

/** A scheduler as seen from outside its rank. */
interface Rank extends LoadedRank {
  readonly usablePages: number;
  readonly evictedPages: number;
}

/** The attention-DP ranks of a replica, each with a scheduler of its own, and which of them has which request. */
export class Ranks<T extends Rank> {
  readonly all: readonly T[];
  readonly #rule: RankRule;
  readonly #rankOf = new Map<number, T>();
  #taken = 0;

  constructor(all: readonly T[], rule: RankRule) {
    this.all = all;
    this.#rule = rule;
  }

  /** The one that the next request goes to. */
  get next(): T {
    return this.all.length === 1 ? this.all[0] : this.all[this.#rule(this.all, this.#taken)];
  }

  /** Gives the request to a rank. */
  take(request: number): T {
    const rank = this.next;
    this.#taken += 1;
    if (this.all.length > 1) this.#rankOf.set(request, rank);
    return rank;
  }

  /** The rank that got the request last. */
  of(request: number): T {
    return this.all.length === 1 ? this.all[0] : this.#rankOf.get(request)!;
  }

  get usablePages(): number {
    return this.all.reduce((sum, { usablePages }) => sum + usablePages, 0);
  }

  get evictedPages(): number {
    return this.all.reduce((sum, { evictedPages }) => sum + evictedPages, 0);
  }
}
