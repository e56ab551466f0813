import { describe, expect, it } from 'vitest';
import { formatFixed, formatMs, formatNumber, formatPercent, formatSlack, formatUsd, metricLabel } from './format.ts';

describe('format', () => {
  it.each([
    [formatNumber(0), '0'],
    [formatNumber(8), '8'],
    [formatNumber(0.012345), '0.012'],
    [formatNumber(1.2345), '1.23'],
    [formatNumber(12.345), '12.3'],
    [formatNumber(99.99), '100'],
    [formatNumber(1234567.8), '1,234,568'],
    [formatNumber(null), '-'],
    [formatNumber(Number.POSITIVE_INFINITY), '-'],
    [formatFixed(-1234.5, 1), '-1,234.5'],
    [formatFixed(-0.01, 1), '0.0'],
    [formatMs(999.4), '999 ms'],
    [formatMs(1500), '1.50 s'],
    [formatMs(180_000), '3 min'],
    [formatPercent(0.985), '98.5 %'],
    [formatPercent(0.99996), '99.9 %'],
    [formatPercent(1), '100 %'],
    [formatPercent(0.054), '5.4 %'],
    [formatPercent(0.62), '62 %'],
    [formatSlack(null), '-'],
    [formatSlack(-1000), 'hopeless'],
    [formatSlack(-0.4), '-40 %'],
    [formatUsd(36.8), '$36.80'],
    [formatUsd(26864), '$26,864'],
    [metricLabel('p95_ttft_ms'), 'p95 TTFT (ms)'],
    [metricLabel('output_tokens_per_s_per_gpu'), 'output tokens/s/GPU'],
    [metricLabel('gpus_mean'), 'GPUs mean'],
  ])('%s', (got, expected) => {
    expect(got).toBe(expected);
  });
});
