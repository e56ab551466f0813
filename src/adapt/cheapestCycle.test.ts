import { describe, expect, it } from 'vitest';
import { RandomStream } from '../base/random.ts';
import { cheapestCycle } from './cheapestCycle.ts';

describe('the cheapest cycle', () => {
  it('weighs a switch against what it saves', () => {
    const stay = [
      [10, 4],
      [2, 9],
      [10, 4],
    ];
    // 4 + 9 + 4 by staying, 4 + 2 + 4 and two switches otherwise.
    expect(cheapestCycle(stay, (from, to) => (from === to ? 0 : 3))).toEqual({ states: [1, 0, 1], cost: 16 });
    expect(cheapestCycle(stay, (from, to) => (from === to ? 0 : 4))).toEqual({ states: [1, 1, 1], cost: 17 });
  });

  it('counts the way back to its beginning', () => {
    const stay = [
      [1, 5],
      [9, 1],
    ];
    // 1 + 1 with a switch there and one back, or 5 + 1 in one state.
    expect(cheapestCycle(stay, (from, to) => (from === to ? 0 : 1))).toEqual({ states: [0, 1], cost: 4 });
    expect(cheapestCycle(stay, (from, to) => (from === to ? 0 : 3))).toEqual({ states: [1, 1], cost: 6 });
  });

  it('is null where nothing will do', () => {
    const never = Number.POSITIVE_INFINITY;
    expect(cheapestCycle([[1], [never]], () => 0)).toBeNull();
  });

  it('is the best of all, in random problems', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const random = new RandomStream(seed, 'paths');
      const stages = random.integer(1, 5);
      const states = random.integer(1, 4);
      const stay = Array.from({ length: stages }, () =>
        Array.from({ length: states }, () =>
          random.integer(0, 4) === 0 ? Number.POSITIVE_INFINITY : random.integer(0, 50),
        ),
      );
      const prices = Array.from({ length: stages * states * states }, () => random.integer(0, 30));
      const move = (from: number, to: number, stage: number): number =>
        from === to ? 0 : prices[(stage * states + from) * states + to];
      let best = Number.POSITIVE_INFINITY;
      for (let code = 0; code < states ** stages; code++) {
        const path = Array.from({ length: stages }, (_, stage) => Math.floor(code / states ** stage) % states);
        const cost = path.reduce(
          (sum, state, stage) => sum + stay[stage][state] + move(path.at(stage - 1)!, state, stage),
          0,
        );
        best = Math.min(best, cost);
      }
      expect(cheapestCycle(stay, move)?.cost ?? Number.POSITIVE_INFINITY, `seed ${seed}`).toBe(best);
    }
  });
});
