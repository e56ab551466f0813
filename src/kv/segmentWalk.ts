import type { PageNames } from './pageNames.ts';

/**
 * Walks over the segments that a stretch of a request's pages touches: `start`, then `next` until it is false. After each
 * `next` the fields name a segment and the stretch of it, in the segment's own page numbers. One object is reused, so a
 * walk allocates nothing.
 */
export class SegmentWalk {
  segment = 0;
  from = 0;
  to = 0;
  readonly #names: PageNames;
  #request = 0;
  #page = 0;
  #end = 0;
  /** Pages below this belong to the workload's blocks, the rest to the request's private segment. */
  #named = 0;
  #position = 0;
  #first = 0;

  constructor(names: PageNames) {
    this.#names = names;
  }

  /** Begins a walk over pages [from, to) of the request. */
  start(request: number, from: number, to: number): void {
    const names = this.#names;
    this.#request = request;
    this.#page = from;
    this.#end = to;
    this.#named = names.namedPages(request);
    if (from < this.#named && from < to) {
      this.#position = names.positionOf(from);
      this.#first = names.firstPage(this.#position);
    }
  }

  next(): boolean {
    const names = this.#names;
    const named = this.#named;
    while (this.#page < this.#end) {
      if (this.#page >= named) {
        this.segment = names.privateSegment(this.#request);
        this.from = this.#page - named;
        this.to = this.#end - named;
        this.#page = this.#end;
        return true;
      }
      const next = names.firstPage(this.#position + 1);
      const end = Math.min(next, named, this.#end);
      this.segment = names.segmentAt(this.#request, this.#position);
      this.from = this.#page - this.#first;
      this.to = end - this.#first;
      const isEmpty = end === this.#page;
      this.#page = end;
      this.#first = next;
      this.#position += 1;
      if (!isEmpty) return true;
    }
    return false;
  }
}
