import type { PageHold } from './pageHold.ts';
import type { PageNames } from './pageNames.ts';
import { SegmentWalk } from './segmentWalk.ts';

const NONE = -1;
const COPY = -1;

/**
 * vLLM's KV block pool (block_pool.py at 017e9f4) kept as runs: a run is a stretch of pages of one segment with the same
 * holders and the same place in the eviction queue, so cost follows the workload's blocks, not the pages. Freed pages
 * whose content is registered queue up for eviction, oldest release first and a request's last page before its first;
 * scratch pages are handed out again at once.
 *
 * Because holders always hold a prefix of a segment, eviction always takes a segment's last pages first, and what is
 * present of a segment is a prefix too. A page is registered only if nobody registered the same content before and its
 * holder also holds the registered pages before it in the segment; otherwise it is a second copy that lookups never find.
 */
export class RunPool {
  readonly usablePages: number;
  readonly #names: PageNames;
  /** Cached pages thrown out to make room, so far. */
  evictedPages = 0;
  #blankPages: number;
  #idlePages = 0;

  /** Per shared segment: pages present, and first run + 1 (0 = none). */
  readonly #present: Int32Array;
  readonly #firstRun: Int32Array;
  /** First run of private segments, which few requests ever have cached. */
  readonly #privateRuns = new Map<number, number>();

  /** Runs, by number. */
  #segment = new Int32Array(256);
  #start = new Int32Array(256);
  #end = new Int32Array(256);
  #holders = new Int32Array(256);
  #following = new Int32Array(256);
  #older = new Int32Array(256);
  #newer = new Int32Array(256);
  #runs = 0;
  readonly #spareRuns: number[] = [];
  readonly #walk: SegmentWalk;
  #oldest = NONE;
  #newest = NONE;

  constructor(usablePages: number, names: PageNames) {
    this.usablePages = usablePages;
    this.#names = names;
    this.#walk = new SegmentWalk(names);
    this.#blankPages = usablePages;
    this.#present = new Int32Array(names.sharedSegments);
    this.#firstRun = new Int32Array(names.sharedSegments);
  }

  /** Pages an allocation could take: never used, scratch, or cached but held by nobody. */
  get freePages(): number {
    return this.#blankPages + this.#idlePages;
  }

