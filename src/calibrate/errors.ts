/** How far predictions are from measurements. Shares, not percent: 0.1 is 10 %. */
export interface ErrorSummary {
  readonly rows: number;
  /** Mean, median and 90th percentile of |predicted / measured - 1|. */
  readonly mape: number;
  readonly median_ape: number;
  readonly p90_ape: number;
  /** Median of predicted / measured - 1: below 0 = predicted too low. */
  readonly bias: number;
  /** Share of measurements inside their nominal 80 % bands; null without bands. */
  readonly band_coverage: number | null;
}

/** One prediction beside its measurement, with the band's factors around the prediction. */
export interface Comparison {
  readonly predicted: number;
  readonly measured: number;
  readonly band: readonly [low: number, high: number] | null;
}

export function summarizeErrors(comparisons: readonly Comparison[]): ErrorSummary | null {
  if (comparisons.length === 0) return null;
  const signed = comparisons.map(({ predicted, measured }) => predicted / measured - 1).sort((a, b) => a - b);
  const absolute = signed.map(Math.abs).sort((a, b) => a - b);
  const banded = comparisons.filter(({ band }) => band !== null);
  const inside = banded.filter(({ predicted, measured, band }) => {
    return measured >= predicted * band![0] && measured <= predicted * band![1];
  });
  return {
    rows: comparisons.length,
    mape: absolute.reduce((sum, value) => sum + value, 0) / absolute.length,
    median_ape: quantile(absolute, 0.5),
    p90_ape: quantile(absolute, 0.9),
    bias: quantile(signed, 0.5),
    band_coverage: banded.length === 0 ? null : inside.length / banded.length,
  };
}

/** Linear interpolation between the order statistics of an ascending, non-empty list. */
export function quantile(ascending: readonly number[], share: number): number {
  const at = share * (ascending.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, ascending.length - 1);
  return ascending[below] + (at - below) * (ascending[above] - ascending[below]);
}
