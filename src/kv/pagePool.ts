import type { PageNames } from './pageNames.ts';

/** One physical page. `name` is null for scratch pages and for second copies that lookups never find. */
interface Page {
  name: string | null;
  registered: boolean;
  holders: number;
}

/** The pages one request holds, in context order. */
export type PageList = Page[];

/**
 * The same rules as RunPool, one page at a time with a map of names and a list of idle pages: the slow statement of what
 * RunPool must do. Used by the reference engine and by property tests only.
 */
export class PagePool {
  readonly usablePages: number;
  /** Cached pages thrown out to make room, so far. */
  evictedPages = 0;
  readonly #names: PageNames;
  #blankPages: number;
  /** Cached pages nobody holds, next to be evicted first. */
  readonly #idle: Page[] = [];
  readonly #byName = new Map<string, Page>();

  constructor(usablePages: number, names: PageNames) {
    this.usablePages = usablePages;
    this.#names = names;
    this.#blankPages = usablePages;
  }

  get freePages(): number {
    return this.#blankPages + this.#idle.length;
  }

  lookup(request: number, limit: number): number {
    let pages = 0;
    while (pages < limit && this.#byName.has(this.#nameOf(request, pages))) pages += 1;
    return pages;
  }

  idleAmong(request: number, pages: number): number {
    let idle = 0;
    for (let page = 0; page < pages; page++) {
      if (this.#byName.get(this.#nameOf(request, page))!.holders === 0) idle += 1;
    }
    return idle;
  }

  take(request: number, list: PageList, pages: number): void {
    for (let index = 0; index < pages; index++) {
      const page = this.#byName.get(this.#nameOf(request, index))!;
      if (page.holders === 0) this.#idle.splice(this.#idle.indexOf(page), 1);
      page.holders += 1;
      list.push(page);
    }
  }

  allocate(list: PageList, pages: number): void {
    for (let index = 0; index < pages; index++) {
      if (this.#blankPages > 0) {
        this.#blankPages -= 1;
      } else {
        const evicted = this.#idle.shift();
        if (evicted === undefined) throw new Error('allocated more pages than are free');
        this.evictedPages += 1;
        if (evicted.name !== null) this.#byName.delete(evicted.name);
      }
      list.push({ name: null, registered: false, holders: 1 });
    }
  }

  publish(request: number, list: PageList, to: number): void {
    for (let index = 0; index < to; index++) {
      const page = list[index];
      if (page.registered) continue;
      page.registered = true;
      const name = this.#nameOf(request, index);
      const startsSegment = index === 0 || segmentOf(name) !== segmentOf(this.#nameOf(request, index - 1));
      const follows = startsSegment || list[index - 1].name !== null;
      if (follows && !this.#byName.has(name)) {
        page.name = name;
        this.#byName.set(name, page);
      }
    }
  }

  release(list: PageList): void {
    for (let index = list.length - 1; index >= 0; index--) {
      const page = list[index];
      page.holders -= 1;
      if (page.holders > 0) continue;
      if (page.registered) this.#idle.push(page);
      else this.#blankPages += 1;
    }
    list.length = 0;
  }

  /** `segment:page within it`. */
  #nameOf(request: number, page: number): string {
    const names = this.#names;
    const named = names.namedPages(request);
    if (page >= named) return `${names.privateSegment(request)}:${page - named}`;
    const position = names.positionOf(page);
    return `${names.segmentAt(request, position)}:${page - names.firstPage(position)}`;
  }
}

function segmentOf(name: string): string {
  return name.slice(0, name.indexOf(':'));
}
