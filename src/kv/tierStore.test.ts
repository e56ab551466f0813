import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TierStore } from './tierStore.ts';

const SEGMENTS = 5;
const PAGES_OF_SEGMENT = 12;

/** Page by page: a list of names, the one to make room first. */
class NaiveTier {
  readonly dropped: string[] = [];
  names: string[] = [];
  readonly #pages: number;

  constructor(pages: number) {
    this.#pages = pages;
  }

  has(segment: number, page: number): boolean {
    return this.names.includes(`${segment}:${page}`);
  }

  put(segment: number, from: number, to: number): number {
    let added = 0;
    for (let page = to - 1; page >= from && this.#pages > 0; page--) {
      const name = `${segment}:${page}`;
      if (this.names.includes(name)) this.names.splice(this.names.indexOf(name), 1);
      else added += 1;
      if (this.names.length === this.#pages) this.dropped.push(this.names.shift()!);
      this.names.push(name);
    }
    return added;
  }

  touch(segment: number, from: number, to: number): void {
    for (let page = to - 1; page >= from; page--) if (this.has(segment, page)) this.put(segment, page, page + 1);
  }
}

const stepOf = fc.record({
  act: fc.constantFrom('put', 'put', 'touch', 'reach'),
  segment: fc.nat(SEGMENTS - 1),
  from: fc.nat(PAGES_OF_SEGMENT - 1),
  pages: fc.integer({ min: 1, max: PAGES_OF_SEGMENT }),
});

describe('TierStore', () => {
  it('keeps, counts and drops what a list of single pages does, in the same order', () => {
    let drops = 0;
    let gaps = 0;
    let overfull = 0;
    fc.assert(
      fc.property(fc.nat(30), fc.array(stepOf, { minLength: 40, maxLength: 120 }), (pages, steps) => {
        const dropped: string[] = [];
        // The first three segments are the workload's, the others private.
        const store = new TierStore(pages, 3, (segment, from, to) => {
          for (let page = to - 1; page >= from; page--) dropped.push(`${segment}:${page}`);
        });
        const naive = new NaiveTier(pages);
        for (const { act, segment, from, pages: length } of steps) {
          const to = Math.min(PAGES_OF_SEGMENT, from + length);
          if (act === 'put') {
            if (to - from > pages) overfull += 1;
            expect(store.put(segment, from, to)).toBe(naive.put(segment, from, to));
          } else if (act === 'touch') {
            store.touch(segment, from, to);
            naive.touch(segment, from, to);
          }
          let reach = from;
          while (reach < to && naive.has(segment, reach)) reach += 1;
          if (reach > from && reach < to) gaps += 1;
          expect(store.reach(segment, from, to)).toBe(reach);
          let absent = from;
          while (absent < to && !naive.has(segment, absent)) absent += 1;
          expect(store.absentUntil(segment, from, to)).toBe(absent);
          expect(dropped).toEqual(naive.dropped);
        }
        drops += dropped.length;
      }),
      { numRuns: Number(process.env.DYNOSIM_RUNS ?? 300) },
    );
    console.log(`${drops} pages dropped, ${gaps} reaches into a gap, ${overfull} puts of more than the tier holds`);
    expect(Math.min(drops, gaps, overfull)).toBeGreaterThan(500);
  });
});
