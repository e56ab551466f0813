import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hypervolumeShare } from './hypervolume.ts';
import type { Direction } from './pareto.ts';

const GRID = 6;

/** Unit cells of a GRID^k box that some point covers, counted one by one. */
function countCells(points: number[][], k: number): number {
  let covered = 0;
  for (let cell = 0; cell < GRID ** k; cell++) {
    const corner = Array.from({ length: k }, (_, axis) => Math.floor(cell / GRID ** axis) % GRID);
    if (points.some((point) => point.every((value, axis) => corner[axis] < value))) covered += 1;
  }
  return covered / GRID ** k;
}

describe('hypervolumeShare', () => {
  for (const k of [2, 3]) {
    it(`agrees with cells counted one by one in ${k} objectives`, () => {
      const point = fc.array(fc.integer({ min: 0, max: GRID }), { minLength: k, maxLength: k });
      const directions = fc.array(fc.constantFrom<Direction>('minimize', 'maximize'), { minLength: k, maxLength: k });
      fc.assert(
        fc.property(fc.array(point, { maxLength: 12 }), directions, (points, ways) => {
          const turned = points.map((p) => p.map((value, axis) => (ways[axis] === 'maximize' ? value : GRID - value)));
          const ideal = ways.map((way) => (way === 'maximize' ? GRID : 0));
          const reference = ways.map((way) => (way === 'maximize' ? 0 : GRID));
          expect(hypervolumeShare(turned, ways, ideal, reference)).toBeCloseTo(countCells(points, k), 12);
        }),
        { numRuns: 200 },
      );
    });
  }

  it('is 0 for a box without volume and cuts points that reach beyond it', () => {
    expect(hypervolumeShare([[1, 1]], ['maximize', 'maximize'], [0, 2], [0, 0])).toBe(0);
    expect(hypervolumeShare([[4, 1]], ['maximize', 'maximize'], [2, 2], [0, 0])).toBe(0.5);
  });

  it('refuses other numbers of objectives', () => {
    expect(() => hypervolumeShare([[1]], ['maximize'], [1], [0])).toThrow('2 or 3');
  });
});
