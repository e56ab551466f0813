import { describe, expect, it } from 'vitest';
import { robustStep } from './leastSquares.ts';

const seen = (residual: number, slopes: number[], sd = 1) => ({ residual, slopes, sd, weight: 1 });

describe('a robust step', () => {
  it('goes to the priors where nothing was seen', () => {
    expect(robustStep([], [{ offset: 0.3, sd: 1 }])).toEqual([0.3]);
  });

  it('weighs prior and observations by their precision', () => {
    // Prior 0 with sd 1, one residual of -1 with slope 1 and sd 1: half way.
    expect(robustStep([seen(-1, [1])], [{ offset: 0, sd: 1 }])[0]).toBeCloseTo(0.5, 9);
    expect(robustStep([seen(-1, [1], 0.5)], [{ offset: 0, sd: 1 }])[0]).toBeCloseTo(0.8, 9);
  });

  it('solves for several parameters at once', () => {
    const wide = { offset: 0, sd: 1e6 };
    const step = robustStep([seen(-3, [1, 1]), seen(-1, [1, -1])], [wide, wide]);
    expect(step[0]).toBeCloseTo(2, 6);
    expect(step[1]).toBeCloseTo(1, 6);
  });

  it('hardly follows an outlier', () => {
    const sober = Array.from({ length: 9 }, () => seen(-0.1, [1], 0.1));
    const [step] = robustStep([...sober, seen(-50, [1], 0.1)], [{ offset: 0, sd: 10 }]);
    expect(step).toBeGreaterThan(0.1);
    expect(step).toBeLessThan(0.2);
  });
});
