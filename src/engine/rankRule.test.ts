import { expect, it } from 'vitest';
import type { EngineLoad } from './engineCore.ts';
import { fewestWaiting, inTurn, type LoadedRank } from './rankRule.ts';

function rank(running: number, waiting: number): LoadedRank {
  return {
    addLoad(load: EngineLoad) {
      load.running += running;
      load.waiting += waiting;
    },
  };
}

it('a waiting request weighs as much as four that run, and the first of equal ranks is taken', () => {
  expect(fewestWaiting([rank(5, 0), rank(0, 1), rank(3, 0)])).toBe(2);
  expect(fewestWaiting([rank(5, 0), rank(0, 1), rank(4, 0)])).toBe(1);
  expect(fewestWaiting([rank(0, 0), rank(0, 0)])).toBe(0);
});

it('ranks get requests in turn', () => {
  const ranks = [rank(0, 0), rank(9, 9), rank(0, 0)];
  expect([0, 1, 2, 3, 4].map((taken) => inTurn(ranks, taken))).toEqual([0, 1, 2, 0, 1]);
});
