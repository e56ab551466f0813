import { BLANK, NONE, Runs } from './runs.ts';

/** Has runs in the queue, and learns when their pages are handed out to someone else. */
export interface RunOwner {
  /** The run lost its last pages and now ends earlier. */
  shrunk(run: number): void;
  /** The run is gone; its number may be reused afterwards. */
  evicted(run: number): void;
}

/**
 * The pages nobody holds, in the order in which they are handed out again (vLLM's free queue, block_pool.py at 017e9f4).
 * Pages whose content is cached queue up at the tail, the last page of a run before its first. Pages without content are
 * handed out first; `scratchFirst` false: they queue up at the tail too, as before June 2026.
 */
export class FreeQueue {
  readonly usablePages: number;
  readonly runs = new Runs();
  /** Cached pages thrown out to make room, so far. */
  evictedPages = 0;
  /** Is told of them: pages [from, to) of a segment, the last of which went first. */
  dropped: ((segment: number, from: number, to: number) => void) | null = null;
  readonly #scratchFirst: boolean;
  readonly #owners: (RunOwner | null)[] = [null];
  /** Pages without content that are not in the queue. */
  #blankPages: number;
  #queuedPages = 0;
  #oldest = NONE;
  #newest = NONE;

  constructor(usablePages: number, scratchFirst: boolean) {
    this.usablePages = usablePages;
    this.#blankPages = usablePages;
    this.#scratchFirst = scratchFirst;
  }

  /** Pages that can be taken without giving up any content, and without looking into the queue. */
  get blankPages(): number {
    return this.#blankPages;
  }

  /** Pages that can be taken: never used, scratch, or cached but held by nobody. */
  get freePages(): number {
    return this.#blankPages + this.#queuedPages;
  }

  /** Returns the number to mark the owner's runs with. */
  register(owner: RunOwner): number {
    this.#owners.push(owner);
    return this.#owners.length - 1;
  }

  /** Takes pages, evicting what has waited longest once there is no scratch. Needs pages <= freePages. */
  take(pages: number): void {
    const blank = Math.min(pages, this.#blankPages);
    this.#blankPages -= blank;
    if (pages > blank) this.#takeQueued(pages - blank);
  }

  /** Gives back pages without content. */
  giveBack(pages: number): void {
    if (this.#scratchFirst || pages === 0) {
      this.#blankPages += pages;
      return;
    }
    const { runs } = this;
    const newest = this.#newest;
    if (newest !== NONE && runs.owner[newest] === BLANK) {
      runs.end[newest] += pages;
      this.#queuedPages += pages;
    } else {
      this.push(runs.add(BLANK, 0, 0, pages));
    }
  }

  /** The run lost its last holder. */
  push(run: number): void {
    const { older, newer, start, end } = this.runs;
    this.#queuedPages += end[run] - start[run];
    older[run] = this.#newest;
    newer[run] = NONE;
    if (this.#newest === NONE) this.#oldest = run;
    else newer[this.#newest] = run;
    this.#newest = run;
  }

  /** The run is held again. */
  pull(run: number): void {
    const { start, end } = this.runs;
    this.#queuedPages -= end[run] - start[run];
    this.#unlink(run);
  }

  /** `rest` are pages just cut off the end of `run`, which is in the queue: they go before it. */
  insertBefore(run: number, rest: number): void {
    const { older, newer } = this.runs;
    const before = older[run];
    older[rest] = before;
    newer[rest] = run;
    if (before === NONE) this.#oldest = rest;
    else newer[before] = rest;
    older[run] = rest;
  }

  #takeQueued(pages: number): void {
    const { runs } = this;
    let missing = pages;
    while (missing > 0) {
      const run = this.#oldest;
      if (run === NONE) throw new Error('took more pages than are free');
      const segment = runs.segment[run];
      const end = runs.end[run];
      const length = Math.min(missing, end - runs.start[run]);
      const owner = this.#owners[runs.owner[run]];
      missing -= length;
      this.#queuedPages -= length;
      if (owner !== null) this.evictedPages += length;
      if (end - length > runs.start[run]) {
        runs.end[run] -= length;
        owner?.shrunk(run);
      } else {
        this.#unlink(run);
        owner?.evicted(run);
        runs.remove(run);
      }
      if (owner !== null && this.dropped !== null) this.dropped(segment, end - length, end);
    }
  }

  #unlink(run: number): void {
    const { older, newer } = this.runs;
    const before = older[run];
    const after = newer[run];
    if (before === NONE) this.#oldest = after;
    else newer[before] = after;
    if (after === NONE) this.#newest = before;
    else older[after] = before;
  }
}