  /** Leading pages of the request's context that are cached, at most `limit`. Touches nothing. */
  lookup(request: number, limit: number): number {
    const names = this.#names;
    const named = names.namedPages(request);
    const sharedLimit = Math.min(named, limit);
    let page = 0;
    for (let position = 0; page < sharedLimit; position++) {
      const end = Math.min(names.firstPage(position + 1), sharedLimit);
      if (end === page) continue;
      const present = this.#present[names.segmentAt(request, position)];
      if (present < end - page) return page + present;
      page = end;
    }
    if (limit > named) page += Math.min(limit - named, this.#presentOf(names.privateSegment(request)));
    return page;
  }

  /** How many of the request's first `pages` pages, all cached, are held by nobody: holding them shrinks the free pages. */
  idleAmong(request: number, pages: number): number {
    let idle = 0;
    const walk = this.#walk;
    walk.start(request, 0, pages);
    while (walk.next()) {
      const { to } = walk;
      for (let run = this.#firstOf(walk.segment); run !== NONE && this.#start[run] < to; run = this.#following[run]) {
        if (this.#holders[run] === 0) idle += Math.min(this.#end[run], to) - this.#start[run];
      }
    }
    return idle;
  }

  /** Holds the request's first `pages` pages, all cached. The hold must be empty. */
  take(hold: PageHold, pages: number): void {
    const walk = this.#walk;
    walk.start(hold.request, 0, pages);
    while (walk.next()) {
      const { to } = walk;
      for (let run = this.#firstOf(walk.segment); run !== NONE && this.#start[run] < to; run = this.#following[run]) {
        if (this.#end[run] > to) this.#split(run, to);
        if (this.#holders[run] === 0) this.#dequeue(run);
        this.#holders[run] += 1;
      }
    }
    hold.published = pages;
  }

  /** Takes `pages` pages out of the free ones, evicting the oldest cached pages if scratch runs out. Needs pages <= freePages. */
  allocate(pages: number): void {
    const scratch = Math.min(pages, this.#blankPages);
    this.#blankPages -= scratch;
    if (pages > scratch) this.#evict(pages - scratch);
  }

  /** Registers the content of the hold's pages up to page `to` (exclusive), which it must own. */
  publish(hold: PageHold, to: number): void {
    if (to <= hold.published) return;
    const walk = this.#walk;
    walk.start(hold.request, hold.published, to);
    while (walk.next()) this.#publishSegment(hold, walk.segment, walk.from, walk.to);
    hold.published = to;
  }

  /** Gives back everything: `owned` pages in all, of which the published ones stay cached. The hold is empty afterwards. */
  release(hold: PageHold, owned: number): void {
    this.#blankPages += owned - hold.published;
    const names = this.#names;
    const { request, published } = hold;
    const named = Math.min(names.namedPages(request), published);
    if (published > named) this.#releaseSegment(hold, names.privateSegment(request), published - named);
    let end = named;
    for (let position = named > 0 ? names.positionOf(named - 1) : -1; position >= 0; position--) {
      const first = names.firstPage(position);
      if (end > first) this.#releaseSegment(hold, names.segmentAt(request, position), end - first);
      end = Math.min(end, first);
    }
    hold.published = 0;
  }

  #releaseSegment(hold: PageHold, segment: number, pages: number): void {
    let registered = pages;
    const copies = hold.copySegments.length;
    if (copies > 0 && hold.copySegments[copies - 1] === segment) {
      hold.copySegments.pop();
      const run = hold.copyRuns.pop()!;
      registered -= this.#end[run] - this.#start[run];
      this.#holders[run] = 0;
      this.#enqueue(run);
    }
    if (registered > 0) this.#letGo(this.#firstOf(segment), registered);
  }

  /** One holder fewer for `run` and those after it that start before page `end`, the last of them first. */
  #letGo(run: number, end: number): void {
    const next = this.#following[run];
    if (next !== NONE && this.#start[next] < end) this.#letGo(next, end);
    this.#holders[run] -= 1;
    if (this.#holders[run] === 0) this.#enqueue(run);
  }

  /** Pages [from, to) of a segment, of which the hold has the first `from`, are registered, or noted as second copies. */
  #publishSegment(hold: PageHold, segment: number, from: number, to: number): void {
    const copies = hold.copySegments.length;
    const inCopy = copies > 0 && hold.copySegments[copies - 1] === segment;
    if (inCopy) {
      this.#end[hold.copyRuns[copies - 1]] += to - from;
    } else if (this.#presentOf(segment) > from) {
      hold.copySegments.push(segment);
      hold.copyRuns.push(this.#newRun(COPY, from, to));
    } else {
      this.#register(segment, from, to);
    }
  }

  #firstOf(segment: number): number {
    if (segment < this.#firstRun.length) return this.#firstRun[segment] - 1;
    return this.#privateRuns.get(segment) ?? NONE;
  }

  #presentOf(segment: number): number {
    if (segment < this.#present.length) return this.#present[segment];
    let present = 0;
    for (let run = this.#firstOf(segment); run !== NONE; run = this.#following[run]) present = this.#end[run];
    return present;
  }

  #setPresent(segment: number, pages: number): void {
    if (segment < this.#present.length) this.#present[segment] = pages;
  }

  #lastOf(segment: number): number {
    let last = NONE;
    for (let run = this.#firstOf(segment); run !== NONE; run = this.#following[run]) last = run;
    return last;
  }

  /** Appends pages [from, to) to a segment of which exactly the first `from` are present and held by the registrant. */
  #register(segment: number, from: number, to: number): void {
    const last = this.#lastOf(segment);
    if (last !== NONE && this.#holders[last] === 1) {
      this.#end[last] = to;
    } else {
      this.#link(segment, last, this.#newRun(segment, from, to));
    }
    this.#setPresent(segment, to);
  }

  #link(segment: number, after: number, run: number): void {
    if (after !== NONE) {
      this.#following[run] = this.#following[after];
      this.#following[after] = run;
    } else if (segment < this.#firstRun.length) {
      this.#firstRun[segment] = run + 1;
    } else {
      this.#privateRuns.set(segment, run);
    }
  }

  /** Cuts a run in two at page `at`; both halves keep holders and place in the queue (the later pages go first). */
  #split(run: number, at: number): void {
    const rest = this.#newRun(this.#segment[run], at, this.#end[run]);
    this.#holders[rest] = this.#holders[run];
    this.#end[run] = at;
    this.#link(this.#segment[run], run, rest);
    if (this.#holders[run] === 0) {
      const older = this.#older[run];
      this.#older[rest] = older;
      this.#newer[rest] = run;
      if (older === NONE) this.#oldest = rest;
      else this.#newer[older] = rest;
      this.#older[run] = rest;
    }
  }

  #evict(pages: number): void {
    let missing = pages;
    this.#idlePages -= pages;
    this.evictedPages += pages;
    while (missing > 0) {
      const run = this.#oldest;
      const length = this.#end[run] - this.#start[run];
      if (this.#segment[run] !== COPY && this.#following[run] !== NONE) {
        throw new Error('a segment lost pages from its middle');
      }
      if (length > missing) {
        this.#end[run] -= missing;
        if (this.#segment[run] !== COPY) this.#setPresent(this.#segment[run], this.#end[run]);
        return;
      }
      missing -= length;
      this.#unlinkOldest(run);
      if (this.#segment[run] !== COPY) this.#dropLast(this.#segment[run], run);
      this.#spareRuns.push(run);
    }
  }

  /** Removes `run`, the last of its segment. */
  #dropLast(segment: number, run: number): void {
    this.#setPresent(segment, this.#start[run]);
    const first = this.#firstOf(segment);
    if (first === run) {
      if (segment < this.#firstRun.length) this.#firstRun[segment] = 0;
      else this.#privateRuns.delete(segment);
      return;
    }
    let before = first;
    while (this.#following[before] !== run) before = this.#following[before];
    this.#following[before] = NONE;
  }

  #unlinkOldest(run: number): void {
    this.#oldest = this.#newer[run];
    if (this.#oldest === NONE) this.#newest = NONE;
    else this.#older[this.#oldest] = NONE;
  }

  #enqueue(run: number): void {
    this.#idlePages += this.#end[run] - this.#start[run];
    this.#older[run] = this.#newest;
    this.#newer[run] = NONE;
    if (this.#newest === NONE) this.#oldest = run;
    else this.#newer[this.#newest] = run;
    this.#newest = run;
  }

  #dequeue(run: number): void {
    this.#idlePages -= this.#end[run] - this.#start[run];
    const older = this.#older[run];
    const newer = this.#newer[run];
    if (older === NONE) this.#oldest = newer;
    else this.#newer[older] = newer;
    if (newer === NONE) this.#newest = older;
    else this.#older[newer] = older;
  }

  #newRun(segment: number, start: number, end: number): number {
    const run = this.#spareRuns.pop() ?? this.#runs++;
    if (run === this.#segment.length) this.#grow();
    this.#segment[run] = segment;
    this.#start[run] = start;
    this.#end[run] = end;
    this.#holders[run] = 1;
    this.#following[run] = NONE;
    this.#older[run] = NONE;
    this.#newer[run] = NONE;
    return run;
  }

  #grow(): void {
    const size = this.#segment.length * 2;
    const grown = (column: Int32Array): Int32Array<ArrayBuffer> => {
      const copy = new Int32Array(size);
      copy.set(column);
      return copy;
    };
    this.#segment = grown(this.#segment);
    this.#start = grown(this.#start);
    this.#end = grown(this.#end);
    this.#holders = grown(this.#holders);
    this.#following = grown(this.#following);
    this.#older = grown(this.#older);
    this.#newer = grown(this.#newer);
  }
}
