import { IndexedHeap } from '../base/indexedHeap.ts';

/** Hits of one string of page accesses under the eviction that vLLM's free queue amounts to, and under the best possible. */
export interface EvictionGain {
  /** Pages found when the least recently used one makes room. */
  readonly lruHits: number;
  /** Pages found when the one needed last makes room: no policy finds more (Belady 1966; Mattson et al. 1970). */
  readonly optimalHits: number;
}

/**
 * How much any eviction policy could gain on a worker's access string, looking back on it. A page not found is computed and
 * takes a place.
 * @param accesses page numbers in order of access, each in [0, `pages`)
 * @param capacity places, at least 1
 */
export function evictionGain(accesses: Int32Array, pages: number, capacity: number): EvictionGain {
  const never = accesses.length;
  const nextUse = new Int32Array(accesses.length);
  const ahead = new Int32Array(pages).fill(never);
  for (let at = accesses.length - 1; at >= 0; at--) {
    nextUse[at] = ahead[accesses[at]];
    ahead[accesses[at]] = at;
  }
  return {
    // The least recent use is the smallest time, the farthest next use the largest.
    lruHits: countHits(accesses, pages, capacity, (at) => at),
    optimalHits: countHits(accesses, pages, capacity, (at) => -nextUse[at]),
  };
}

/** Hits when the page with the smallest `rank`, given at its last access, makes room. */
function countHits(accesses: Int32Array, pages: number, capacity: number, rank: (at: number) => number): number {
  const queue = new IndexedHeap(pages);
  const isPresent = new Uint8Array(pages);
  let present = 0;
  let hits = 0;
  for (const [at, page] of accesses.entries()) {
    if (isPresent[page] === 1) {
      hits += 1;
    } else {
      if (present === capacity) {
        const evicted = queue.topSlot;
        isPresent[evicted] = 0;
        queue.update(evicted, Number.POSITIVE_INFINITY, 0);
      } else {
        present += 1;
      }
      isPresent[page] = 1;
    }
    queue.update(page, rank(at), 0);
  }
  return hits;
}
