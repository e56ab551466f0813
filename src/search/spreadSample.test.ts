import { expect, it } from 'vitest';
import { RandomStream } from '../base/random.ts';
import { spreadSample } from './spreadSample.ts';

it('meets rare values of a coordinate as often as common ones', () => {
  // Of 1,000 candidates 10 have the rare value; a plain sample of 20 would miss it four times in five.
  const features = (candidate: number): Float64Array => Float64Array.of(candidate % 100 === 0 ? 1 : 0, candidate % 7);
  const candidates = Array.from({ length: 1000 }, (_, candidate) => candidate);
  let met = 0;
  for (let seed = 0; seed < 50; seed++) {
    const taken = spreadSample(candidates, features, 20, new RandomStream(seed, 'test'));
    expect(new Set(taken).size).toBe(20);
    if (taken.some((candidate) => candidate % 100 === 0)) met += 1;
  }
  expect(met).toBeGreaterThan(35);
});

it('takes everything where no less is left', () => {
  const taken = spreadSample([3, 5, 8], () => Float64Array.of(0), 9, new RandomStream(1, 'test'));
  expect(taken.sort()).toEqual([3, 5, 8]);
});
