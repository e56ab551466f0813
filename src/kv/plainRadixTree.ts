import type { PageNames } from './pageNames.ts';

/** A stretch of pages that all requests through it share. `lastUsed` is a count of operations, not a time. */
export interface PlainNode {
  key: string[];
  /** A request that has these pages. */
  readonly sample: number;
  parent: PlainNode | null;
  /** By the name of the first page. */
  readonly children: Map<string, PlainNode>;
  locks: number;
  lastUsed: number;
  readonly created: number;
  born: number;
}

/**
 * SGLang's radix cache (radix_cache.py), one page name at a time, leaves looked for by walking the whole tree: the slow
 * statement of what `RadixTree` must do.
 */
export class PlainRadixTree {
  readonly root: PlainNode = newNode([], -1, null, 0, 0);
  /** Is told of every leaf thrown out: pages [from, to) of some request. */
  dropped: ((request: number, from: number, to: number) => void) | null = null;
  /** The node in which the last match or insertion ended. */
  matched: PlainNode = this.root;
  /** Pages in the tree, those nobody locks, and those thrown out so far. */
  pages = 0;
  evictablePages = 0;
  evictedPages = 0;
  readonly #names: PageNames;
  #clock = 0;
  #created = 0;

  constructor(names: PageNames) {
    this.#names = names;
  }

  /** Leading cached pages of the request, at most `limit`; they end in `matched`. A use of them; may split a node. */
  match(request: number, limit: number): number {
    return this.#walk(this.#keyOf(request, limit));
  }

  /** The same without leaving a trace. */
  peek(request: number, limit: number): number {
    const key = this.#keyOf(request, limit);
    let node = this.root;
    let pages = 0;
    for (;;) {
      const child = node.children.get(key[pages]);
      if (child === undefined) return pages;
      const shared = commonLength(child.key, key.slice(pages));
      pages += shared;
      if (shared < child.key.length) return pages;
      node = child;
    }
  }

  /** Puts the request's first `pages` pages in; they end in `matched`. */
  insert(request: number, pages: number): void {
    const key = this.#keyOf(request, pages);
    const rest = key.slice(this.#walk(key));
    if (rest.length === 0) return;
    const leaf = newNode(rest, request, this.matched, this.#clock, this.#created++);
    this.matched.children.set(rest[0], leaf);
    this.matched = leaf;
    this.pages += rest.length;
    this.evictablePages += rest.length;
  }

  lock(from: PlainNode): void {
    for (let node: PlainNode | null = from; node !== null && node !== this.root; node = node.parent) {
      if (node.locks === 0) this.evictablePages -= node.key.length;
      node.locks += 1;
    }
  }

  unlock(from: PlainNode): void {
    for (let node: PlainNode | null = from; node !== null && node !== this.root; node = node.parent) {
      node.locks -= 1;
      if (node.locks === 0) this.evictablePages += node.key.length;
    }
  }

  /** Throws whole leaves out, least recently used first, until `pages` or more are gone or all that is left is locked. */
  evict(pages: number): void {
    let gone = 0;
    while (gone < pages) {
      const leaf = this.#oldestLeaf(this.root);
      if (leaf === null) return;
      leaf.parent!.children.delete(leaf.key[0]);
      const from = startOf(leaf);
      this.dropped?.(leaf.sample, from, from + leaf.key.length);
      gone += leaf.key.length;
      this.pages -= leaf.key.length;
      this.evictablePages -= leaf.key.length;
      this.evictedPages += leaf.key.length;
    }
  }

  parentOf(node: PlainNode): PlainNode | null {
    return node.parent;
  }

  bornOf(node: PlainNode): number {
    return node.born;
  }

  #walk(key: readonly string[]): number {
    this.#clock += 1;
    let node = this.root;
    let pages = 0;
    while (pages < key.length) {
      const child = node.children.get(key[pages]);
      if (child === undefined) break;
      child.lastUsed = this.#clock;
      const shared = commonLength(child.key, key.slice(pages));
      pages += shared;
      node = shared < child.key.length ? this.#split(child, shared) : child;
      if (node !== child) break;
    }
    this.matched = node;
    return pages;
  }

  /** Cuts a node in two; returns the new upper part. */
  #split(lower: PlainNode, at: number): PlainNode {
    const parent = lower.parent!;
    const upper = newNode(lower.key.slice(0, at), lower.sample, parent, this.#clock, this.#created++);
    upper.locks = lower.locks;
    upper.born = lower.born;
    parent.children.set(upper.key[0], upper);
    lower.key = lower.key.slice(at);
    lower.parent = upper;
    upper.children.set(lower.key[0], lower);
    return upper;
  }

  /** A node's own use is no older than its children's, so age alone decides between leaves; ties by age of the node. */
  #oldestLeaf(node: PlainNode): PlainNode | null {
    let oldest: PlainNode | null = null;
    for (const child of node.children.values()) {
      const candidate = child.children.size > 0 ? this.#oldestLeaf(child) : child.locks === 0 ? child : null;
      if (candidate === null) continue;
      const isOlder =
        oldest === null ||
        candidate.lastUsed < oldest.lastUsed ||
        (candidate.lastUsed === oldest.lastUsed && candidate.created < oldest.created);
      if (isOlder) oldest = candidate;
    }
    return oldest;
  }

  /** `segment:page` of the request's first `pages` pages: an id stands for its whole prefix. */
  #keyOf(request: number, pages: number): string[] {
    const names = this.#names;
    const named = names.namedPages(request);
    return Array.from({ length: pages }, (_, page) => {
      const segment = page < named ? names.segmentAt(request, names.positionOf(page)) : names.privateSegment(request);
      return `${segment}:${page}`;
    });
  }
}

/** Pages above the node. */
function startOf({ parent }: PlainNode): number {
  return parent === null ? 0 : startOf(parent) + parent.key.length;
}

function newNode(
  key: string[],
  sample: number,
  parent: PlainNode | null,
  lastUsed: number,
  created: number,
): PlainNode {
  return { key, sample, parent, children: new Map(), locks: 0, lastUsed, created, born: created };
}

function commonLength(a: readonly string[], b: readonly string[]): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length += 1;
  return length;
}
