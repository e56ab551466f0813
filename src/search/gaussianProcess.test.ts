import { describe, expect, it } from 'vitest';
import { RandomStream } from '../base/random.ts';
import { GaussianProcess } from './gaussianProcess.ts';

const point = (...values: number[]): Float64Array => Float64Array.from(values);

describe('GaussianProcess', () => {
  it('agrees with two points worked out by hand', () => {
    // K = [[1 + s, k], [k, 1 + s]] with k = matern52(1); mean and variance by inverting it on paper.
    const noise = 1e-2;
    const k = (r: number): number => (1 + Math.sqrt(5) * r + (5 * r * r) / 3) * Math.exp(-Math.sqrt(5) * r);
    const process = GaussianProcess.with([point(0), point(1)], [2, 4], { lengths: [1], noise });
    const [a, b] = [1 + noise, k(1)];
    const determinant = a * a - b * b;
    const weights = [(a * -1 - b * 1) / determinant, (-b * -1 + a * 1) / determinant];
    const [k0, k1] = [k(0.25), k(0.75)];
    const variance = (weights[0] * -1 + weights[1] * 1) / 2;
    const explained = (a * (k0 * k0 + k1 * k1) - 2 * b * k0 * k1) / determinant;
    const found = process.predict(point(0.25));
    expect(found.mean).toBeCloseTo(3 + k0 * weights[0] + k1 * weights[1], 10);
    expect(found.deviation).toBeCloseTo(Math.sqrt(variance * (1 - explained + noise)), 10);
  });

  it('learns which coordinates matter, and covers what it has not seen', () => {
    const random = new RandomStream(1, 'test');
    const truth = (x: Float64Array): number => Math.sin(6 * x[0]) + 0.5 * x[1];
    const draw = (): Float64Array => Float64Array.from({ length: 4 }, () => random.uniform());
    const x = Array.from({ length: 80 }, draw);
    const process = GaussianProcess.fit(x, x.map(truth));
    const { lengths } = process.hyperparameters;
    expect(Math.min(lengths[2], lengths[3])).toBeGreaterThan(4 * lengths[0]);
    let within = 0;
    let squared = 0;
    for (let n = 0; n < 200; n++) {
      const there = draw();
      const { mean, deviation } = process.predict(there);
      const error = mean - truth(there);
      squared += error * error;
      if (Math.abs(error) <= 2 * deviation) within += 1;
    }
    expect(Math.sqrt(squared / 200)).toBeLessThan(0.05);
    expect(within).toBeGreaterThan(180);
  });
});
