import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { additiveEpsilon } from './additiveEpsilon.ts';

const points = fc.array(fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 2, maxLength: 2 }), {
  minLength: 1,
  maxLength: 8,
});

describe('additiveEpsilon', () => {
  it('is the first shift that covers the reference, shifts tried one by one', () => {
    fc.assert(
      fc.property(points, points, (front, reference) => {
        const covers = (shift: number): boolean =>
          reference.every((target) => front.some((point) => point.every((value, k) => value - shift <= target[k])));
        let shift = 0;
        while (!covers(shift)) shift += 1;
        expect(additiveEpsilon(front, reference)).toBe(shift);
      }),
    );
  });

  it('is 0 for a front against itself and infinite without points', () => {
    expect(additiveEpsilon([[1, 2]], [[1, 2]])).toBe(0);
    expect(additiveEpsilon([], [[1, 2]])).toBe(Number.POSITIVE_INFINITY);
  });
});
