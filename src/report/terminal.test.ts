import { describe, expect, it } from 'vitest';
import { handmadeAnswer, handmadeDetail } from '../../test/support/handmadeAnswer.ts';
import { summaryInput } from '../../test/support/handmadeRun.ts';
import { summarize } from '../metrics/summarize.ts';
import { textPlot } from './frontierPlot.ts';
import { renderRecommend } from './recommendText.ts';
import { type PredictContext, renderPredict } from './terminal.ts';

const context = (changes: Partial<PredictContext> = {}): PredictContext => ({
  deployment: '2x TP2 handmade',
  workload: 'handmade',
  slo: null,
  pools: [],
  files: [],
  color: false,
  ...changes,
});

describe('renderPredict', () => {
  it('opens with what was lost', () => {
    const input = summaryInput(
      [
        { arrivalMs: 0, prefillMs: 20, gapsMs: [10] },
        { arrivalMs: 1, prefillMs: 0, gapsMs: [1], fate: 'rejected' },
      ],
      { durationMs: 1000 },
    );
    const text = renderPredict(summarize(input), context({ pools: input.scenario.pools }));
    expect(text.split('\n')[0]).toBe('1 rejected of 2 requests (50 %): they count as infinitely late');
    // 1,000 blocks of 16 tokens, the null block included; a request of 4,096 tokens takes 256 of them.
    expect(text).toContain(
      'main: GPU KV cache size: 16,000 tokens; Maximum concurrency for 4,096 tokens per request: 3.91x (1,000 blocks)',
    );
  });

  it('leaves statistics out that a narrow terminal has no room for', () => {
    const { report } = handmadeDetail();
    const widest = (text: string): number =>
      Math.max(
        ...text
          .split('\n')
          .filter((line) => line.startsWith('│'))
          .map((line) => line.length),
      );
    const whole = renderPredict(report, context());
    const narrow = renderPredict(report, context({ columns: 60 }));
    expect(widest(whole)).toBeGreaterThan(60);
    expect(widest(narrow)).toBeLessThanOrEqual(60);
    expect(whole).toMatch(/ avg .* p99 .* std /);
    expect(narrow).toMatch(/ p99 .* p95 .* p50 /);
    expect(narrow).not.toContain(' std ');
  });

  it('has no escape codes without colour and fits a wide terminal', () => {
    const { report, slo } = handmadeDetail();
    const plain = renderPredict(report, context({ slo }));
    expect(plain).not.toContain('\u001b');
    expect(renderPredict(report, context({ slo, color: true }))).toContain('\u001b');
    const rows = plain.split('\n').filter((line) => line.startsWith('│'));
    expect(rows.map((row) => row.split('│')[1].trim())).toEqual([
      '',
      'TTFT (ms)',
      'TPOT (ms)',
      'ITL (ms)',
      'Longest gap (ms)',
      'E2E latency (ms)',
      'Queueing (ms)',
    ]);
  });

  it('shows dashes, not zeros, where nothing completed', () => {
    const input = summaryInput([{ arrivalMs: 0, prefillMs: 0, gapsMs: [1], fate: 'rejected' }], { durationMs: 10 });
    const text = renderPredict(summarize(input), context());
    expect(text).toMatch(/TTFT \(ms\)\s*│\s*- │/);
    expect(text).toContain('nothing generated');
  });
});

describe('renderRecommend', () => {
  it('answers on one screen', () => {
    const text = renderRecommend(handmadeAnswer(), { files: ['out/report.html'], color: false });
    expect(text.split('\n').length).toBeLessThanOrEqual(48);
    expect(text).toContain('8 GPUs at $29.44/h meet the SLO; 7 do not');
    expect(text).toContain('Against the baseline, 6x TP4 h200_sxm: 66.7% less usd_per_hour.');
    expect(text).toContain('$21,491/month ($29.44/h), SLO slack 23 %');
    expect(text).toContain('refused 30: weights do not fit');
    expect(text).toContain('written: out/report.html');
  });

  it('without a feasible candidate says which bound kills most', () => {
    const nothing = { ...handmadeAnswer(), pick: null, runner_up: null };
    const text = renderRecommend(nothing, { files: [], color: false });
    expect(text).toContain('None of 33 simulated deployments meets the SLO; most break p95_ttft_ms <= 400');
    expect(text).toContain('broken by 10: p95_ttft_ms <= 400');
  });
});

describe('textPlot', () => {
  it('puts the extremes into the corners and leaves out what is infinite', () => {
    const points = [
      { x: 0, y: 0, mark: 'a' },
      { x: 10, y: 5, mark: 'b' },
      { x: Number.POSITIVE_INFINITY, y: 1, mark: 'c' },
    ];
    expect(textPlot(points, { x: 'cost', y: 'latency' }, String, 10, 3)).toEqual([
      '  latency',
      '5 |         b',
      '  |',
      '0 |a',
      '  +----------',
      '   0       10',
      '   cost',
    ]);
  });
});
