import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PageHold } from './pageHold.ts';
import { PageNames } from './pageNames.ts';
import { type PageList, PagePool } from './pagePool.ts';
import { RunPool } from './runPool.ts';

/** Requests given as lists of block ids, every block full, nothing generated named. */
function namesOf(
  requests: readonly (readonly number[])[],
  blockTokens: number,
  pageTokens: number,
  tokens?: readonly number[],
): PageNames {
  const offsets = [0];
  for (const ids of requests) offsets.push(offsets[offsets.length - 1] + ids.length);
  const ids = requests.flat();
  const naming = {
    blockTokens,
    blockOffsets: Int32Array.from(offsets),
    blockIds: Int32Array.from(ids),
    blockIdCount: Math.max(-1, ...ids) + 1,
  };
  const named = Int32Array.from(requests, (list, index) => tokens?.[index] ?? list.length * blockTokens);
  return new PageNames(naming, named, pageTokens);
}

/** Admits a request of `pages` pages of which `full` can be named, as an engine does. Returns pages hit. */
function admit(pool: RunPool, hold: PageHold, pages: number, full: number): number {
  const hit = pool.lookup(hold.request, full);
  if (hit > 0) pool.take(hold, hit);
  pool.allocate(pages - hit);
  pool.publish(hold, full);
  return hit;
}

describe('RunPool, against block-level cases of vLLM (tests/v1/core/test_prefix_caching.py)', () => {
  it('shares full blocks and evicts the rest first (test_prefill)', () => {
    // 11 blocks, one of them the null block. req0: 55 tokens; req1, req2: the same 48, then others; req3: 160 tokens of its own.
    const pool = new RunPool(
      10,
      namesOf(
        [
          [0, 1, 2, 3],
          [0, 1, 2, 4],
          [0, 1, 2, 5],
          [6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
        ],
        16,
        16,
      ),
    );
    const [a, b, c, d] = [0, 1, 2, 3].map((request) => new PageHold(request, 0));
    expect(admit(pool, a, 4, 3)).toBe(0);
    expect(admit(pool, b, 4, 3)).toBe(3);
    expect(pool.freePages).toBe(5);
    pool.release(a, 4);
    pool.release(b, 4);
    expect(pool.freePages).toBe(10);
    expect(admit(pool, c, 4, 3)).toBe(3);
    expect(pool.freePages).toBe(6);
    pool.release(c, 4);
    expect(admit(pool, d, 10, 10)).toBe(0);
    expect(pool.freePages).toBe(0);
    expect(pool.lookup(0, 3)).toBe(0);
  });

  it('evicts the oldest release, its last block first (test_evict)', () => {
    // req0 87 tokens (5 full + 1), req1 48 tokens (3 full); then a request with req0's first 32 tokens finds both blocks.
    const pool = new RunPool(
      10,
      namesOf(
        [
          [0, 1, 2, 3, 4],
          [5, 6, 7],
          [0, 1, 8],
        ],
        16,
        16,
      ),
    );
    const [a, b, c] = [0, 1, 2].map((request) => new PageHold(request, 0));
    admit(pool, a, 6, 5);
    admit(pool, b, 3, 3);
    expect(pool.freePages).toBe(1);
    pool.release(a, 6);
    pool.release(b, 3);
    expect(admit(pool, c, 3, 2)).toBe(2);
    expect(pool.freePages).toBe(7);
    // Two scratch blocks are left (never used, and req0's partial one, which c took); then req0's tail goes first.
    pool.allocate(2);
    expect(pool.lookup(0, 5)).toBe(4);
  });

  it('counts cached blocks nobody holds against the free ones (test_prefill_not_enough_free_blocks_with_computed_blocks)', () => {
    // req0 holds 48 tokens; req1 extends it to 96 and is freed; req2 holds 2 blocks; req3 has the 96 tokens + 3 blocks.
    const pool = new RunPool(
      10,
      namesOf(
        [
          [0, 1, 2],
          [0, 1, 2, 3, 4, 5],
          [6, 7],
          [0, 1, 2, 3, 4, 5, 8, 9, 10],
        ],
        16,
        16,
      ),
    );
    const [a, b, c] = [0, 1, 2].map((request) => new PageHold(request, 0));
    admit(pool, a, 3, 3);
    admit(pool, b, 6, 6);
    pool.release(b, 6);
    admit(pool, c, 2, 2);
    expect(pool.freePages).toBe(5);
    expect(pool.lookup(3, 8)).toBe(6);
    expect(pool.idleAmong(3, 6)).toBe(3);
    expect(9 - 6 + pool.idleAmong(3, 6)).toBeGreaterThan(pool.freePages);
  });

  it('does not evict what it is about to reuse (test_computed_blocks_not_evicted)', () => {
    const pool = new RunPool(2, namesOf([[0], [1], [0, 2]], 16, 16));
    const [a, b, c] = [0, 1, 2].map((request) => new PageHold(request, 0));
    admit(pool, a, 1, 1);
    pool.release(a, 1);
    admit(pool, b, 1, 1);
    pool.release(b, 1);
    expect(admit(pool, c, 2, 2)).toBe(1);
    expect(pool.lookup(1, 1)).toBe(0);
    expect(pool.lookup(0, 1)).toBe(1);
  });
});

describe('RunPool and PagePool', () => {
  const blockTokens = fc.constantFrom(1, 3, 4, 8);
  const pageTokens = fc.constantFrom(1, 2, 4, 5, 8);
  const step = fc.record({ request: fc.nat(7), grow: fc.integer({ min: 1, max: 9 }), release: fc.boolean() });

  it('agree on hits, free pages and evictions of any sequence of steps', () => {
    fc.assert(
      fc.property(
        blockTokens,
        pageTokens,
        fc.integer({ min: 12, max: 40 }),
        fc.array(step, { maxLength: 60 }),
        (block, page, usable, steps) => {
          // Eight requests over a small tree of ids, some ending inside a block.
          const requests = [[0, 1, 2, 3], [0, 1, 2, 3], [0, 1, 4], [0, 5], [6, 7, 8], [6, 7], [0, 1, 2], [9]];
          const tokens = requests.map(
            (ids, index) => ids.length * block - (index % 3 === 1 ? Math.floor(block / 2) : 0),
          );
          const names = namesOf(requests, block, page, tokens);
          const runs = new RunPool(usable, names);
          const pages = new PagePool(usable, names);
          const holds = requests.map((_, request) => new PageHold(request, 0));
          const lists: PageList[] = requests.map(() => []);
          for (const { request, grow, release } of steps) {
            const hold = holds[request];
            const list = lists[request];
            if (release && list.length > 0) {
              runs.release(hold, list.length);
              pages.release(list);
            } else if (list.length === 0) {
              const hit = runs.lookup(request, grow);
              expect(hit).toBe(pages.lookup(request, grow));
              expect(runs.idleAmong(request, hit)).toBe(pages.idleAmong(request, hit));
              if (hit > 0) runs.take(hold, hit);
              pages.take(request, list, hit);
            }
            const more = Math.min(grow, runs.freePages);
            if (!release && more > 0) {
              runs.allocate(more);
              pages.allocate(list, more);
              // The last page stays scratch, as a partial page would.
              runs.publish(hold, list.length - 1);
              pages.publish(request, list, list.length - 1);
            }
            expect(runs.freePages).toBe(pages.freePages);
            expect(runs.evictedPages).toBe(pages.evictedPages);
            for (let other = 0; other < requests.length; other++) {
              expect(runs.lookup(other, 20)).toBe(pages.lookup(other, 20));
            }
          }
        },
      ),
      { numRuns: 400 },
    );
  });
});
