import {
  type KvTiers,
  levelOf,
  occupy,
  type SharedTiers,
  type TierLevel,
  type TierName,
  type TiersSpec,
  type TierUse,
} from './kvTiers.ts';
import type { PageNames } from './pageNames.ts';

/** The slow statement of what `RunTiers` does: names of single pages in a list, the one to make room first. */
export class PlainTiers implements KvTiers {
  readonly takesEvicted: boolean;
  readonly isShared: boolean;
  nowNs = 0;
  readonly names: readonly TierName[];
  /** A set lists its members in the order in which they were added. */
  readonly #levels: readonly TierLevel<Set<string>>[];
  readonly #uses: readonly TierUse[];
  readonly #names: PageNames;

  constructor(spec: TiersSpec, names: PageNames, shared: SharedTiers, uses: readonly TierUse[]) {
    this.#levels = spec.levels.map((level) => levelOf(level, names.pageTokens, shared, () => new Set<string>()));
    this.takesEvicted = spec.levels[0].write === 'on_eviction';
    this.isShared = spec.levels.some(({ name }) => name === 'shared');
    this.#uses = uses;
    this.names = spec.levels.map(({ name }) => name);
    this.#names = names;
  }

  reach(request: number, from: number, to: number): number {
    let page = from;
    while (page < to && this.#levelWith(this.#names.keyOf(request, page)) >= 0) page += 1;
    return page;
  }

  pagesByTier(request: number, from: number, to: number): readonly number[] {
    const pages = this.#levels.map(() => 0);
    for (let page = from; page < to; page++) pages[this.#levelWith(this.#names.keyOf(request, page))] += 1;
    return pages;
  }

  load(request: number, from: number, to: number): number {
    let readyNs = this.nowNs;
    for (let page = from; page < to; page++) {
      const index = this.#levelWith(this.#names.keyOf(request, page));
      const level = this.#levels[index];
      this.#uses[index].loadedPages += 1;
      readyNs = Math.max(readyNs, occupy(level, this.#uses[index], 1, this.nowNs) + level.spec.latencyNs);
    }
    for (let page = to - 1; page >= 0; page--) {
      const key = this.#names.keyOf(request, page);
      for (const { store } of this.#levels) if (store.delete(key)) store.add(key);
    }
    return readyNs;
  }

  store(request: number, pages: number): void {
    if (this.takesEvicted) return;
    for (let page = pages - 1; page >= 0; page--) this.#receive(0, this.#names.keyOf(request, page));
  }

  evicted(segment: number, from: number, to: number): void {
    if (!this.takesEvicted) return;
    for (let page = to - 1; page >= from; page--) this.#receive(0, `${segment}:${page}`);
  }

  evictedOf(request: number, from: number, to: number): void {
    if (!this.takesEvicted) return;
    for (let page = to - 1; page >= from; page--) this.#receive(0, this.#names.keyOf(request, page));
  }

  #receive(index: number, key: string): void {
    const level = this.#levels[index];
    const { store, spec } = level;
    if (spec.pages > 0) {
      const wasThere = store.delete(key);
      if (!wasThere) {
        this.#uses[index].storedPages += 1;
        occupy(level, this.#uses[index], 1, this.nowNs);
      }
      if (store.size === spec.pages) this.#drop(index);
      store.add(key);
    }
    if (this.#levels[index + 1]?.spec.write === 'through') this.#receive(index + 1, key);
  }

  #drop(index: number): void {
    const { store } = this.#levels[index];
    const [oldest] = store;
    store.delete(oldest);
    if (this.#levels[index + 1]?.spec.write === 'on_eviction') this.#receive(index + 1, oldest);
  }

  #levelWith(key: string): number {
    return this.#levels.findIndex(({ store }) => store.has(key));
  }
}
