import { describe, expect, it } from 'vitest';
import { RandomStream } from '../base/random.ts';
import { cheapestPath } from './cheapestPath.ts';

describe('the cheapest path', () => {
  it('weighs a switch against what it saves', () => {
    const stay = [
      [10, 4],
      [2, 9],
      [10, 4],
    ];
    // 4 + 9 + 4 by staying, 4 + 2 + 4 and two switches otherwise.
    expect(cheapestPath(stay, (from, to) => (from === to ? 0 : 3))).toEqual({ states: [1, 0, 1], cost: 16 });
    expect(cheapestPath(stay, (from, to) => (from === to ? 0 : 4))).toEqual({ states: [1, 1, 1], cost: 17 });
  });

  it('is null where nothing will do', () => {
    const never = Number.POSITIVE_INFINITY;
    expect(cheapestPath([[1], [never]], () => 0)).toBeNull();
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
          (sum, state, stage) => sum + stay[stage][state] + (stage === 0 ? 0 : move(path[stage - 1], state, stage)),
          0,
        );
        best = Math.min(best, cost);
      }
      expect(cheapestPath(stay, move)?.cost ?? Number.POSITIVE_INFINITY, `seed ${seed}`).toBe(best);
    }
  });
});
