import { describe, expect, it } from 'vitest';
import { createForecaster } from './forecast.ts';
import type { ForecastSpec } from './policySpec.ts';

const plain = (model: ForecastSpec['model'], marginQuantile: number | null = null) =>
  createForecaster({ model, marginQuantile });

function forecastOf(
  values: readonly number[],
  model: ForecastSpec['model'],
  marginQuantile: number | null = null,
): number {
  const forecaster = plain(model, marginQuantile);
  for (const value of values) forecaster.observe(value);
  return forecaster.predict();
}

const KALMAN = { kind: 'kalman', qLevel: 1, qTrend: 0.1, r: 10, minPoints: 5 } as const;
const HOLT = { kind: 'holt_winters', alpha: 0.5, beta: 0.5, gamma: 0.5, seasonTicks: 0 } as const;

describe('forecasts', () => {
  it('constant: the last value, 0 before any', () => {
    expect(forecastOf([], { kind: 'constant' })).toBe(0);
    expect(forecastOf([3, 7], { kind: 'constant' })).toBe(7);
  });

  it('Holt, worked out by hand', () => {
    // Level 10; then 0.5 x 20 + 0.5 x 10 = 15 with trend 2.5; then 0.5 x 20 + 0.5 x 17.5 = 18.75 with trend 3.125.
    expect(forecastOf([10], HOLT)).toBe(10);
    expect(forecastOf([10, 20], HOLT)).toBe(17.5);
    expect(forecastOf([10, 20, 20], HOLT)).toBe(21.875);
  });

  it('Holt-Winters repeats an exact season', () => {
    const season = [10, 30, 20, 40];
    const values = Array.from({ length: 12 }, (_, tick) => season[tick % 4]);
    const model = { ...HOLT, seasonTicks: 4 };
    for (let seen = 4; seen <= 12; seen++)
      expect(forecastOf(values.slice(0, seen), model)).toBeCloseTo(season[seen % 4], 12);
  });

  it('Holt-Winters moves level and season by their weights', () => {
    // Mean 20, season -10, +10; then 14 instead of 10: level 0.5 x 24 + 0.5 x 20 = 22, trend 1, season 0.5 x -8 + 0.5 x -10 = -9.
    const model = { ...HOLT, seasonTicks: 2 };
    expect(forecastOf([10, 30, 14], model)).toBe(22 + 1 + 10);
    // 33 is what comes: level 23, trend 1, and the season of the one after is -9.
    expect(forecastOf([10, 30, 14, 33], model)).toBe(23 + 1 - 9);
  });

  it('Kalman waits for its points, and follows the textbook recursion', () => {
    expect(forecastOf([4, 6, 5, 7], KALMAN)).toBe(7);
    const values = [10, 12, 15, 13, 18, 22, 21];
    expect(forecastOf(values, KALMAN)).toBeCloseTo(byMatrices(values, 1, 0.1, 10), 9);
  });

  it('Kalman finds a straight line', () => {
    const line = Array.from({ length: 60 }, (_, tick) => 5 + 3 * tick);
    expect(forecastOf(line, KALMAN)).toBeCloseTo(5 + 3 * 60, 3);
  });

  it('a margin is a quantile of past errors', () => {
    // Errors of the constant forecast: +1 -1 +2 -2 +4 (-4); of six the 90 % quantile is the largest.
    const values = [10, 11, 10, 12, 10, 14, 10];
    expect(forecastOf(values, { kind: 'constant' }, 0.9)).toBe(14);
    expect(forecastOf(values, { kind: 'constant' }, 0.5)).toBe(10 - 1);
    expect(forecastOf(values.slice(0, 5), { kind: 'constant' }, 0.9)).toBe(10);
  });

  it('passes over the zeros before the first traffic, and is never negative', () => {
    const late = plain(KALMAN);
    for (const value of [0, 0, 0, 0, 0, 0, 8]) late.observe(value);
    expect(late.predict()).toBe(8);
    expect(forecastOf([100, 80, 60, 40, 20, 0], { ...HOLT, beta: 1, alpha: 1 })).toBe(0);
  });
});

/** The same filter in matrices, as textbooks write it. */
function byMatrices(values: readonly number[], qLevel: number, qTrend: number, r: number): number {
  type Matrix = [[number, number], [number, number]];
  const times = (a: Matrix, b: Matrix): Matrix => [
    [a[0][0] * b[0][0] + a[0][1] * b[1][0], a[0][0] * b[0][1] + a[0][1] * b[1][1]],
    [a[1][0] * b[0][0] + a[1][1] * b[1][0], a[1][0] * b[0][1] + a[1][1] * b[1][1]],
  ];
  const f: Matrix = [
    [1, 1],
    [0, 1],
  ];
  const ft: Matrix = [
    [1, 0],
    [1, 1],
  ];
  let x = [0, 0];
  let p: Matrix = [
    [1000, 0],
    [0, 1000],
  ];
  for (const value of values) {
    x = [x[0] + x[1], x[1]];
    p = times(times(f, p), ft);
    p[0][0] += qLevel;
    p[1][1] += qTrend;
    const s = p[0][0] + r;
    const k = [p[0][0] / s, p[1][0] / s];
    const y = value - x[0];
    x = [x[0] + k[0] * y, x[1] + k[1] * y];
    p = times(
      [
        [1 - k[0], 0],
        [-k[1], 1],
      ],
      p,
    );
  }
  return x[0] + x[1];
}
