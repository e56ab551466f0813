import { admissionCap, type KvGroup } from '../timing/kvGroup.ts';
import type { FreeQueue, RunOwner } from './freeQueue.ts';
import type { GroupPages } from './groupPages.ts';
import { blocksOfHit, isPublished, type KvLayout, skippedTokens } from './kvLayout.ts';
import type { PageHold } from './pageHold.ts';
import type { PageNames } from './pageNames.ts';
import { NONE, type Runs } from './runs.ts';

/** Entries of a page table besides the numbers of runs: no page there, and a page without content. */
const ABSENT = -1;
const SCRATCH = -2;

/**
 * A group whose pages are freed from the front (windows, chunks, states) or that shares its pool with others, page by page:
 * every cached page is a run of its own in the common free queue.
 */
export class PageGroup implements RunOwner {
  readonly spec: KvGroup;
  readonly #index: number;
  readonly #layout: KvLayout;
  readonly #queue: FreeQueue;
  readonly #runs: Runs;
  readonly #names: PageNames;
  readonly #owner: number;
  readonly #cap: number;
  /** First copy of each cached page by name; further ones follow. */
  readonly #cached = new Map<number, number>();
  /** Name of each run's page. */
  readonly #nameOf: number[] = [];
  /** States published since the step began, which this step's requests cannot start from. */
  readonly #fresh = new Set<number>();

  constructor(spec: KvGroup, index: number, layout: KvLayout, queue: FreeQueue, names: PageNames) {
    this.spec = spec;
    this.#index = index;
    this.#layout = layout;
    this.#queue = queue;
    this.#runs = queue.runs;
    this.#names = names;
    this.#owner = queue.register(this);
    this.#cap = admissionCap(spec, layout.inFlightTokens, layout.contextLength);
  }

  get hasFreshStates(): boolean {
    return this.#fresh.size > 0;
  }

