import { describe, expect, it } from 'vitest';
import { RandomStream } from './random.ts';

const DRAWS = 200_000;

interface Moments {
  readonly mean: number;
  readonly variance: number;
  readonly skewness: number;
}

function momentsOf(draw: () => number): Moments {
  const values = Float64Array.from({ length: DRAWS }, draw);
  const mean = values.reduce((sum, value) => sum + value, 0) / DRAWS;
  const central = (power: number) => values.reduce((sum, value) => sum + (value - mean) ** power, 0) / DRAWS;
  const variance = central(2);
  return { mean, variance, skewness: central(3) / variance ** 1.5 };
}

/** Four standard errors of a mean over DRAWS values. */
function tolerance(standardDeviation: number): number {
  return (4 * standardDeviation) / Math.sqrt(DRAWS);
}

describe('distributions have their exact moments', () => {
  it('uniform: mean 1/2, variance 1/12, always in [0, 1)', () => {
    const stream = new RandomStream(1, 'uniform');
    const { mean, variance } = momentsOf(() => {
      const value = stream.uniform();
      if (value < 0 || value >= 1) throw new Error(`${value} is outside [0, 1)`);
      return value;
    });
    expect(Math.abs(mean - 0.5)).toBeLessThan(tolerance(Math.sqrt(1 / 12)));
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(tolerance(Math.sqrt(1 / 180)));
  });

  it('integer: every value of the range about equally often (chi-square, 12 degrees of freedom, p > 1e-4)', () => {
    const stream = new RandomStream(2, 'integer');
    const counts = new Array<number>(13).fill(0);
    for (let i = 0; i < DRAWS; i++) counts[stream.integer(-6, 6) + 6] += 1;
    const each = DRAWS / 13;
    expect(counts.reduce((sum, count) => sum + (count - each) ** 2 / each, 0)).toBeLessThan(39.1);
    expect(stream.integer(5, 5)).toBe(5);
  });

  it('exponential: mean m, variance m^2, skewness 2', () => {
    const stream = new RandomStream(3, 'exponential');
    const { mean, variance, skewness } = momentsOf(() => stream.exponential(7));
    expect(Math.abs(mean - 7)).toBeLessThan(tolerance(7));
    expect(Math.abs(variance - 49)).toBeLessThan(tolerance(49 * Math.sqrt(8)));
    expect(Math.abs(skewness - 2)).toBeLessThan(0.2);
  });

  it('normal: mean 0, variance 1, skewness 0, and 4.55 % beyond two sigma', () => {
    const stream = new RandomStream(4, 'normal');
    let beyond = 0;
    const { mean, variance, skewness } = momentsOf(() => {
      const value = stream.normal();
      if (Math.abs(value) > 2) beyond += 1;
      return value;
    });
    expect(Math.abs(mean)).toBeLessThan(tolerance(1));
    expect(Math.abs(variance - 1)).toBeLessThan(tolerance(Math.sqrt(2)));
    expect(Math.abs(skewness)).toBeLessThan(tolerance(Math.sqrt(6)));
    expect(Math.abs(beyond / DRAWS - 0.0455)).toBeLessThan(tolerance(Math.sqrt(0.0455)));
  });

  it('lognormal: mean is median times e^(sigma^2 / 2), half of the draws below the median', () => {
    const stream = new RandomStream(5, 'lognormal');
    let below = 0;
    const { mean } = momentsOf(() => {
      const value = stream.lognormal(300, 0.8);
      if (value < 300) below += 1;
      return value;
    });
    const expected = 300 * Math.exp(0.32);
    expect(Math.abs(mean - expected)).toBeLessThan(tolerance(expected * Math.sqrt(Math.exp(0.64) - 1)));
    expect(Math.abs(below / DRAWS - 0.5)).toBeLessThan(tolerance(0.5));
  });

  it.each([0.25, 0.7, 1, 4.5])('gamma of shape %d: mean ks, variance ks^2, skewness 2 / sqrt k', (shape) => {
    const stream = new RandomStream(6, 'gamma');
    const { mean, variance, skewness } = momentsOf(() => stream.gamma(shape, 3));
    expect(Math.abs(mean - 3 * shape)).toBeLessThan(tolerance(3 * Math.sqrt(shape)));
    // The variance of a sample variance is (kurtosis - 1) * variance^2, with kurtosis 3 + 6 / shape.
    expect(Math.abs(variance - 9 * shape)).toBeLessThan(tolerance(9 * shape * Math.sqrt(2 + 6 / shape)));
    expect(Math.abs(skewness / (2 / Math.sqrt(shape)) - 1)).toBeLessThan(0.1);
  });
});

describe('streams', () => {
  const first = (seed: number, name: string, index: number) => new RandomStream(seed, name, index).uint32();

  it('repeat themselves', () => {
    const once = new RandomStream(42, 'arrivals', 3);
    const again = new RandomStream(42, 'arrivals', 3);
    for (let i = 0; i < 100; i++) expect(once.normal()).toBe(again.normal());
  });

  it('differ by seed, by name and by index, also past 32 bits and below zero', () => {
    const keys: [number, string, number][] = [];
    for (const seed of [0, 1, -1, 2 ** 32, 2 ** 40 + 1, -(2 ** 40)]) {
      for (const name of ['a', 'b', 'ab', 'ba', '']) {
        for (const index of [0, 1, 2, 2 ** 32, 2 ** 33]) keys.push([seed, name, index]);
      }
    }
    expect(new Set(keys.map((key) => first(...key))).size).toBe(keys.length);
  });

  it('of neighbouring indices are uncorrelated and, taken one draw each, uniform', () => {
    const values = Float64Array.from({ length: DRAWS }, (_, index) => new RandomStream(9, 'length', index).uniform());
    let product = 0;
    for (let i = 1; i < DRAWS; i++) product += (values[i] - 0.5) * (values[i - 1] - 0.5);
    expect(Math.abs(product / (DRAWS - 1))).toBeLessThan(tolerance(1 / 12));
    const counts = new Array<number>(64).fill(0);
    for (const value of values) counts[Math.floor(value * 64)] += 1;
    const each = DRAWS / 64;
    // Chi-square with 63 degrees of freedom: 113.5 is passed once in 10,000.
    expect(counts.reduce((sum, count) => sum + (count - each) ** 2 / each, 0)).toBeLessThan(113.5);
  });

  it('of swapped or neighbouring seeds and indices are uncorrelated', () => {
    const pairs: [RandomStream, RandomStream][] = [
      [new RandomStream(1, 'x', 2), new RandomStream(2, 'x', 1)],
      [new RandomStream(1, 'x', 0), new RandomStream(2, 'x', 0)],
      [new RandomStream(1, 'x', 0), new RandomStream(1, 'y', 0)],
    ];
    for (const [one, other] of pairs) {
      let product = 0;
      for (let i = 0; i < DRAWS; i++) product += (one.uniform() - 0.5) * (other.uniform() - 0.5);
      expect(Math.abs(product / DRAWS)).toBeLessThan(tolerance(1 / 12));
    }
  });

  it('refuse a seed that is not a whole number', () => {
    expect(() => new RandomStream(0.5, 'x')).toThrow(/whole/);
  });
});
