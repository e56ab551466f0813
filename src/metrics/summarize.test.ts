import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type HandmadeRequest, summaryInput } from '../../test/support/handmadeRun.ts';
import { InputError } from '../base/inputError.ts';
import { METRICS, metricValue } from './metricNames.ts';
import { summarize } from './summarize.ts';

/** TTFT 30, 50 and 100 ms; e2e 50, 50 and 220 ms; TPOT 10, none and 60 ms. */
const THREE: HandmadeRequest[] = [
  { arrivalMs: 0, queueMs: 10, prefillMs: 20, gapsMs: [5, 15], reusedTokens: 64 },
  { arrivalMs: 100, queueMs: 0, prefillMs: 50, gapsMs: [] },
  { arrivalMs: 200, queueMs: 40, prefillMs: 60, gapsMs: [20, 100] },
];
const REJECTED: HandmadeRequest = { arrivalMs: 300, prefillMs: 0, gapsMs: [1, 1], fate: 'rejected' };
const PENDING: HandmadeRequest = { arrivalMs: 350, prefillMs: 0, gapsMs: [1], fate: 'pending' };

describe('summarize', () => {
  const report = summarize(summaryInput([...THREE, REJECTED, PENDING], { durationMs: 1000 }));

  it('counts requests and tokens of those that completed', () => {
    expect(report.requests).toEqual({
      submitted: 5,
      completed: 3,
      rejected: 1,
      failed: 0,
      cancelled: 0,
      incomplete: 1,
    });
    expect(report.tokens).toEqual({ input: 300, output: 7, input_reused: 64 });
    expect(report.cache.reused_ratio).toBeCloseTo(64 / 300, 12);
  });

  it('takes latencies over completed requests, TPOT over those with two tokens or more, ITL over all gaps', () => {
    const { ttft_ms, e2e_ms, tpot_ms, itl_ms, queue_ms, max_gap_ms } = report.latency;
    expect(ttft_ms).toMatchObject({ mean: 60, min: 30, p50: 50, p75: 100, max: 100, count: 3 });
    expect(e2e_ms).toMatchObject({ min: 50, p50: 50, p99: 220, count: 3 });
    expect(e2e_ms.mean).toBeCloseTo(320 / 3, 10);
    expect(tpot_ms).toMatchObject({ mean: 35, min: 10, max: 60, count: 2 });
    expect(itl_ms).toMatchObject({ mean: 35, min: 5, max: 100, count: 4 });
    expect(queue_ms.mean).toBeCloseTo(50 / 3, 10);
    expect(max_gap_ms).toMatchObject({ min: 15, max: 100, count: 2 });
  });

  it('derives rates, price and energy from four GPUs over one second', () => {
    expect(report.throughput.requests_per_s).toBe(3);
    expect(report.throughput.output_tokens_per_s_per_gpu).toBe(7 / 4);
    expect(report.throughput.output_tokens_per_s_per_user).toBeCloseTo(1000 / 35, 10);
    expect(report.fleet.gpu_hours).toBeCloseTo(4 / 3600, 15);
    expect(report.cost.usd_per_hour).toBe(8);
    expect(report.cost.usd).toBeCloseTo(8 / 3600, 15);
    expect(report.cost.usd_per_month).toBe(5840);
    expect(report.cost.usd_per_million_output_tokens).toBeCloseTo((8 / (7 * 3600)) * 1e6, 8);
    // 4 GPUs at 100 W idle, and 400 W more for the quarter of the time they work.
    expect(report.energy.mean_watts).toBeCloseTo(800, 9);
    expect(report.energy.joules_per_output_token).toBeCloseTo(800 / 7, 9);
  });

  it('attributes time so that each vector sums to its mean', () => {
    const { ttft, e2e } = report.attribution;
    const sum = (vector: object): number => Object.values(vector).reduce((total, ms) => total + ms, 0);
    expect(sum(ttft.mean)).toBeCloseTo(report.latency.ttft_ms.mean, 9);
    expect(sum(e2e.mean)).toBeCloseTo(report.latency.e2e_ms.mean, 9);
    expect(ttft.p99_cohort).toMatchObject({ admission_queue: 40, prefill: 60, decode: 0 });
    expect(e2e.p99_cohort).toMatchObject({ admission_queue: 40, prefill: 60, decode: 120 });
  });

  it('gives every named metric a finite value', () => {
    for (const name of METRICS) expect(Number.isFinite(metricValue(report, name)), name).toBe(true);
  });

  it('has no price per token when nothing was generated', () => {
    const nothing = summarize(summaryInput([REJECTED], { durationMs: 1000 }));
    expect(nothing.cost.usd_per_million_output_tokens).toBeNull();
    expect(nothing.energy.joules_per_output_token).toBeNull();
    expect(nothing.latency.ttft_ms.count).toBe(0);
  });
});

describe('hashes', () => {
  const input = summaryInput(THREE, { durationMs: 1000 });
  const report = summarize(input);

  it('ignore the wall clock and the version, nothing else', () => {
    expect(summarize({ ...input, wallMs: 99, version: '9.9.9' }).result_hash).toBe(report.result_hash);
    expect(summarize({ ...input, usdPerGpuHour: [3] }).result_hash).not.toBe(report.result_hash);
    expect(summarize({ ...input, warnings: ['odd'] }).result_hash).not.toBe(report.result_hash);
  });

  it('cover the time columns and outcomes, as OpenSSL hashes the same bytes', () => {
    const { log } = input.result;
    const hash = createHash('sha256');
    for (const column of [log.arrivalNs, log.scheduledNs, log.firstTokenNs, log.lastTokenNs]) {
      for (const value of column) {
        const bytes = Buffer.alloc(8);
        bytes.writeDoubleLE(value);
        hash.update(bytes);
      }
    }
    expect(report.timeline_hash).toBe(hash.update(log.outcome).digest('hex'));
  });
});

describe('measurement window', () => {
  const options = { durationMs: 1000 };

  it('leaves requests out at either end, by number in order of arrival', () => {
    const window = { warmup: { requests: 1 }, cooldown: { requests: 1 } };
    // Written in another order than they arrive.
    const report = summarize(summaryInput([THREE[2], THREE[0], THREE[1]], options, { window }));
    expect(report.latency.ttft_ms).toMatchObject({ mean: 50, count: 1 });
    expect(report.requests.submitted).toBe(3);
    // The middle request alone: from its arrival at 100 ms to its last token at 150 ms.
    expect(report.throughput.requests_per_s).toBeCloseTo(20, 12);
  });

  it('leaves requests out by seconds from the first and the last arrival', () => {
    const window = { warmup: { seconds: 0.1 }, cooldown: { seconds: 0.05 } };
    const report = summarize(summaryInput(THREE, options, { window }));
    expect(report.latency.ttft_ms).toMatchObject({ mean: 50, count: 1 });
  });

  it('refuses to measure nothing', () => {
    const window = { warmup: { requests: 2 }, cooldown: { requests: 1 } };
    expect(() => summarize(summaryInput(THREE, options, { window }))).toThrow(InputError);
  });
});
