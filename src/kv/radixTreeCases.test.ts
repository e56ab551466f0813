import { describe, expect, it } from 'vitest';
import { WorkloadBuilder } from '../workload/workloadBuilder.ts';
import { PageNames } from './pageNames.ts';
import { PlainRadixTree } from './plainRadixTree.ts';
import { RadixTree } from './radixTree.ts';

/** Trees over prompts of which each token is a block of its own; equal ids in a row after equal prefixes are equal tokens. */
function bothTrees(pageTokens: number, prompts: readonly (readonly number[])[], ahead = 0) {
  const builder = new WorkloadBuilder('tokens', 1);
  for (const tokens of prompts) {
    // An id names its whole prefix, so give every distinct prefix one of its own.
    const blockIds = tokens.map((_, index) => idOf(tokens.slice(0, index + 1)));
    builder.add({ arrivalNs: 0, inputTokens: tokens.length, outputTokens: 1, blockIds });
  }
  const workload = builder.build();
  const names = new PageNames(workload, workload.inputTokens, pageTokens, ahead);
  return [new RadixTree(names), new PlainRadixTree(names)];
}

const ids = new Map<string, number>();
let serial = 0;
function idOf(prefix: readonly number[]): number {
  const key = prefix.length > 100 ? `${prefix.length}:${prefix[prefix.length - 1]}` : prefix.join();
  if (!ids.has(key)) ids.set(key, serial++);
  return ids.get(key)!;
}

const pagesOf = (tokens: readonly number[], pageTokens: number): number => Math.floor(tokens.length / pageTokens);

describe('radix tree, decision cases of SGLang (test/registered/unit/mem_cache/test_radix_cache_unit.py)', () => {
  const shared = (pageTokens: number, a: number[], b: number[]): number[] =>
    bothTrees(pageTokens, [a, b]).map((tree) => {
      tree.insert(0, pagesOf(a, pageTokens));
      return tree.match(1, pagesOf(b, pageTokens)) * pageTokens;
    });

  it('matches as far as keys agree, in whole pages (test_match_*)', () => {
    expect(shared(1, [1, 2, 3, 4], [1, 2, 9, 9])).toEqual([2, 2]);
    expect(shared(4, [1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 3, 4, 5, 6, 0, 0])).toEqual([4, 4]);
    expect(shared(4, [1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 3, 4, 5, 6, 7, 8])).toEqual([8, 8]);
    expect(shared(4, [1, 2, 3], [1, 2, 3])).toEqual([0, 0]);
  });

  it.each([1, 4, 64])('finds where two keys of 2000 tokens part, pages of %i (test_match_*)', (page) => {
    const whole = Array.from({ length: 2000 }, () => 1);
    for (const parts of [0, 1, 63, 64, 1000, 1999]) {
      const other = whole.map((token, index) => (index < parts ? token : 7 + parts));
      const most = Math.floor(parts / page) * page;
      expect(shared(page, whole, other)).toEqual([most, most]);
    }
  });

  it('keys a token together with the one after it for EAGLE (test_match_bigram)', () => {
    const pairs = (page: number, a: number[], b: number[]): number[] =>
      bothTrees(page, [a, b], 1).map((tree) => {
        tree.insert(0, pagesOf(a.slice(1), page));
        return tree.match(1, pagesOf(b.slice(1), page)) * page;
      });
    expect(pairs(1, [1, 2, 3, 4, 5], [1, 2, 3, 4, 5])).toEqual([4, 4]);
    const long = (parts: number): number[] => Array.from({ length: 90 }, (_, index) => (index < parts ? 1 : 7 + parts));
    expect(pairs(64, long(90), long(70))).toEqual([64, 64]);
    // Of 64 equal tokens the last goes with another one each.
    expect(pairs(64, long(90), long(64))).toEqual([0, 0]);
    expect(pairs(4, long(90), long(70))).toEqual([68, 68]);
  });

  it('counts what it holds, and finds it (test_insert_and_match_basic)', () => {
    for (const tree of bothTrees(1, [
      [1, 2, 3],
      [1, 2],
    ])) {
      tree.insert(0, 3);
      expect([tree.pages, tree.evictablePages]).toEqual([3, 3]);
      expect(tree.match(1, 2)).toBe(2);
    }
  });

  it.each([1, 2])('splits nodes where keys part, pages of %i (test_advanced_prefix_match_with_node_splits)', (page) => {
    const prompts = [
      [1, 2, 3, 4, 5, 6, 7, 8],
      [1, 2, 9, 10],
      [1, 2, 3, 4, 999, 1000],
      [1, 2, 3, 4, 5, 6, 777, 888],
    ];
    for (const tree of bothTrees(page, prompts)) {
      tree.insert(0, 8 / page);
      tree.insert(1, 4 / page);
      expect(tree.pages * page).toBe(10);
      expect(tree.match(2, 6 / page) * page).toBe(4);
      expect(tree.pages * page).toBe(10);
      expect(tree.match(3, 8 / page) * page).toBe(6);
    }
  });

  it('does not count locked pages as evictable (test_lock_ref_operations)', () => {
    const [fast, plain] = bothTrees(1, [[1, 2, 3]]);
    const check = <Node>(tree: {
      insert(request: number, pages: number): void;
      lock(node: Node): void;
      unlock(node: Node): void;
      readonly matched: Node;
      readonly evictablePages: number;
    }): void => {
      tree.insert(0, 3);
      tree.lock(tree.matched);
      expect(tree.evictablePages).toBe(0);
      tree.unlock(tree.matched);
      expect(tree.evictablePages).toBe(3);
    };
    check(fast as RadixTree);
    check(plain as PlainRadixTree);
  });

  it('evicts whole leaves, the least recently used first (test_evict_functionality, test_evict_policy::LRU)', () => {
    for (const tree of bothTrees(1, [
      [1, 2],
      [3, 4],
    ])) {
      tree.insert(0, 2);
      tree.insert(1, 2);
      tree.match(0, 2);
      tree.evict(1);
      expect([tree.pages, tree.evictedPages]).toEqual([2, 2]);
      expect([tree.peek(0, 2), tree.peek(1, 2)]).toEqual([2, 0]);
      tree.evict(2);
      expect(tree.pages).toBe(0);
    }
  });

  it.each([
    [1, 5],
    [2, 5],
    [4, 6],
  ])('matches whole pages only: pages of %i, %i tokens (test_page_alignment_boundary)', (page, length) => {
    const tokens = Array.from({ length }, (_, index) => index);
    for (const found of shared(page, tokens, tokens)) {
      expect(found % page).toBe(0);
      expect(found).toBeGreaterThan(0);
    }
  });
});
