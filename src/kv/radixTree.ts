import { LeafHeap } from './leafHeap.ts';
import type { PageNames } from './pageNames.ts';
import { RadixNodes } from './radixNodes.ts';

const NONE = -1;
const ROOT = 0;

/**
 * SGLang's radix cache (radix_cache.py at 5c8bd8b51) on the workload's block ids. A node is a stretch of the pages of some
 * request; because an id stands for its whole prefix, one comparison of ids tells whether another request shares all of
 * it, and a bisection how much. So cost follows the nodes on a path, neither pages nor tokens.
 *
 * A child that starts with a segment is found by the segment's number, one that starts inside a segment hangs on the node that
 * ends there.
 */
export class RadixTree {
  /** Pages in the tree, those nobody locks, and those thrown out so far. */
  pages = 0;
  evictablePages = 0;
  evictedPages = 0;
  /** Is told of every leaf thrown out: pages [from, to) of some request. */
  dropped: ((request: number, from: number, to: number) => void) | null = null;
  /** The node in which the last match or insertion ended. */
  matched = ROOT;
  readonly #names: PageNames;
  readonly #nodes = new RadixNodes();
  /** By segment: the node that starts with it, + 1 (0 = none). */
  readonly #heads: Int32Array;
  /** The same for segments that only one request has. */
  readonly #privateHeads = new Map<number, number>();
  readonly #leaves = new LeafHeap();
  #clock = 0;
  #created = 0;

  constructor(names: PageNames) {
    this.#names = names;
    this.#heads = new Int32Array(names.sharedSegments);
    this.#nodes.add(NONE, 0, 0, 0, 0);
  }

  get root(): number {
    return ROOT;
  }

  parentOf(node: number): number | null {
    return node === ROOT ? null : this.#nodes.parent[node];
  }

  bornOf(node: number): number {
    return this.#nodes.born[node];
  }

  /** Leading cached pages of the request, at most `limit`; they end in `matched`. A use of them; may split a node. */
  match(request: number, limit: number): number {
    const nodes = this.#nodes;
    this.#clock += 1;
    let node = ROOT;
    let pages = 0;
    while (pages < limit) {
      const child = this.#childOf(node, request, pages);
      if (child === NONE) break;
      nodes.used[child] = this.#clock;
      const end = nodes.end[child];
      pages = this.#sharedPages(child, request, limit);
      node = pages < end ? this.#split(child, pages) : child;
      if (pages < end) break;
    }
    this.matched = node;
    return pages;
  }

