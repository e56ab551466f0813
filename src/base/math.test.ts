import { describe, expect, it } from 'vitest';
import { exp, log, pow } from './math.ts';

/** Distance between a float64 and its successor. */
function ulp(value: number): number {
  const float = new Float64Array([Math.abs(value)]);
  new BigInt64Array(float.buffer)[0] += 1n;
  return float[0] - Math.abs(value);
}

function errorInUlps(actual: number, expected: number): number {
  return Object.is(actual, expected) ? 0 : Math.abs(actual - expected) / ulp(expected);
}

/** A fixed sequence over [0, 1): the tests must not depend on the random streams built on these functions. */
function makeUniform(): () => number {
  let state = 12345;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const EDGES = [
  0,
  -0,
  1,
  -1,
  2,
  3,
  -2,
  -3,
  0.5,
  -0.5,
  1 / 0,
  -1 / 0,
  0 / 0,
  1e308,
  -1e308,
  5e-324,
  2 ** 53,
  2 ** 53 + 2,
];

describe('exp', () => {
  it('is within 1 ulp of Math.exp over its whole range', () => {
    const uniform = makeUniform();
    let worst = 0;
    for (let i = 0; i < 100_000; i++) {
      const x = i % 2 === 0 ? (uniform() - 0.5) * 1480 : (uniform() - 0.5) * 4;
      worst = Math.max(worst, errorInUlps(exp(x), Math.exp(x)));
    }
    expect(worst).toBeLessThanOrEqual(1);
  });

  it('treats the edges as Math.exp does', () => {
    for (const x of [...EDGES, 709.782712893384, 709.7827128933841, -745.1332191019411, -745.1332191019412, -740]) {
      expect(errorInUlps(exp(x), Math.exp(x)), `exp(${x})`).toBeLessThanOrEqual(1);
    }
  });
});

describe('log', () => {
  it('is within 1 ulp of Math.log from the smallest subnormal to the largest number', () => {
    const uniform = makeUniform();
    let worst = 0;
    for (let i = 0; i < 100_000; i++) {
      const x = i % 2 === 0 ? 2 ** ((uniform() - 0.5) * 2090) : 0.5 + uniform() * 2;
      worst = Math.max(worst, errorInUlps(log(x), Math.log(x)));
    }
    expect(worst).toBeLessThanOrEqual(1);
  });

  it('treats the edges as Math.log does', () => {
    for (const x of [...EDGES, 1e-310, Number.MAX_VALUE]) {
      expect(errorInUlps(log(x), Math.log(x)), `log(${x})`).toBeLessThanOrEqual(1);
    }
  });
});

describe('pow', () => {
  it('is within 2 ulp of Math.pow (itself up to 1 off) over results from subnormal to huge', () => {
    const uniform = makeUniform();
    let worst = 0;
    for (let i = 0; i < 100_000; i++) {
      const base = i % 2 === 0 ? 2 ** ((uniform() - 0.5) * 140) : 0.5 + uniform();
      const exponent = i % 2 === 0 ? (uniform() - 0.5) * 20 : (uniform() - 0.5) * 1000;
      worst = Math.max(worst, errorInUlps(pow(base, exponent), base ** exponent));
    }
    expect(worst).toBeLessThanOrEqual(2);
  });

  it('treats every pair of edges as Math.pow does', () => {
    for (const base of EDGES) {
      for (const exponent of EDGES) {
        expect(errorInUlps(pow(base, exponent), base ** exponent), `${base} ** ${exponent}`).toBeLessThanOrEqual(1);
      }
    }
  });

  it('is exact for powers of two and small whole powers', () => {
    for (let k = -1074; k <= 1023; k++) expect(pow(2, k)).toBe(Number(`${2 ** k}`));
    for (let base = 2; base < 1000; base++) {
      for (let n = 2; n <= 5; n++) {
        let product = 1;
        for (let i = 0; i < n; i++) product *= base;
        expect(pow(base, n)).toBe(product);
      }
    }
  });
});

it('gives the correctly rounded values of a 50-digit decimal calculation', () => {
  const actual = [exp(0.3), exp(-20), log(7), log(0.2), pow(10, 0.3), pow(1.1, -7.5)];
  expect(actual).toEqual([
    1.3498588075760032, 2.061153622438558e-9, 1.9459101490553132, -1.6094379124341003, 1.9952623149688795,
    0.48927706810064514,
  ]);
});
