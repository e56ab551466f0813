import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ExactSum } from './exactSum.ts';

const term = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger().map((value) => Math.trunc(value / 2)),
  fc.constantFrom(2 ** 50, -(2 ** 50), 2 ** 50 - 1, 2 ** 52 - 1, -(2 ** 52) + 1, 0),
);

it('adds as BigInt does', () => {
  fc.assert(
    fc.property(fc.array(term, { maxLength: 200 }), (terms) => {
      const sum = new ExactSum();
      for (const value of terms) sum.add(value);
      const expected = terms.reduce((total, value) => total + BigInt(value), 0n);
      expect(sum.toBigInt()).toBe(expected);
      expect(sum.toNumber()).toBe(Number(expected));
    }),
    { numRuns: 500 },
  );
});

it('stays exact where a float64 does not', () => {
  const sum = new ExactSum();
  let naive = 0;
  for (let i = 0; i < 5000; i++) {
    sum.add(2 ** 52 - 1);
    naive += 2 ** 52 - 1;
  }
  expect(sum.toBigInt()).toBe(5000n * (2n ** 52n - 1n));
  expect(BigInt(naive)).not.toBe(sum.toBigInt());
});

it('is equal by value, however the value came about', () => {
  const one = new ExactSum();
  const other = new ExactSum();
  for (const value of [2 ** 50, 5, -7]) one.add(value);
  for (const value of [-2, 2 ** 49, 2 ** 49]) other.add(value);
  expect(one.equals(other)).toBe(true);
  other.add(1);
  expect(one.equals(other)).toBe(false);
});
