import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evictionGain } from './optimalEviction.ts';

/** Most hits over all choices of whom to evict. */
function bestHits(accesses: readonly number[], capacity: number, held: ReadonlySet<number> = new Set()): number {
  const [page, ...rest] = accesses;
  if (page === undefined) return 0;
  if (held.has(page)) return 1 + bestHits(rest, capacity, held);
  if (held.size < capacity) return bestHits(rest, capacity, new Set([...held, page]));
  return Math.max(
    ...[...held].map((evicted) =>
      bestHits(rest, capacity, new Set([...held, page].filter((other) => other !== evicted))),
    ),
  );
}

/** Least recently used, as a list. */
function recentHits(accesses: readonly number[], capacity: number): number {
  let list: number[] = [];
  let hits = 0;
  for (const page of accesses) {
    if (list.includes(page)) hits += 1;
    list = [...list.filter((other) => other !== page), page].slice(-capacity);
  }
  return hits;
}

describe('evictionGain', () => {
  it('is what brute force finds on tiny strings', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(4), { maxLength: 11 }), fc.integer({ min: 1, max: 3 }), (accesses, capacity) => {
        const { lruHits, optimalHits } = evictionGain(Int32Array.from(accesses), 5, capacity);
        expect(optimalHits).toBe(bestHits(accesses, capacity));
        expect(lruHits).toBe(recentHits(accesses, capacity));
        expect(lruHits).toBeLessThanOrEqual(optimalHits);
      }),
    );
  });

  it('finds nothing by recency in a cycle one longer than the cache, all but one a round at best', () => {
    const cycle = Int32Array.from({ length: 40 }, (_, at) => at % 4);
    // 3 cold misses, then one at every third access from the fourth on: 13 of them.
    expect(evictionGain(cycle, 4, 3)).toEqual({ lruHits: 0, optimalHits: 24 });
  });
});
