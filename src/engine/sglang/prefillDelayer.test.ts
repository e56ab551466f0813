import { describe, expect, it } from 'vitest';
import { PrefillDelayer } from './prefillDelayer.ts';

const ALL = [true, true, true, true];
const NONE = [false, false, false, false];
const MIXED = [true, false, true, true];

describe('prefill delayer, decision cases of SGLang (test/registered/scheduler/test_prefill_delayer.py)', () => {
  it.each([
    ['all ranks', [ALL], [true]],
    ['no rank', [NONE], [true]],
    ['some ranks', [MIXED], [false]],
    ['some ranks, then all', [MIXED, ALL], [false, true]],
  ])('with prompts on %s', (_, steps, expected) => {
    const delayer = new PrefillDelayer(100);
    expect(steps.map((ranks) => delayer.allows(ranks))).toEqual(expected);
  });

  it('lets go after the longest wait, and starts to count again (mixed_timeout)', () => {
    const delayer = new PrefillDelayer(3);
    expect([MIXED, MIXED, MIXED, MIXED].map((ranks) => delayer.allows(ranks))).toEqual([false, false, true, false]);
  });
});
