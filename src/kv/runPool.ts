import type { FreeQueue, RunOwner } from './freeQueue.ts';
import type { PageHold } from './pageHold.ts';
import type { PageNames } from './pageNames.ts';
import { NONE, type Runs } from './runs.ts';
import { SegmentCopies } from './segmentCopies.ts';
import { SegmentRuns } from './segmentRuns.ts';
import { SegmentWalk } from './segmentWalk.ts';

/**
 * The pages of layers that keep every token, kept as runs: a run is a stretch of pages of one segment with the same holders
 * and the same place in the free queue, so cost follows the workload's blocks, not the pages.
 *
 * A holder always holds a prefix of a segment, and frees its last pages first. So while there is one copy of a segment,
 * what is present of it is a prefix too; segments with several copies are left to SegmentCopies.
 */
export class RunPool implements RunOwner {
  readonly #names: PageNames;
  readonly #queue: FreeQueue;
  readonly #runs: Runs;
  readonly #owner: number;
  readonly #segments: SegmentRuns;
  readonly #copies: SegmentCopies;
  readonly #walk: SegmentWalk;

  constructor(queue: FreeQueue, names: PageNames) {
    this.#names = names;
    this.#queue = queue;
    this.#runs = queue.runs;
    this.#owner = queue.register(this);
    this.#segments = new SegmentRuns(queue.runs, names.sharedSegments);
    this.#copies = new SegmentCopies(queue, this.#segments, this.#owner);
    this.#walk = new SegmentWalk(names);
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
      const present = this.#present(names.segmentAt(request, position), end - page);
      if (present < end - page) return page + present;
      page = end;
    }
    if (limit > named) page += this.#present(names.privateSegment(request), limit - named);
    return page;
  }

  /** How many of the request's first `pages` pages, all cached, are held by nobody: holding them shrinks the free pages. */
  idleAmong(request: number, pages: number): number {
    const { start, end, holders, following } = this.#runs;
    let idle = 0;
    const walk = this.#walk;
    walk.start(request, 0, pages);
    while (walk.next()) {
      const { segment, to } = walk;
      if (this.#segments.isTangled(segment)) {
        idle += this.#copies.idleAmong(segment, to);
        continue;
      }
      for (let run = this.#segments.first(segment); run !== NONE && start[run] < to; run = following[run]) {
        if (holders[run] === 0) idle += Math.min(end[run], to) - start[run];
      }
    }
    return idle;
  }

  /** Holds the request's first `pages` pages, all cached. The hold must be empty. */
  take(hold: PageHold, pages: number): void {
    const runs = this.#runs;
    const walk = this.#walk;
    walk.start(hold.request, 0, pages);
    while (walk.next()) {
      const { segment, to } = walk;
      if (this.#segments.isTangled(segment)) {
        this.#copies.take(hold, segment, to);
        continue;
      }
      for (let run = this.#segments.first(segment); run !== NONE && runs.start[run] < to; run = runs.following[run]) {
        if (runs.end[run] > to) this.#copies.split(segment, run, to);
        if (runs.holders[run] === 0) this.#queue.pull(run);
        runs.holders[run] += 1;
      }
    }
    hold.published = pages;
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
    const names = this.#names;
    const { request, published } = hold;
    this.#queue.giveBack(owned - published);
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

  shrunk(run: number): void {
    const segment = this.#runs.segment[run];
    if (this.#segments.isTangled(segment)) this.#copies.settle(segment);
    else if (this.#runs.following[run] === NONE) this.#segments.setPresent(segment, this.#runs.end[run]);
    else this.#segments.tangle(segment);
  }

  evicted(run: number): void {
    const segment = this.#runs.segment[run];
    const isLast = this.#runs.following[run] === NONE;
    this.#segments.unlink(segment, run);
    if (this.#segments.isTangled(segment)) this.#copies.settle(segment);
    else if (isLast) this.#segments.setPresent(segment, this.#runs.start[run]);
    else this.#segments.tangle(segment);
  }

  #present(segment: number, limit: number): number {
    const present = this.#segments.present(segment);
    return present < 0 ? this.#copies.present(segment, limit) : Math.min(present, limit);
  }

  #releaseSegment(hold: PageHold, segment: number, pages: number): void {
    if (this.#segments.isTangled(segment)) this.#copies.release(hold, segment, pages);
    else this.#letGo(this.#segments.first(segment), pages);
  }

  /** One holder fewer for `run` and those after it that start before page `end`, the last of them first. */
  #letGo(run: number, end: number): void {
    const runs = this.#runs;
    const next = runs.following[run];
    if (next !== NONE && runs.start[next] < end) this.#letGo(next, end);
    runs.holders[run] -= 1;
    if (runs.holders[run] === 0) this.#queue.push(run);
  }

  /** Pages [from, to) of a segment, of which the hold has the first `from`. */
  #publishSegment(hold: PageHold, segment: number, from: number, to: number): void {
    const present = this.#segments.present(segment);
    if (present === from) {
      this.#register(segment, from, to);
      return;
    }
    if (present > from) this.#segments.tangle(segment);
    this.#copies.publish(hold, segment, from, to);
  }

  /** Appends pages [from, to) to a plain segment of which exactly the first `from` are present and held by the registrant. */
  #register(segment: number, from: number, to: number): void {
    const last = this.#segments.last(segment);
    if (last !== NONE && this.#runs.holders[last] === 1) {
      this.#runs.end[last] = to;
    } else {
      this.#segments.link(segment, last, this.#runs.add(this.#owner, segment, from, to));
    }
    this.#segments.setPresent(segment, to);
  }
}
