import { expect, test } from 'vitest';
import { isMetric, METRICS, metricDirection, metricValue } from './metricNames.ts';
import type { Distribution, Report } from './report.ts';

const distribution: Distribution = {
  mean: 1,
  min: 2,
  p50: 3,
  p75: 4,
  p90: 5,
  p95: 6,
  p99: 7,
  max: 8,
  std: 9,
  count: 10,
};
const report = {
  latency: { ttft_ms: distribution, tpot_ms: { ...distribution, mean: 0, count: 0 } },
  throughput: { requests_per_s: 11, output_tokens_per_s_per_gpu: 12 },
  goodput: { requests_per_s: 13, output_tokens_per_s_per_gpu: 14 },
  cost: { usd_per_hour: 15, usd_per_million_output_tokens: null },
} as unknown as Report;

test.each([
  ['p95_ttft_ms', 6, 'minimize'],
  ['mean_ttft_ms', 1, 'minimize'],
  ['requests_per_s', 11, 'maximize'],
  ['goodput_requests_per_s', 13, 'maximize'],
  ['output_tokens_per_s_per_gpu', 12, 'maximize'],
  ['goodput_output_tokens_per_s_per_gpu', 14, 'maximize'],
  ['usd_per_hour', 15, 'minimize'],
  // Of no request and of no token: never a good value.
  ['mean_tpot_ms', Number.POSITIVE_INFINITY, 'minimize'],
  ['usd_per_million_output_tokens', Number.POSITIVE_INFINITY, 'minimize'],
])('%s is %d, to %s', (name, value, direction) => {
  expect(metricValue(report, name)).toBe(value);
  expect(metricDirection(name)).toBe(direction);
});

test('what is bought or waited for is minimized, what is delivered is maximized', () => {
  for (const name of METRICS) {
    const wanted = /(_per_s(_per_gpu|_per_user)?|_ratio|completed)$/.test(name) ? 'maximize' : 'minimize';
    expect([name, metricDirection(name)]).toEqual([name, wanted]);
  }
});

test('names that are none are a bug of the caller', () => {
  expect(isMetric('p95_ttft')).toBe(false);
  expect(() => metricValue(report, 'p95_ttft')).toThrow('not a metric: p95_ttft');
});
