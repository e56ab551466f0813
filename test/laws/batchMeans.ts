import { expect } from 'vitest';

/** Batches that every estimate is made of. */
export const BATCHES = 48;
/** Student's t with 47 degrees of freedom, 99.5 % quantile: the half-width factor of a 99 % interval. */
const T_995_47 = 2.6846;

export interface Interval {
  readonly mean: number;
  /** Half-width of the 99 % interval. */
  readonly half: number;
}

/** Means of `batches` stretches of equal length of `values` from `from` on. */
export function batchMeans(values: Float64Array, from: number, batches: number): number[] {
  const length = Math.floor((values.length - from) / batches);
  return Array.from({ length: batches }, (_, batch) => {
    let sum = 0;
    const start = from + batch * length;
    for (let index = start; index < start + length; index++) sum += values[index];
    return sum / length;
  });
}

/** The 99 % interval that BATCHES batch means give (nearly independent and normal when batches are long). */
export function intervalOf(means: readonly number[]): Interval {
  if (means.length !== BATCHES) throw new Error(`${means.length} batches, the t quantile is for ${BATCHES}`);
  const mean = means.reduce((sum, value) => sum + value, 0) / BATCHES;
  const squares = means.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, half: T_995_47 * Math.sqrt(squares / (BATCHES - 1) / BATCHES) };
}

/** The interval must cover the exact value and be at most 3 % of it to either side. */
export function expectCovers(what: string, { mean, half }: Interval, exact: number): void {
  const percent = (value: number): string => `${((100 * value) / exact).toFixed(2)} %`;
  console.log(
    `${what}: exact ${exact.toPrecision(6)}, measured ${mean.toPrecision(6)} (${percent(mean - exact)} off), half-width ${percent(half)}`,
  );
  expect(half / exact, `half-width of ${what}`).toBeLessThanOrEqual(0.03);
  expect(Math.abs(mean - exact), `${what}: distance from the exact value`).toBeLessThanOrEqual(half);
}
