import { expect, it } from 'vitest';
import { RandomStream } from '../base/random.ts';
import { factorise, solveLower, solveTransposed } from './cholesky.ts';

it('solves what multiplying back gives', () => {
  const random = new RandomStream(1, 'test');
  for (const n of [1, 2, 3, 7, 30]) {
    const root = Array.from({ length: n }, () => Array.from({ length: n }, () => random.uniform() - 0.5));
    const at = (i: number, j: number): number =>
      root[i].reduce((sum, value, k) => sum + value * root[j][k], i === j ? 1 : 0);
    const factor = Float64Array.from({ length: n * n }, (_, place) => at(Math.floor(place / n), place % n));
    const truth = Float64Array.from({ length: n }, () => random.uniform());
    const right = Float64Array.from({ length: n }, (_, i) =>
      truth.reduce((sum, value, j) => sum + at(i, j) * value, 0),
    );
    factorise(factor, n);
    const found = solveTransposed(factor, solveLower(factor, right, n, new Float64Array(n)), n);
    found.forEach((value, i) => {
      expect(value).toBeCloseTo(truth[i], 9);
    });
  }
});
