import type { KvCall, KvManager } from '../../kv/kvManager.ts';
import type { PageHold } from '../../kv/pageHold.ts';
import type { PageNames } from '../../kv/pageNames.ts';
import { type PageList, PagePool } from '../../kv/pagePool.ts';

/** A PagePool for models whose layers all attend to everything. */
export class PagePoolManager implements KvManager {
  readonly junction = 0;
  readonly #pool: PagePool;
  readonly #pageTokens: number;
  readonly #caching: boolean;
  readonly #lists = new Map<PageHold, PageList>();

  constructor(pages: number, pageTokens: number, caching: boolean, names: PageNames) {
    this.#pool = new PagePool(pages, names);
    this.#pageTokens = pageTokens;
    this.#caching = caching;
  }

  get usablePages(): number {
    return this.#pool.usablePages;
  }

  get freePages(): number {
    return this.#pool.freePages;
  }

  get evictedPages(): number {
    return this.#pool.evictedPages;
  }

  startStep(): void {}

  lookup(request: number, known: number): number {
    if (!this.#caching) return 0;
    return this.#pool.lookup(request, Math.floor((known - 1) / this.#pageTokens)) * this.#pageTokens;
  }

  allocate(hold: PageHold, call: KvCall): boolean {
    const list = this.#lists.get(hold) ?? [];
    const hit = call.hit / this.#pageTokens;
    const end = call.computed + call.hit + call.external + call.tokens;
    const missing = (tokens: number): number =>
      Math.max(0, Math.ceil(tokens / this.#pageTokens) - hit - list.length) +
      this.#pool.idleAmong(hold.request, hit) +
      call.keepFree;
    if (call.gate && missing(call.known) > this.#pool.freePages) return false;
    if (missing(end + call.lookahead) > this.#pool.freePages) return false;
    this.#lists.set(hold, list);
    this.#pool.take(hold.request, list, hit);
    this.#pool.allocate(list, Math.max(0, Math.ceil((end + call.lookahead) / this.#pageTokens) - list.length));
    if (call.publishes) this.publish(hold, Math.min(end, call.known));
    return true;
  }

  publish(hold: PageHold, tokens: number): void {
    if (this.#caching) this.#pool.publish(hold.request, this.#lists.get(hold)!, Math.floor(tokens / this.#pageTokens));
  }

  release(hold: PageHold): void {
    this.#pool.release(this.#lists.get(hold) ?? []);
    this.#lists.delete(hold);
  }
}
