import type { Distribution } from './report.ts';

/**
 * The q-quantile (0 < q <= 1) of ascending values by nearest rank: the smallest value that at least q of all values do
 * not exceed, so "p95 <= bound" says exactly "at least 95 % are within the bound". 0 when there are none.
 */
export function quantileOf(sorted: Float64Array, q: number): number {
  return sorted.length === 0 ? 0 : sorted[rankOf(q, sorted.length) - 1];
}

/** Nearest rank, 1..count. The tiny subtraction keeps q * count that is whole on paper (0.95 * 20) from rounding up. */
export function rankOf(q: number, count: number): number {
  return Math.min(count, Math.max(1, Math.ceil(q * count - 1e-9)));
}

/** Mean, population standard deviation and nearest-rank quantiles, each multiplied by `scale`. Sorts `values` in place. */
export function distributionOf(values: Float64Array, scale: number): Distribution {
  const count = values.length;
  if (count === 0) return { mean: 0, min: 0, p50: 0, p75: 0, p90: 0, p95: 0, p99: 0, max: 0, std: 0, count: 0 };
  values.sort();
  let sum = 0;
  for (const value of values) sum += value;
  const mean = sum / count;
  let squares = 0;
  for (const value of values) squares += (value - mean) * (value - mean);
  return {
    mean: mean * scale,
    min: values[0] * scale,
    p50: quantileOf(values, 0.5) * scale,
    p75: quantileOf(values, 0.75) * scale,
    p90: quantileOf(values, 0.9) * scale,
    p95: quantileOf(values, 0.95) * scale,
    p99: quantileOf(values, 0.99) * scale,
    max: values[count - 1] * scale,
    std: Math.sqrt(squares / count) * scale,
    count,
  };
}