  startStep(): void {
    if (this.#fresh.size > 0) this.#fresh.clear();
  }

  /** Run of the cached page, NONE if there is none. */
  find(request: number, page: number): number {
    return this.#cached.get(this.#names.numberOf(request, page)) ?? NONE;
  }

  /** Free pages that a call takes in this group; `hitFrom`, `hit`: pages [hitFrom, hit) are cached. Infinity: not in this step. */
  need(
    hold: PageHold,
    tokens: number,
    lookahead: number,
    hitFrom: number,
    hit: number,
    computed: number,
    capped: boolean,
  ) {
    const { spec } = this;
    const { blockTokens } = spec;
    const pages = hold.groups[this.#index];
    const own = pages.table.length;
    if (spec.kind === 'state') {
      if (hit > 0 && this.#fresh.has(this.#names.numberOf(hold.request, hit - 1))) return Number.POSITIVE_INFINITY;
      if (spec.aligned) {
        const missing = Math.ceil((tokens - lookahead) / blockTokens) + spec.draftBlocks - hit - own;
        const fresh = missing <= 0 ? 0 : pages.started ? 1 : 1 + spec.draftBlocks;
        return fresh + this.#idleAmong(hold.request, hitFrom, hit);
      }
    }
    let required = Math.ceil(tokens / blockTokens) + (spec.kind === 'state' ? spec.draftBlocks : 0);
    if (capped) required = Math.min(required, this.#cap);
    if (pages.published >= 0) return Math.max(required - own, 0);
    const skipped = Math.floor(skippedTokens(spec, computed) / blockTokens);
    const fresh = Math.max(required - Math.max(skipped, hit), 0);
    return fresh + this.#idleAmong(hold.request, Math.max(hitFrom, skipped), hit);
  }

  /** Pages that lie wholly behind what the request still looks at are given back. */
  moveOn(hold: PageHold, processed: number): void {
    const { spec } = this;
    const pages = hold.groups[this.#index];
    const { table } = pages;
    const skipped = Math.min(table.length, Math.floor(skippedTokens(spec, processed) / spec.blockTokens));
    for (let page = skipped - 1; page >= 0 && table[page] !== ABSENT; page--) this.#drop(table, page);
    if (pages.lastState >= 0 && pages.lastState < Math.ceil(processed / spec.blockTokens) - 1) {
      this.#drop(table, pages.lastState);
    }
  }

  /** A request that holds nothing starts with its hit, of which what lies behind what it looks at is not held. */
  adopt(hold: PageHold, hitFrom: number, hit: number, computed: number): void {
    const pages = hold.groups[this.#index];
    const { table } = pages;
    const { holders } = this.#runs;
    const skipped = Math.floor(skippedTokens(this.spec, computed) / this.spec.blockTokens);
    const length = Math.max(hit, skipped);
    for (let page = 0; page < length; page++) {
      if (page < skipped || page < hitFrom) {
        table.push(ABSENT);
        continue;
      }
      const run = this.find(hold.request, page);
      if (holders[run] === 0) this.#queue.pull(run);
      holders[run] += 1;
      table.push(run);
    }
    pages.published = length;
  }

  /** Pages for the tokens a connector brings, as far as the request will look at them. */
  addExternal(hold: PageHold, computed: number, external: number): void {
    const kept = Math.min(computed - skippedTokens(this.spec, computed), external);
    if (kept > 0) this.#addScratch(hold.groups[this.#index].table, Math.ceil(computed / this.spec.blockTokens));
  }

  grow(hold: PageHold, tokens: number, lookahead: number): void {
    const { spec } = this;
    const pages = hold.groups[this.#index];
    if (spec.kind !== 'state') this.#addScratch(pages.table, Math.ceil(tokens / spec.blockTokens));
    else if (!spec.aligned) this.#addScratch(pages.table, Math.ceil(tokens / spec.blockTokens) + spec.draftBlocks);
    else this.#growState(pages, Math.ceil((tokens - lookahead) / spec.blockTokens), spec.draftBlocks);
  }

  /** The running state and those of the drafts sit at the end of the table; a chunk leaves nothing in between. */
  #growState(pages: GroupPages, states: number, draftPages: number): void {
    const { table } = pages;
    const before = table.length;
    if (states + draftPages <= before) return;
    if (pages.started) pages.lastState = before - 1 - draftPages;
    else if (before > 0) pages.lastState = before - 1;
    while (table.length < states - 1) table.push(ABSENT);
    if (pages.started) {
      for (let page = before - draftPages; page < before && page < states - 1; page++) {
        table.push(table[page]);
        table[page] = ABSENT;
      }
    }
    this.#addScratch(table, states + draftPages);
    pages.started = true;
  }

  publish(hold: PageHold, tokens: number, alignment: number): void {
    const { spec } = this;
    const pages = hold.groups[this.#index];
    const { table } = pages;
    const to = Math.floor(tokens / spec.blockTokens);
    for (let page = Math.max(0, pages.published); page < to; page++) {
      // A page that has a name keeps it.
      if (table[page] !== SCRATCH) continue;
      const { retentionTokens } = this.#layout;
      if (!isPublished(spec, page, alignment, retentionTokens, hold.promptTokens - 1, hold.junction)) continue;
      table[page] = this.#register(this.#names.numberOf(hold.request, page));
    }
    pages.published = Math.max(pages.published, to);
  }

  release(hold: PageHold): void {
    const pages = hold.groups[this.#index];
    const { table } = pages;
    for (let page = table.length - 1; page >= 0; page--) if (table[page] !== ABSENT) this.#drop(table, page);
    table.length = 0;
    pages.published = -1;
    pages.started = false;
    pages.lastState = -1;
  }

  shrunk(): void {
    throw new Error('a run of one page cannot shrink');
  }

  evicted(run: number): void {
    const { following } = this.#runs;
    const name = this.#nameOf[run];
    const first = this.#cached.get(name)!;
    if (first !== run) {
      let before = first;
      while (following[before] !== run) before = following[before];
      following[before] = following[run];
    } else if (following[run] === NONE) {
      this.#cached.delete(name);
    } else {
      this.#cached.set(name, following[run]);
    }
  }

  /** Most hit pages for at most `limit` tokens where `has` says which pages are cached; `drops`: the last one is given up. */
  findHit(
    limit: number,
    alignment: number,
    drops: boolean,
    has: (page: number) => boolean,
  ): { from: number; to: number } {
    const { spec } = this;
    const { blockTokens } = spec;
    const most = Math.floor(limit / blockTokens);
    const isAligned = (page: number): boolean => (page * blockTokens) % alignment === 0;
    let from = 0;
    let to = 0;
    if (spec.kind === 'state') {
      for (to = most; to > 0; to--) if (isAligned(to) && has(to - 1)) break;
      return { from: Math.max(0, to - 1), to };
    }
    if (spec.kind === 'window') {
      const needed = blocksOfHit(spec.window, blockTokens, drops);
      let run = 0;
      from = most;
      while (from > 0 && run < needed) {
        from -= 1;
        if (!has(from)) run = 0;
        else if (run > 0 || isAligned(drops ? from : from + 1)) run += 1;
      }
      if (run < needed) from = 0;
      to = from + run;
      if (run < needed) while (!isAligned(to)) to -= 1;
    } else {
      if (spec.kind === 'chunked') from = Math.floor((Math.floor(limit / spec.chunk) * spec.chunk) / blockTokens);
      to = from;
      while (to < most && has(to)) to += 1;
    }
    if (drops && to > 0) to -= 1;
    if (spec.kind !== 'chunked') while (!isAligned(to)) to -= 1;
    return { from: Math.min(from, to), to };
  }

  #idleAmong(request: number, from: number, to: number): number {
    const { holders } = this.#runs;
    let idle = 0;
    for (let page = from; page < to; page++) if (holders[this.find(request, page)] === 0) idle += 1;
    return idle;
  }

  #addScratch(table: number[], length: number): void {
    const missing = length - table.length;
    if (missing <= 0) return;
    this.#queue.take(missing);
    while (table.length < length) table.push(SCRATCH);
  }

  #drop(table: number[], page: number): void {
    const run = table[page];
    table[page] = ABSENT;
    if (run === SCRATCH) {
      this.#queue.giveBack(1);
    } else if (run !== ABSENT) {
      const { holders } = this.#runs;
      holders[run] -= 1;
      if (holders[run] === 0) this.#queue.push(run);
    }
  }

  #register(name: number): number {
    const run = this.#runs.add(this.#owner, 0, 0, 1);
    this.#nameOf[run] = name;
    if (this.spec.kind === 'state') this.#fresh.add(name);
    const { following } = this.#runs;
    let last = this.#cached.get(name);
    if (last === undefined) {
      this.#cached.set(name, run);
      return run;
    }
    while (following[last] !== NONE) last = following[last];
    following[last] = run;
    return run;
  }
}