  /** The same without leaving a trace. */
  peek(request: number, limit: number): number {
    let node = ROOT;
    let pages = 0;
    while (pages < limit) {
      const child = this.#childOf(node, request, pages);
      if (child === NONE) break;
      pages = this.#sharedPages(child, request, limit);
      if (pages < this.#nodes.end[child]) break;
      node = child;
    }
    return pages;
  }

  /** Puts the request's first `pages` pages in; they end in `matched`. */
  insert(request: number, pages: number): void {
    const found = this.match(request, pages);
    if (found === pages) return;
    const parent = this.matched;
    const leaf = this.#nodes.add(parent, request, pages, this.#clock, this.#created++);
    this.#nodes.children[parent] += 1;
    this.#setChild(parent, request, found, leaf);
    this.pages += pages - found;
    this.evictablePages += pages - found;
    this.#queue(leaf);
    this.matched = leaf;
  }

  /** The node and all above it may not be evicted until `unlock`. */
  lock(from: number): void {
    const { locks, parent, end } = this.#nodes;
    for (let node = from; node !== ROOT; node = parent[node]) {
      if (locks[node] === 0) this.evictablePages -= end[node] - end[parent[node]];
      locks[node] += 1;
    }
  }

  unlock(from: number): void {
    const { locks, parent, end, children } = this.#nodes;
    for (let node = from; node !== ROOT; node = parent[node]) {
      locks[node] -= 1;
      if (locks[node] > 0) continue;
      this.evictablePages += end[node] - end[parent[node]];
      if (children[node] === 0) this.#queue(node);
    }
  }

  /** Throws whole leaves out, least recently used first, until `pages` or more are gone or all that is left is locked. */
  evict(pages: number): void {
    const { locks, used, created, children, queued } = this.#nodes;
    let gone = 0;
    while (gone < pages && this.#leaves.size > 0) {
      const { topUsed } = this.#leaves;
      const leaf = this.#leaves.pop();
      queued[leaf] = 0;
      if (locks[leaf] > 0 || children[leaf] > 0) continue;
      if (used[leaf] > topUsed) {
        this.#leaves.push(leaf, used[leaf], created[leaf]);
        queued[leaf] = 1;
        continue;
      }
      gone += this.#delete(leaf);
    }
  }

  /** Removes an unlocked leaf; returns its pages. */
  #delete(leaf: number): number {
    const nodes = this.#nodes;
    const parent = nodes.parent[leaf];
    const start = nodes.end[parent];
    const pages = nodes.end[leaf] - start;
    this.dropped?.(nodes.sample[leaf], start, nodes.end[leaf]);
    this.#setChild(parent, nodes.sample[leaf], start, NONE);
    nodes.children[parent] -= 1;
    if (parent !== ROOT && nodes.children[parent] === 0 && nodes.locks[parent] === 0) this.#queue(parent);
    nodes.drop(leaf);
    this.pages -= pages;
    this.evictablePages -= pages;
    this.evictedPages += pages;
    return pages;
  }

  #queue(node: number): void {
    const { queued, used, created } = this.#nodes;
    if (queued[node] === 1) return;
    queued[node] = 1;
    this.#leaves.push(node, used[node], created[node]);
  }

  /** Cuts a node in two at page `at`; returns the new upper part, which takes its place under the parent. */
  #split(lower: number, at: number): number {
    const nodes = this.#nodes;
    const parent = nodes.parent[lower];
    const sample = nodes.sample[lower];
    const upper = nodes.add(parent, sample, at, this.#clock, this.#created++);
    nodes.locks[upper] = nodes.locks[lower];
    nodes.born[upper] = nodes.born[lower];
    nodes.children[upper] = 1;
    this.#setChild(parent, sample, nodes.end[parent], upper);
    nodes.parent[lower] = upper;
    this.#setChild(upper, sample, at, lower);
    return upper;
  }

  /** How many of the request's first `limit` pages it has in common with those of the sample up to the node's end. */
  #sharedPages(node: number, request: number, limit: number): number {
    const most = Math.min(this.#nodes.end[node], limit);
    const sample = this.#nodes.sample[node];
    if (sample === request || this.#names.agreeOn(request, sample, most)) return most;
    const shared = this.#names.pagesIn(this.#names.commonTokens(request, sample));
    return Math.min(most, shared);
  }

  /** The child of a node that goes on with the request's page `page`. */
  #childOf(node: number, request: number, page: number): number {
    const names = this.#names;
    const named = names.namedPages(request);
    if (page > named) return this.#nodes.rest[node];
    if (page === named) return this.#privateHeads.get(names.privateSegment(request)) ?? NONE;
    const position = names.positionOf(page);
    if (names.firstPage(position) < page) return this.#nodes.rest[node];
    return this.#heads[names.segmentAt(request, position)] - 1;
  }

  #setChild(node: number, request: number, page: number, child: number): void {
    const names = this.#names;
    const named = names.namedPages(request);
    if (page === named) {
      if (child === NONE) this.#privateHeads.delete(names.privateSegment(request));
      else this.#privateHeads.set(names.privateSegment(request), child);
      return;
    }
    const position = page < named ? names.positionOf(page) : 0;
    if (page > named || names.firstPage(position) < page) this.#nodes.rest[node] = child;
    else this.#heads[names.segmentAt(request, position)] = child + 1;
  }
}
