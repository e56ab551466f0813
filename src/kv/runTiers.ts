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
import { SegmentWalk } from './segmentWalk.ts';
import { TierStore } from './tierStore.ts';

/** A worker's tiers with their pages in runs. */
export class RunTiers implements KvTiers {
  readonly takesEvicted: boolean;
  readonly isShared: boolean;
  nowNs = 0;
  readonly names: readonly TierName[];
  readonly #levels: readonly TierLevel<TierStore>[];
  readonly #uses: readonly TierUse[];
  readonly #pages: number[];
  /** The level that `#nearest` found last. */
  #found = 0;
  readonly #walk: SegmentWalk;
  /** Pieces of the request's pages last walked over: segment, first page, end, one after the other. */
  readonly #pieces: number[] = [];

  constructor(spec: TiersSpec, names: PageNames, shared: SharedTiers, uses: readonly TierUse[]) {
    this.#levels = spec.levels.map((level, index) =>
      levelOf(
        level,
        names.pageTokens,
        shared,
        () => new TierStore(level.pages, names.sharedSegments, (...piece) => this.#dropped(index, ...piece)),
      ),
    );
    this.takesEvicted = spec.levels[0].write === 'on_eviction';
    this.isShared = spec.levels.some(({ name }) => name === 'shared');
    this.#uses = uses;
    this.names = spec.levels.map(({ name }) => name);
    this.#pages = spec.levels.map(() => 0);
    this.#walk = new SegmentWalk(names);
  }

  reach(request: number, from: number, to: number): number {
    const walk = this.#walk;
    walk.start(request, from, to);
    let page = from;
    while (walk.next()) {
      const end = this.#reachOf(walk.segment, walk.from, walk.to);
      page += end - walk.from;
      if (end < walk.to) break;
    }
    return page;
  }

  pagesByTier(request: number, from: number, to: number): readonly number[] {
    const pages = this.#pages.fill(0);
    const walk = this.#walk;
    walk.start(request, from, to);
    while (walk.next()) {
      for (let page = walk.from; page < walk.to; ) {
        const end = this.#nearest(walk.segment, page, walk.to);
        pages[this.#found] += end - page;
        page = end;
      }
    }
    return pages;
  }

  load(request: number, from: number, to: number): number {
    const pages = this.pagesByTier(request, from, to);
    let readyNs = this.nowNs;
    for (const [index, level] of this.#levels.entries()) {
      if (pages[index] === 0) continue;
      const use = this.#uses[index];
      use.loadedPages += pages[index];
      readyNs = Math.max(readyNs, occupy(level, use, pages[index], this.nowNs) + level.spec.latencyNs);
    }
    this.#eachFromLast(request, 0, to, (segment, first, end) => {
      for (const { store } of this.#levels) store.touch(segment, first, end);
    });
    return readyNs;
  }

  store(request: number, pages: number): void {
    if (this.takesEvicted) return;
    this.#eachFromLast(request, 0, pages, (segment, from, to) => this.#receive(0, segment, from, to));
  }

  evicted(segment: number, from: number, to: number): void {
    if (this.takesEvicted) this.#receive(0, segment, from, to);
  }

  evictedOf(request: number, from: number, to: number): void {
    if (!this.takesEvicted) return;
    this.#eachFromLast(request, from, to, (segment, first, end) => this.#receive(0, segment, first, end));
  }

  #receive(index: number, segment: number, from: number, to: number): void {
    const level = this.#levels[index];
    const added = level.store.put(segment, from, to);
    if (added > 0) {
      const use = this.#uses[index];
      use.storedPages += added;
      occupy(level, use, added, this.nowNs);
    }
    if (this.#levels[index + 1]?.spec.write === 'through') this.#receive(index + 1, segment, from, to);
  }

  #dropped(index: number, segment: number, from: number, to: number): void {
    if (this.#levels[index + 1]?.spec.write === 'on_eviction') this.#receive(index + 1, segment, from, to);
  }

  #reachOf(segment: number, from: number, to: number): number {
    let page = from;
    while (page < to) {
      const end = this.#nearest(segment, page, to);
      if (end === page) break;
      page = end;
    }
    return page;
  }

  /** Finds the nearest tier with a page of a segment; returns up to which page below `to` it is the nearest, `page` if none has it. */
  #nearest(segment: number, page: number, to: number): number {
    const levels = this.#levels;
    let limit = to;
    for (let level = 0; level < levels.length; level++) {
      const { store } = levels[level];
      const end = store.reach(segment, page, limit);
      if (end > page) {
        this.#found = level;
        return end;
      }
      if (level + 1 < levels.length) limit = store.absentUntil(segment, page, limit);
    }
    return page;
  }

  /** Calls `act` for every piece of the request's pages [from, to), the last piece first. */
  #eachFromLast(
    request: number,
    from: number,
    to: number,
    act: (segment: number, from: number, to: number) => void,
  ): void {
    const pieces = this.#pieces;
    const walk = this.#walk;
    walk.start(request, from, to);
    let count = 0;
    while (walk.next()) {
      pieces[count++] = walk.segment;
      pieces[count++] = walk.from;
      pieces[count++] = walk.to;
    }
    for (let at = count - 3; at >= 0; at -= 3) act(pieces[at], pieces[at + 1], pieces[at + 2]);
  }
}
