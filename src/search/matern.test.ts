import { expect, it } from 'vitest';
import { matern52, ScaledPoints } from './matern.ts';

const formula = (r: number): number => (1 + Math.sqrt(5) * r + (5 * r * r) / 3) * Math.exp(-Math.sqrt(5) * r);

it('is the formula, near and far', () => {
  expect(matern52(0)).toBe(1);
  for (let r = 0; r < 20; r += 0.0037) expect(Math.abs(matern52(r * r) - formula(r))).toBeLessThan(1e-10);
});

it('measures distances in lengths, whatever the number of coordinates', () => {
  for (const width of [1, 3, 4, 6]) {
    const point = (value: number): Float64Array => Float64Array.from({ length: width }, (_, k) => value * (k + 1));
    const lengths = Array.from({ length: width }, (_, k) => 0.5 * (k + 1));
    const points = new ScaledPoints([point(0), point(0.1)], lengths);
    // Every coordinate is 0.2 lengths apart.
    const apart = formula(0.2 * Math.sqrt(width));
    expect(points.matrix(0.5)[2]).toBeCloseTo(apart, 10);
    expect(points.matrix(0.5)[3]).toBe(1.5);
    const row = new Float64Array(2);
    points.covariances(point(0.2), row);
    expect(row[1]).toBeCloseTo(apart, 10);
  }
});
