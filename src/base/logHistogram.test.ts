import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LogHistogram } from './logHistogram.ts';

const entry = fc.record({
  value: fc.oneof(fc.nat({ max: 1100 }), fc.nat(), fc.maxSafeInteger().map(Math.abs)),
  times: fc.integer({ min: 1, max: 5 }),
});

describe('LogHistogram', () => {
  it('has every quantile within 0.1 % of the sorted values, exact below 1024', () => {
    fc.assert(
      fc.property(
        fc.array(entry, { minLength: 1, maxLength: 60 }),
        fc.constantFrom(0, 0.01, 0.5, 0.75, 0.9, 0.99, 1),
        (entries, q) => {
          const histogram = new LogHistogram();
          const sorted: number[] = [];
          for (const { value, times } of entries) {
            histogram.add(value, times);
            for (let i = 0; i < times; i++) sorted.push(value);
          }
          sorted.sort((a, b) => a - b);
          const exact = sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)];
          const error = Math.abs(histogram.quantile(q) - exact);
          expect(error).toBeLessThanOrEqual(exact < 1024 ? 0 : exact / 1000);
          expect(histogram.count).toBe(sorted.length);
          expect(histogram.min).toBe(sorted[0]);
          expect(histogram.max).toBe(sorted[sorted.length - 1]);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('has the exact mean and standard deviation', () => {
    const histogram = new LogHistogram();
    for (const value of [2, 4, 4, 4, 5, 5, 7, 9]) histogram.add(value, 1);
    expect(histogram.mean).toBe(5);
    expect(histogram.std).toBe(2);
    expect(histogram.sum).toBe(40);
  });

  it('has the same figures whatever the order of the values', () => {
    const values = Array.from({ length: 500 }, (_, k) => 20_000_000 + ((k * 7919) % 501) * 1_234_567);
    const filled = (order: readonly number[]) => {
      const histogram = new LogHistogram();
      for (const value of order) histogram.add(value, 1 + (value % 90));
      return [histogram.std, histogram.mean, histogram.quantile(0.95)];
    };
    expect(filled([...values].reverse())).toEqual(filled(values));
    expect(filled([...values].sort((a, b) => a - b))).toEqual(filled(values));
  });

  it('keeps its spread where the values are large and close together', () => {
    // Pass times of ten seconds, one microsecond apart: squares near 1e20, where a float64 is 16384 apart.
    const histogram = new LogHistogram();
    for (let i = 0; i < 1000; i++) {
      histogram.add(1e10 - 1000, 1);
      histogram.add(1e10 + 1000, 1);
    }
    expect(histogram.std).toBeCloseTo(1000, 3);
  });

  it('is all zeros when empty', () => {
    const empty = new LogHistogram();
    expect([empty.count, empty.min, empty.max, empty.mean, empty.std, empty.quantile(0.5)]).toEqual([0, 0, 0, 0, 0, 0]);
  });
});
