import { describe, expect, it } from 'vitest';
import { AttentionBalance, type RankCounts } from './attentionBalance.ts';

const BOTH: RankCounts = { contexts: 1, generations: 1 };
const GENERATES: RankCounts = { contexts: 0, generations: 1 };
const STARTS: RankCounts = { contexts: 1, generations: 0 };

function balance(timeoutIterations: number, batchingWaitIterations: number, maxSequences = 4): AttentionBalance {
  return new AttentionBalance({ timeoutIterations, batchingWaitIterations }, maxSequences);
}

/** Whether contexts were held back, iteration after iteration. */
const held = (of: AttentionBalance, ranks: readonly RankCounts[], iterations: number): boolean[] =>
  Array.from({ length: iterations }, () => of.holdsBack(ranks));

describe('balance of attention-DP ranks (_balance_adp_requests in py_executor.py of 1.2)', () => {
  it('lets a context that one rank lacks wait until the time-out', () => {
    expect(held(balance(3, 0), [BOTH, GENERATES], 6)).toEqual([true, true, false, true, true, false]);
  });

  it('counts iterations without any context on the same clock', () => {
    const clock = balance(5, 0);
    held(clock, [GENERATES, GENERATES], 3);
    expect(held(clock, [BOTH, GENERATES], 2)).toEqual([true, false]);
    const skipping = balance(5, 0);
    skipping.pass(13);
    expect(held(skipping, [BOTH, GENERATES], 2)).toEqual([true, false]);
  });

  it('runs contexts at once where a rank generates nothing', () => {
    expect(held(balance(9, 9), [STARTS, GENERATES], 2)).toEqual([false, false]);
    expect(held(balance(9, 9), [STARTS, STARTS], 2)).toEqual([false, false]);
  });

  it('waits for more contexts when every rank has one, batching_wait_iters times', () => {
    expect(held(balance(9, 2), [BOTH, BOTH], 6)).toEqual([true, true, false, true, true, false]);
  });

  it('begins its clock anew whenever every rank has a context', () => {
    const clock = balance(3, 0);
    held(clock, [BOTH, GENERATES], 2);
    expect(clock.holdsBack([BOTH, BOTH])).toBe(false);
    expect(held(clock, [BOTH, GENERATES], 3)).toEqual([true, true, false]);
  });

  it('does not count on ranks that have no place for another generation', () => {
    expect(held(balance(2, 0, 1), [BOTH, BOTH], 4)).toEqual([true, false, true, false]);
  });
});
