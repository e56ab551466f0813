import type { FreeQueue } from './freeQueue.ts';
import type { PageHold } from './pageHold.ts';
import { NONE } from './runs.ts';
import type { SegmentRuns } from './segmentRuns.ts';

/**
 * What a RunPool does with segments of which there are several copies, or one with gaps: lookups find the copy of a page
 * that was published first among those still there, so what a request holds may be pieces of several copies. A copy's
 * runs share a *strand*: a request notes which strand its pages are of, unless it is strand 0.
 */
export class SegmentCopies {
  readonly #queue: FreeQueue;
  readonly #segments: SegmentRuns;
  readonly #owner: number;
  #strands = 0;

  constructor(queue: FreeQueue, segments: SegmentRuns, owner: number) {
    this.#queue = queue;
    this.#segments = segments;
    this.#owner = owner;
  }

  /** Leading pages of the segment of which there is a copy, at most `limit`. */
  present(segment: number, limit: number): number {
    let page = 0;
    while (page < limit) {
      const run = this.#find(segment, page);
      if (run === NONE) return page;
      page = this.#queue.runs.end[run];
    }
    return limit;
  }

  /** How many of the first `pages` pages, all present, are held by nobody. */
  idleAmong(segment: number, pages: number): number {
    const { holders } = this.#queue.runs;
    let idle = 0;
    for (let page = 0; page < pages; ) {
      const run = this.#find(segment, page);
      const end = this.#endOfPiece(segment, run, page, pages);
      if (holders[run] === 0) idle += end - page;
      page = end;
    }
    return idle;
  }

  take(hold: PageHold, segment: number, pages: number): void {
    const { runs } = this.#queue;
    for (let page = 0; page < pages; ) {
      let run = this.#find(segment, page);
      const end = this.#endOfPiece(segment, run, page, pages);
      if (runs.start[run] < page) run = this.split(segment, run, page);
      if (runs.end[run] > end) this.split(segment, run, end);
      if (runs.holders[run] === 0) this.#queue.pull(run);
      runs.holders[run] += 1;
      if (runs.strand[run] > 0) note(hold, segment, runs.strand[run], page, end);
      page = end;
    }
  }

  publish(hold: PageHold, segment: number, from: number, to: number): void {
    const { runs } = this.#queue;
    const run = runs.add(this.#owner, segment, from, to);
    if (this.#overlaps(segment, 0, from, to)) {
      this.#strands += 1;
      runs.strand[run] = this.#strands;
      note(hold, segment, this.#strands, from, to);
    }
    this.#segments.link(segment, this.#segments.last(segment), run);
  }

  /** Lets go of the hold's first `pages` pages of the segment, the last first. */
  release(hold: PageHold, segment: number, pages: number): void {
    const { copySegments, copyStrands, copyFrom, copyTo } = hold;
    let end = pages;
    while (end > 0) {
      const last = copySegments.length - 1;
      const isNoted = last >= 0 && copySegments[last] === segment;
      if (isNoted && copyTo[last] === end) {
        end = this.#letGo(segment, copyStrands[last], copyFrom[last], end);
        copySegments.pop();
        copyStrands.pop();
        copyFrom.pop();
        copyTo.pop();
      } else {
        end = this.#letGo(segment, 0, isNoted ? copyTo[last] : 0, end);
      }
    }
  }

  /** Runs were evicted: if one copy without gaps is left, the segment is plain again. */
  settle(segment: number): void {
    const { runs } = this.#queue;
    const left: number[] = [];
    let strands = 0;
    for (let run = this.#segments.first(segment); run !== NONE; run = runs.following[run]) {
      // Nobody remembers which copy an idle run is of.
      const isFree = runs.strand[run] > 0 && runs.holders[run] === 0;
      if (isFree && !this.#overlaps(segment, 0, runs.start[run], runs.end[run])) runs.strand[run] = 0;
      strands += runs.strand[run];
      left.push(run);
    }
    if (strands > 0) return;
    left.sort((a, b) => runs.start[a] - runs.start[b]);
    let page = 0;
    for (const run of left) {
      if (runs.start[run] !== page) return;
      page = runs.end[run];
    }
    for (const run of left) this.#segments.unlink(segment, run);
    let before = NONE;
    for (const run of left) {
      this.#segments.link(segment, before, run);
      before = run;
    }
    this.#segments.setPresent(segment, page);
  }

  /** Cuts a run in two at page `at`; both halves keep holders and place in the queue (the later pages go first). Returns the latter. */
  split(segment: number, run: number, at: number): number {
    const { runs } = this.#queue;
    const rest = runs.add(this.#owner, segment, at, runs.end[run]);
    runs.holders[rest] = runs.holders[run];
    runs.strand[rest] = runs.strand[run];
    runs.end[run] = at;
    this.#segments.link(segment, run, rest);
    if (runs.holders[run] === 0) this.#queue.insertBefore(run, rest);
    return rest;
  }

  #letGo(segment: number, strand: number, from: number, to: number): number {
    const { runs } = this.#queue;
    let end = to;
    while (end > from) {
      const run = this.#ofStrand(segment, strand, end - 1);
      end = runs.start[run];
      runs.holders[run] -= 1;
      if (runs.holders[run] === 0) this.#queue.push(run);
    }
    return end;
  }

  /** The copy of a page that was published first. */
  #find(segment: number, page: number): number {
    const { start, end, following } = this.#queue.runs;
    let run = this.#segments.first(segment);
    while (run !== NONE && (page < start[run] || page >= end[run])) run = following[run];
    return run;
  }

  #ofStrand(segment: number, strand: number, page: number): number {
    const runs = this.#queue.runs;
    let run = this.#segments.first(segment);
    while (runs.strand[run] !== strand || page < runs.start[run] || page >= runs.end[run]) run = runs.following[run];
    return run;
  }

  /** Up to where, from `page` on, `run` is the first copy, at most `limit`. */
  #endOfPiece(segment: number, run: number, page: number, limit: number): number {
    const runs = this.#queue.runs;
    let end = Math.min(limit, runs.end[run]);
    for (let other = this.#segments.first(segment); other !== run; other = runs.following[other]) {
      if (runs.start[other] > page) end = Math.min(end, runs.start[other]);
    }
    return end;
  }

  #overlaps(segment: number, strand: number, from: number, to: number): boolean {
    const runs = this.#queue.runs;
    for (let run = this.#segments.first(segment); run !== NONE; run = runs.following[run]) {
      if (runs.strand[run] === strand && runs.start[run] < to && runs.end[run] > from) return true;
    }
    return false;
  }
}

function note(hold: PageHold, segment: number, strand: number, from: number, to: number): void {
  hold.copySegments.push(segment);
  hold.copyStrands.push(strand);
  hold.copyFrom.push(from);
  hold.copyTo.push(to);
}
