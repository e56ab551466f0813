import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Direction, nonDominated } from './pareto.ts';

const directionsOf = fc.array(fc.constantFrom<Direction>('minimize', 'maximize'), { minLength: 1, maxLength: 4 });
const problem = directionsOf.chain((directions) =>
  fc.record({
    directions: fc.constant(directions),
    // A coarse grid makes ties frequent.
    points: fc.array(
      fc.array(fc.integer({ min: 0, max: 5 }), { minLength: directions.length, maxLength: directions.length }),
      {
        maxLength: 40,
      },
    ),
  }),
);

/** By definition, every pair compared. */
function bruteForce(points: number[][], directions: readonly Direction[]): number[] {
  const loss = points.map((point) => point.map((value, k) => (directions[k] === 'minimize' ? value : -value)));
  return points
    .map((_, i) => i)
    .filter(
      (i) => !loss.some((other) => other.every((v, k) => v <= loss[i][k]) && other.some((v, k) => v < loss[i][k])),
    );
}

describe('nonDominated', () => {
  it('agrees with every pair compared', () => {
    fc.assert(
      fc.property(problem, ({ points, directions }) => {
        expect([...nonDominated(points, directions)].sort((a, b) => a - b)).toEqual(bruteForce(points, directions));
      }),
      { numRuns: 300 },
    );
  });

  it('orders by the first objective, best first, and keeps equal points in index order', () => {
    const points = [
      [3, 1],
      [1, 9],
      [2, 5],
      [2, 5],
      [3, 2],
    ];
    expect(nonDominated(points, ['minimize', 'minimize'])).toEqual([1, 2, 3, 0]);
    expect(nonDominated(points, ['maximize', 'maximize'])).toEqual([4, 2, 3, 1]);
  });

  it('leaves out points without a finite value', () => {
    expect(
      nonDominated(
        [
          [Number.NaN, 0],
          [Number.POSITIVE_INFINITY, 0],
          [5, 5],
        ],
        ['minimize', 'minimize'],
      ),
    ).toEqual([2]);
  });
});
