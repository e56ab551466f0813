import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { closest, didYouMean, editDistance } from './closest.ts';

const GPUS = ['a100_sxm', 'h100_sxm', 'h200_sxm', 'b200_sxm', 'gb200', 'l4', 'l40s'];

describe('closest', () => {
  it.each([
    ['h200_smx', 'h200_sxm'],
    ['H200-SXM', 'h200_sxm'],
    ['h200', 'h200_sxm'],
    ['l40', 'l40s'],
    ['gb200_nvl72', 'gb200'],
  ])('reads %s as %s', (typed, meant) => {
    expect(closest(typed, GPUS)).toBe(meant);
  });

  it.each(['tpu_v6e', '', 'x'])('finds nothing near "%s"', (typed) => {
    expect(closest(typed, GPUS)).toBeUndefined();
    expect(didYouMean(typed, GPUS)).toBeUndefined();
  });

  it('prefers completing the word to editing it, and the shortest completion', () => {
    expect(closest('qwen3-235b', ['qwen3-32b', 'qwen3-235b-a22b-fp8', 'qwen3-235b-a22b'])).toBe('qwen3-235b-a22b');
  });

  it('words the hint', () => {
    expect(didYouMean('concurency', ['concurrency', 'requests_per_second'])).toBe('did you mean "concurrency"?');
  });
});

describe('editDistance', () => {
  it.each([
    ['kitten', 'sitting', 3],
    ['flaw', 'lawn', 2],
    ['ab', 'ba', 1],
    ['', 'abc', 3],
    ['intention', 'execution', 5],
  ])('%s to %s takes %i', (a, b, edits) => {
    expect(editDistance(a, b)).toBe(edits);
  });

  it('is symmetric, zero only for equals, and never above the longer length', () => {
    const word = fc.string({ maxLength: 8, unit: fc.constantFrom('a', 'b', 'c') });
    fc.assert(
      fc.property(word, word, (a, b) => {
        const edits = editDistance(a, b);
        expect(edits).toBe(editDistance(b, a));
        expect(edits === 0).toBe(a === b);
        expect(edits).toBeLessThanOrEqual(Math.max(a.length, b.length));
        expect(edits).toBeGreaterThanOrEqual(Math.abs(a.length - b.length));
      }),
    );
  });
});
