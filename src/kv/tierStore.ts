import { FreeQueue, type RunOwner } from './freeQueue.ts';
import { NONE, type Runs } from './runs.ts';
import { SegmentRuns } from './segmentRuns.ts';

/**
 * The pages one tier below the GPUs keeps: what has not been used for longest makes room, and of what was used together the
 * last pages before the first, so what is left of a text is its beginning. Kept as runs: cost follows the workload's
 * blocks, not the pages.
 */
export class TierStore implements RunOwner {
  readonly pages: number;
  readonly #queue: FreeQueue;
  readonly #runs: Runs;
  readonly #owner: number;
  readonly #segments: SegmentRuns;
  /** The run at the queue's tail, to which what is used next may belong. */
  #newest = NONE;

  /** `dropped` is told of every page that makes room. Segments below `sharedSegments` are the workload's, as in PageNames. */
  constructor(pages: number, sharedSegments: number, dropped: (segment: number, from: number, to: number) => void) {
    this.pages = pages;
    this.#queue = new FreeQueue(pages, true);
    this.#queue.dropped = dropped;
    this.#runs = this.#queue.runs;
    this.#owner = this.#queue.register(this);
    this.#segments = new SegmentRuns(this.#runs, sharedSegments);
  }

  /** Up to which page of the segment, at most `to`, everything from page `from` on is here. */
  reach(segment: number, from: number, to: number): number {
    let page = from;
    while (page < to) {
      const run = this.#runWith(segment, page);
      if (run === NONE) return page;
      page = this.#runs.end[run];
    }
    return Math.min(page, to);
  }

  /** Up to which page, at most `to`, nothing from page `from` on is here. */
  absentUntil(segment: number, from: number, to: number): number {
    const { start, end, following } = this.#runs;
    let page = to;
    for (let run = this.#segments.first(segment); run !== NONE; run = following[run]) {
      if (end[run] > from) page = Math.min(page, Math.max(from, start[run]));
    }
    return page;
  }

  /** Pages [from, to) of the segment are kept, the last of them put in first. Returns how many had not been here. */
  put(segment: number, from: number, to: number): number {
    let added = 0;
    for (let end = to; end > from && this.pages > 0; ) {
      const run = this.#runWith(segment, end - 1);
      const isHere = run !== NONE;
      // Not more at once than there is room for: the later ones are gone when the earlier ones come in.
      const lowest = isHere ? this.#runs.start[run] : Math.max(end - this.pages, this.#endBelow(segment, end));
      const start = Math.max(from, lowest);
      if (isHere) {
        this.#renew(segment, run, start, end);
      } else {
        this.#queue.take(end - start);
        added += end - start;
        this.#append(segment, start, end);
      }
      end = start;
    }
    return added;
  }

  /** Those of the pages [from, to) of the segment that are here have been used, the last of them first. */
  touch(segment: number, from: number, to: number): void {
    for (let end = to; end > from; ) {
      const run = this.#runWith(segment, end - 1);
      if (run === NONE) {
        end = this.#endBelow(segment, end);
        continue;
      }
      const start = Math.max(from, this.#runs.start[run]);
      this.#renew(segment, run, start, end);
      end = start;
    }
  }

  shrunk(): void {}

  evicted(run: number): void {
    this.#segments.unlink(this.#runs.segment[run], run);
    if (run === this.#newest) this.#newest = NONE;
  }

  #runWith(segment: number, page: number): number {
    const { start, end, following } = this.#runs;
    let run = this.#segments.first(segment);
    while (run !== NONE && (page < start[run] || page >= end[run])) run = following[run];
    return run;
  }

  /** Where the last run that ends before page `page` ends; 0 if there is none. */
  #endBelow(segment: number, page: number): number {
    const { end, following } = this.#runs;
    let last = 0;
    for (let run = this.#segments.first(segment); run !== NONE; run = following[run]) {
      if (end[run] < page) last = Math.max(last, end[run]);
    }
    return last;
  }

  /** Pages [from, to) of a run become those used last; what is left of it keeps its place. */
  #renew(segment: number, run: number, from: number, to: number): void {
    const runs = this.#runs;
    if (runs.end[run] > to) this.#split(segment, run, to);
    const piece = runs.start[run] < from ? this.#split(segment, run, from) : run;
    this.#queue.pull(piece);
    if (this.#continues(segment, to)) {
      this.evicted(piece);
      runs.remove(piece);
      this.#append(segment, from, to);
    } else {
      this.#queue.push(piece);
      this.#newest = piece;
    }
  }

  /** The run at the tail begins where pages up to `to` end. */
  #continues(segment: number, to: number): boolean {
    const newest = this.#newest;
    return newest !== NONE && this.#runs.segment[newest] === segment && this.#runs.start[newest] === to;
  }

  #split(segment: number, run: number, at: number): number {
    const rest = this.#runs.add(this.#owner, segment, at, this.#runs.end[run]);
    this.#runs.end[run] = at;
    this.#segments.link(segment, run, rest);
    this.#queue.insertBefore(run, rest);
    return rest;
  }

  /** Pages of nobody's become those used last. */
  #append(segment: number, from: number, to: number): void {
    const runs = this.#runs;
    if (this.#continues(segment, to)) {
      const newest = this.#newest;
      this.#queue.pull(newest);
      runs.start[newest] = from;
      this.#queue.push(newest);
      return;
    }
    const run = runs.add(this.#owner, segment, from, to);
    this.#segments.link(segment, NONE, run);
    this.#queue.push(run);
    this.#newest = run;
  }
}
