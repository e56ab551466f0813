import { describe, expect, it } from 'vitest';
import { lowestByShare, Pick, shareOf, softmaxByShare } from './pick.ts';

describe('picking one of several costs', () => {
  it('takes the lowest, equals in turn', () => {
    const pick = new Pick();
    const costs = [1, 5, 1, 1];
    expect([0, 1, 2, 3].map(() => pick.lowestInTurn(4, (index) => costs[index]))).toEqual([0, 2, 3, 0]);
  });

  it('takes the lowest, equals by the share', () => {
    const costs = [3, 1, 2, 1, 1];
    expect([0, 0.33, 0.34, 0.66, 0.67, 0.999].map((share) => lowestByShare(costs, share))).toEqual([1, 1, 3, 3, 4, 4]);
  });

  it('draws by the exponential of minus the cost, scaled by the range of costs', () => {
    // Weights 1, e^-0.5 and e^-1 at temperature 1, whatever the unit of the costs.
    for (const unit of [1, 1000]) {
      const costs = [2 * unit, 3 * unit, 4 * unit];
      const sum = 1 + Math.exp(-0.5) + Math.exp(-1);
      const edges = [1 / sum, (1 + Math.exp(-0.5)) / sum];
      expect(softmaxByShare(costs, 1, 0)).toBe(0);
      expect(softmaxByShare(costs, 1, edges[0] - 1e-9)).toBe(0);
      expect(softmaxByShare(costs, 1, edges[0] + 1e-9)).toBe(1);
      expect(softmaxByShare(costs, 1, edges[1] - 1e-9)).toBe(1);
      expect(softmaxByShare(costs, 1, edges[1] + 1e-9)).toBe(2);
    }
    expect(softmaxByShare([7, 7], 0.1, 0.49)).toBe(0);
    expect(softmaxByShare([7, 7], 0.1, 0.51)).toBe(1);
    expect(softmaxByShare([0, 1], 1e-3, 0.999999)).toBe(0);
  });

  it('gives each request a share of its own that depends on nothing else', () => {
    expect(shareOf(1, 'decode', 7)).toBe(shareOf(1, 'decode', 7));
    const shares = Array.from({ length: 1000 }, (_, request) => shareOf(1, 'decode', request));
    expect(new Set(shares).size).toBe(1000);
    expect(Math.abs(shares.reduce((sum, share) => sum + share) / 1000 - 0.5)).toBeLessThan(4 / Math.sqrt(12 * 1000));
  });
});
