import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { distributionOf, quantileOf } from './quantile.ts';

describe('quantileOf', () => {
  it('is the smallest value that a share q of all values does not exceed', () => {
    const values = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 100 }), (list, percent) => {
        const atMost = (bound: number): number => list.filter((value) => value <= bound).length;
        // Whole numbers throughout: 100 * count >= percent * n has no rounding.
        const expected = [...list].sort((a, b) => a - b).find((value) => 100 * atMost(value) >= percent * list.length);
        expect(quantileOf(Float64Array.from(list).sort(), percent / 100)).toBe(expected);
      }),
    );
  });
});

describe('distributionOf', () => {
  it('gives the textbook figures of 1..100', () => {
    const values = Float64Array.from({ length: 100 }, (_, index) => 100 - index);
    const got = distributionOf(values, 2);
    // Population variance of 1..n is (n^2 - 1) / 12.
    expect(got.std).toBeCloseTo(2 * Math.sqrt(9999 / 12), 10);
    expect(got).toMatchObject({ mean: 101, min: 2, p50: 100, p75: 150, p90: 180, p95: 190, p99: 198, max: 200 });
    expect(got.count).toBe(100);
  });

  it('of nothing is all zero with count 0', () => {
    expect(Object.values(distributionOf(new Float64Array(0), 1)).every((value) => value === 0)).toBe(true);
  });
});
