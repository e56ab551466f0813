import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type HandmadeRequest, handmadeRun } from '../../test/support/handmadeRun.ts';
import type { SloSpec } from './report.ts';
import { judgeSlo, WORST_SLACK } from './slo.ts';

function judge(requests: HandmadeRequest[], slo: SloSpec | null, classNames = ['default']) {
  const { result, workload } = handmadeRun(requests, { durationMs: 1e6, classNames });
  const everyone = Int32Array.from(requests.keys());
  return judgeSlo(slo, result.log, workload, everyone, result.gaps).verdict;
}

const withTtft = (ms: number): HandmadeRequest => ({ arrivalMs: 0, prefillMs: ms, gapsMs: [] });
const rejected: HandmadeRequest = { arrivalMs: 0, prefillMs: 0, gapsMs: [1], fate: 'rejected' };
const repeat = (count: number, request: HandmadeRequest): HandmadeRequest[] => Array(count).fill(request);

describe('judgeSlo', () => {
  it('meets p95 exactly when 95 % of submitted requests are within the bound', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof({ weight: 12, arbitrary: fc.integer({ min: 1, max: 105 }) }, fc.constant(null)), {
          minLength: 1,
          maxLength: 80,
        }),
        (values) => {
          const verdict = judge(
            values.map((ms) => (ms === null ? rejected : withTtft(ms))),
            { ttft_ms: { p95: 100 } },
          );
          const good = values.filter((ms) => ms !== null && ms <= 100).length;
          expect(verdict.met).toBe(100 * good >= 95 * values.length);
          expect(verdict.attained_ratio).toBe(good / values.length);
        },
      ),
    );
  });

  it('counts the refused as infinitely late: one in twenty is bearable for p95, for mean and max none', () => {
    const requests = [...repeat(19, withTtft(50)), rejected];
    expect(judge(requests, { ttft_ms: { p95: 100 } })).toMatchObject({ met: true, worst_slack: 0.5 });
    expect(judge(requests, { ttft_ms: { mean: 100 } })).toMatchObject({ met: false, worst_slack: WORST_SLACK });
    expect(judge(requests, { ttft_ms: { max: 100 } }).met).toBe(false);
    expect(judge([...requests, rejected], { ttft_ms: { p95: 100 } }).met).toBe(false);
  });

  it('reports the smallest slack over all bounds', () => {
    const requests = repeat(4, { arrivalMs: 0, prefillMs: 80, gapsMs: [30, 30] });
    const slo = { ttft_ms: { p95: 100 }, tpot_ms: { p95: 20 }, e2e_ms: { p95: 1000 } };
    expect(judge(requests, slo)).toMatchObject({ met: false, worst_slack: -0.5, attained_ratio: 0 });
  });

  it('leaves single-token requests out of TPOT and calls them good for it', () => {
    const slow: HandmadeRequest = { arrivalMs: 0, prefillMs: 1, gapsMs: [50] };
    const verdict = judge([slow, ...repeat(99, withTtft(1))], { tpot_ms: { p95: 40 } });
    expect(verdict.met).toBe(false);
    expect(verdict.attained_ratio).toBe(0.99);
  });

  it('takes the loosest of several bounds of a metric for the single request', () => {
    const verdict = judge([withTtft(50), withTtft(50), withTtft(90)], { ttft_ms: { p50: 60, p99: 100 } });
    expect(verdict).toMatchObject({ met: true, attained_ratio: 1 });
  });

  it('judges ITL on pooled gaps, with the gaps the refused never had as infinite ones', () => {
    const steady: HandmadeRequest = { arrivalMs: 0, prefillMs: 1, gapsMs: Array(18).fill(10) };
    const slo = { itl_ms: { p95: 20 } };
    expect(judge([steady], slo).met).toBe(true);
    expect(judge([steady, rejected], slo).met).toBe(false);
    expect(judge([steady, steady, rejected], slo).met).toBe(true);
    expect(judge([rejected], slo)).toMatchObject({ met: false, worst_slack: WORST_SLACK });
  });

  it('judges a class by its own bounds in place of the general ones', () => {
    const chat = withTtft(50);
    const batch: HandmadeRequest = { ...withTtft(5000), class: 1 };
    const names = ['chat', 'batch'];
    const general = { ttft_ms: { p95: 100 } };
    expect(judge([chat, batch], general, names).met).toBe(false);
    const both = judge([chat, batch], { ...general, classes: { batch: { ttft_ms: { p95: 4000 } } } }, names);
    expect(both).toMatchObject({ met: false, attained_ratio: 0.5, worst_slack: -0.25 });
    expect(both.by_class.chat).toMatchObject({ met: true, attained_ratio: 1, worst_slack: 0.5 });
    expect(both.by_class.batch).toMatchObject({ met: false, attained_ratio: 0 });
    expect(judge([chat, batch], { ...general, classes: { batch: { ttft_ms: { p95: 6000 } } } }, names).met).toBe(true);
  });

  it('without an SLO calls everything that completed good', () => {
    expect(judge([withTtft(1), rejected], null)).toEqual({
      attained_ratio: 0.5,
      met: true,
      worst_slack: null,
      by_class: {},
    });
  });
});
