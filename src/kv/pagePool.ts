import { type Block, BlockPool } from './blockPool.ts';
import type { PageNames } from './pageNames.ts';

/** The pages one request holds, in context order. */
export type PageList = Block[];

/** Full attention on a BlockPool, as the reference engine works with it. */
export class PagePool {
  readonly #pool: BlockPool;
  readonly #names: PageNames;

  constructor(usablePages: number, names: PageNames) {
    this.#pool = new BlockPool(usablePages + 1, true);
    this.#names = names;
  }

  get usablePages(): number {
    return this.#pool.usable;
  }

  get freePages(): number {
    return this.#pool.free;
  }

  get evictedPages(): number {
    return this.#pool.evicted;
  }

  lookup(request: number, limit: number): number {
    let pages = 0;
    while (pages < limit && this.#find(request, pages) !== null) pages += 1;
    return pages;
  }

  idleAmong(request: number, pages: number): number {
    let idle = 0;
    for (let page = 0; page < pages; page++) if (this.#find(request, page)!.holders === 0) idle += 1;
    return idle;
  }

  take(request: number, list: PageList, pages: number): void {
    for (let page = 0; page < pages; page++) list.push(this.#find(request, page)!);
    this.#pool.touch(list);
  }

  allocate(list: PageList, pages: number): void {
    list.push(...this.#pool.take(pages));
  }

  publish(request: number, list: PageList, to: number): void {
    for (let page = 0; page < to; page++) {
      if (list[page].key === null) this.#pool.publish(list[page], this.#names.keyOf(request, page));
    }
  }

  release(list: PageList): void {
    this.#pool.release([...list].reverse());
    list.length = 0;
  }

  #find(request: number, page: number): Block | null {
    return this.#pool.find(this.#names.keyOf(request, page));
  }
}
