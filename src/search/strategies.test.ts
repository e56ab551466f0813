import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { highestHeldLoad } from './bisect.ts';
import { type Axis, countPoints, enumeratePoints } from './space.ts';

describe('highestHeldLoad', () => {
  const options = { start: 1, maxDoublings: 10, relativeTolerance: 0.02 };

  it('finds an edge anywhere in range to its tolerance, in the same number of steps past the bracket', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 900, noNaN: true }), (edge) => {
        const found = highestHeldLoad((load) => load <= edge, options);
        expect(found.held!).toBeLessThanOrEqual(edge);
        expect(found.missed!).toBeGreaterThan(edge);
        expect(found.missed! / found.held!).toBeLessThanOrEqual(1.02);
        const bracketing = found.probes.filter(({ load }) => Number.isInteger(Math.log2(load))).length;
        expect(found.probes.length - bracketing).toBe(6);
      }),
    );
  });

  it('says when nothing or everything is held', () => {
    expect(highestHeldLoad(() => false, options)).toMatchObject({ held: null, missed: 2 ** -10 });
    expect(highestHeldLoad(() => true, options)).toMatchObject({ held: 1024, missed: null });
  });

  it('answers with a load that was probed and held even when holding is not monotone', () => {
    const island = (load: number): boolean => load < 1.3 || (load > 1.5 && load < 1.9);
    const found = highestHeldLoad(island, options);
    expect(island(found.held!)).toBe(true);
    expect(island(found.missed!)).toBe(false);
    expect(found.missed! / found.held!).toBeLessThanOrEqual(1.02);
  });
});

describe('enumeratePoints', () => {
  const axes: Axis<number | string>[] = [
    { name: 'a', values: [1, 2] },
    { name: 'b', values: ['x', 'y', 'z'] },
  ];

  it('yields the product in order, the last axis fastest', () => {
    expect([...enumeratePoints(axes)].map((point) => point.join(''))).toEqual('1x 1y 1z 2x 2y 2z'.split(' '));
    expect(countPoints(axes)).toBe(6);
  });

  it('has one point without axes and none with an empty axis', () => {
    expect([...enumeratePoints([])]).toEqual([[]]);
    expect([...enumeratePoints([...axes, { name: 'c', values: [] }])]).toEqual([]);
  });
});
