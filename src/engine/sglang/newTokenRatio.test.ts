import { expect, it } from 'vitest';
import { NewTokenRatio } from './newTokenRatio.ts';

it('starts at 0.7 of conservativeness, falls to 14 % of that in 600 steps, and starts again when idle', () => {
  const ratio = new NewTokenRatio(1);
  expect(ratio.value).toBe(0.7);
  ratio.decay(300);
  expect(ratio.value).toBeCloseTo(0.7 - (0.7 - 0.098) / 2, 10);
  ratio.decay(300);
  expect(ratio.value).toBeCloseTo(0.098, 10);
  ratio.decay(1000);
  expect(ratio.value).toBe(0.7 * 0.14);
  ratio.reset();
  expect(ratio.value).toBe(0.7);
  expect(new NewTokenRatio(3.33).value).toBe(1);
});

it('takes many steps as it takes one', () => {
  const [one, many] = [new NewTokenRatio(0.3), new NewTokenRatio(0.3)];
  for (let step = 0; step < 777; step++) one.decay(1);
  many.decay(777);
  expect(many.value).toBe(one.value);
});

it('follows what survives a retraction', () => {
  const ratio = new NewTokenRatio(1);
  // Three survivors with 90 of at most 300 tokens: (90 + 20 * 3) / 301.
  ratio.retracted(90, 300, 3);
  expect(ratio.value).toBe(150 / 301);
  ratio.retracted(90, 100, 3);
  expect(ratio.value).toBe(1);
});
