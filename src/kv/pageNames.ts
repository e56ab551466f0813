/** More pages than one request can generate; request x this stays a whole number for thousands of millions of requests. */
const PAGES_OF_PRIVATE = 2 ** 20;

/**
 * How a request's KV pages are named. The workload's block ids name stretches of `blockTokens` tokens; a page of
 * `pageTokens` tokens belongs to the block its last token falls in, so any page size works with any block size. Because an id
 * stands for its whole prefix, (block id, page within the block) identifies a page's content. A page may be known by some
 * tokens `ahead` of its end, too: EAGLE's KV of a token depends on the one after it.
 */
export class PageNames {
  readonly pageTokens: number;
  readonly #ahead: number;
  readonly #blockTokens: number;
  readonly #blockOffsets: Int32Array;
  readonly #blockIds: Int32Array;
  readonly #namedTokens: Int32Array;
  readonly #sharedIds: number;
  /** More than a block has. */
  readonly #pagesOfBlock: number;

  constructor(
    naming: { blockTokens: number; blockOffsets: Int32Array; blockIds: Int32Array; blockIdCount: number },
    namedTokens: Int32Array,
    pageTokens: number,
    ahead = 0,
  ) {
    this.pageTokens = pageTokens;
    this.#ahead = ahead;
    this.#blockTokens = naming.blockTokens;
    this.#blockOffsets = naming.blockOffsets;
    this.#blockIds = naming.blockIds;
    this.#namedTokens = namedTokens;
    this.#sharedIds = naming.blockIdCount;
    this.#pagesOfBlock = Math.ceil(naming.blockTokens / pageTokens) + 1;
  }

  /** Segments with an id below this are named by the workload; the rest are one private segment per request. */
  get sharedSegments(): number {
    return this.#sharedIds;
  }

  /** Leading pages that are known when `tokens` tokens are. */
  pagesIn(tokens: number): number {
    return Math.floor(Math.max(0, tokens - this.#ahead) / this.pageTokens);
  }

  /** Leading pages of the request that lie wholly in named text. */
  namedPages(request: number): number {
    return this.pagesIn(this.#namedTokens[request]);
  }

  /** First page that belongs to the request's block at `position`. */
  firstPage(position: number): number {
    return this.pagesIn(position * this.#blockTokens);
  }

  /** Position of the block that page `page` belongs to. */
  positionOf(page: number): number {
    return Math.floor(((page + 1) * this.pageTokens - 1 + this.#ahead) / this.#blockTokens);
  }

  /** Segment id of the request's block at `position`. */
  segmentAt(request: number, position: number): number {
    return this.#blockIds[this.#blockOffsets[request] + position];
  }

  /** Whether the first `pages` >= 1 pages of two requests are the same by name. */
  agreeOn(request: number, other: number, pages: number): boolean {
    if (Math.min(this.namedPages(request), this.namedPages(other)) < pages) return false;
    const position = this.positionOf(pages - 1);
    return this.segmentAt(request, position) === this.segmentAt(other, position);
  }

  /** Leading tokens that two requests share by name. */
  commonTokens(request: number, other: number): number {
    const named = Math.min(this.#namedTokens[request], this.#namedTokens[other]);
    const offset = this.#blockOffsets[request];
    const otherOffset = this.#blockOffsets[other];
    // Ids are nodes of a prefix tree: agreeing on one means agreeing on all before it.
    let same = 0;
    let differs = Math.ceil(named / this.#blockTokens) + 1;
    while (differs - same > 1) {
      const middle = (same + differs) >> 1;
      if (this.#blockIds[offset + middle - 1] === this.#blockIds[otherOffset + middle - 1]) same = middle;
      else differs = middle;
    }
    return Math.min(same * this.#blockTokens, named);
  }

  /** Segment of the text only this request has: what it generated and nobody named. */
  privateSegment(request: number): number {
    return this.#sharedIds + request;
  }

  /** The name of the request's page `page` in full: equal names, equal content. */
  keyOf(request: number, page: number): string {
    const named = this.namedPages(request);
    if (page >= named) return `${this.privateSegment(request)}:${page - named}`;
    const position = this.positionOf(page);
    return `${this.segmentAt(request, position)}:${page - this.firstPage(position)}`;
  }

  /** The same name as a whole number, unique among pages of this size. */
  numberOf(request: number, page: number): number {
    const named = this.namedPages(request);
    if (page < named) {
      const position = this.positionOf(page);
      return this.segmentAt(request, position) * this.#pagesOfBlock + page - this.firstPage(position);
    }
    return (this.#sharedIds + request) * PAGES_OF_PRIVATE + this.#sharedIds * this.#pagesOfBlock + page - named;
  }
}
