import { describe, expect, it } from 'vitest';
import { quantile, summarizeErrors } from './errors.ts';
import type { MeasuredPoint } from './measuredPoint.ts';
import type { Predicted } from './predicted.ts';
import { spearman } from './rankCorrelation.ts';
import { readPoints } from './readPoints.ts';
import { validationOf } from './validation.ts';

const against100 = (predicted: number, band: [number, number] | null = null) => ({ predicted, measured: 100, band });

describe('errors', () => {
  it('are those worked out by hand', () => {
    const summary = summarizeErrors([90, 100, 105, 140].map((value) => against100(value)));
    expect(summary).toMatchObject({ rows: 4, band_coverage: null });
    expect(summary!.mape).toBeCloseTo(0.1375, 12);
    expect(summary!.median_ape).toBeCloseTo(0.075, 12);
    expect(summary!.bias).toBeCloseTo(0.025, 12);
    expect(summarizeErrors([])).toBeNull();
  });

  it('count measurements inside their bands, bounds included', () => {
    const rows = [against100(50, [1, 2]), against100(51, [1, 1.9]), against100(200, [0.5, 1])];
    expect(summarizeErrors(rows)!.band_coverage).toBeCloseTo(2 / 3, 12);
  });

  it('interpolate quantiles', () => {
    expect(quantile([1, 2, 4], 0.25)).toBe(1.5);
    expect(quantile([7], 0.9)).toBe(7);
  });
});

describe('rank correlation', () => {
  it('is 1 in the same order, -1 in the opposite, and averages ties', () => {
    expect(spearman([1, 2, 3], [10, 30, 99])).toBeCloseTo(1, 12);
    expect(spearman([1, 2, 3], [9, 8, 1])).toBeCloseTo(-1, 12);
    // Ranks 1 2.5 2.5 4 against 1 2 3 4: 4.5 / sqrt(4.5 * 5).
    expect(spearman([1, 2, 2, 3], [1, 2, 3, 4])).toBeCloseTo(4.5 / Math.sqrt(4.5 * 5), 12);
    expect(spearman([1, 1, 1], [1, 2, 3])).toBe(0);
  });
});

const HEAD =
  'model,system,backend,gemm_dtype,input_tokens,output_tokens,length_range,concurrency,tensor,ttft_mean_ms,tpot_mean_ms,curve,trusted_tpot,trusted_ttft,note';
const LINE = 'Qwen/Qwen3-32B,h100_sxm,vllm,fp8,1000,100,0.8-1.0';

describe('a file of measured points', () => {
  it('is read with defaults for what it leaves out', () => {
    const [point] = readPoints(`${HEAD}\n${LINE},8,2,50,9,a,1,0,no warm-up\n`, 'm.csv');
    expect(point).toMatchObject({
      model: 'Qwen/Qwen3-32B',
      weightDtype: 'fp8',
      expertDtype: 'fp8',
      parallelism: { tensor: 2, pipeline: 1, attentionData: 1 },
      lengthShares: [0.8, 1],
      requestsPerSlot: 10,
      trusted: { ttft: false, tpot: true },
      recipe: { pollingInterval: null, prefixCaching: null },
    });
  });

  it('may call its columns by names of its own, and leave out what is the same in every row', () => {
    const text = 'conc,isl,osl,TTFT mean,TPOT mean\n8,1000,100,50,9\n16,1000,100,70,11\n';
    const names = {
      theirs: {
        concurrency: 'conc',
        input_tokens: 'isl',
        output_tokens: 'osl',
        ttft_mean_ms: 'TTFT mean',
        tpot_mean_ms: 'TPOT mean',
      },
      same: { model: 'Qwen/Qwen3-32B', system: 'h100_sxm', backend: 'vllm', gemm_dtype: 'fp8', tensor: '2' },
    };
    const points = readPoints(text, 'm.csv', names);
    expect(points).toMatchObject([
      { concurrency: 8, ttftMs: 50, tpotMs: 9, parallelism: { tensor: 2 } },
      { concurrency: 16, ttftMs: 70, tpotMs: 11, hardware: 'h100_sxm' },
    ]);
    expect(() => readPoints(text, 'm.csv', { ...names, theirs: { ...names.theirs, concurrency: 'slots' } })).toThrow(
      /m\.csv:1: has no column "slots"/,
    );
    expect(() => readPoints(text, 'm.csv', { theirs: names.theirs })).toThrow(/lacks the columns model, system/);
  });

  it.each([
    [`model,system\n`, /m\.csv:1: lacks the columns backend, gemm_dtype/],
    [`${HEAD}\n${LINE},eight,2,50,9,a,1,1,\n`, /m\.csv:2 concurrency: must be a number, got "eight"/],
    [`${HEAD}\n${LINE},8,0,50,9,a,1,1,\n`, /m\.csv:2 tensor: must be greater than 0/],
    [`${HEAD}\n${LINE.replace('vllm', 'tgi')},8,2,50,9,a,1,1,\n`, /m\.csv:2 backend: must be one of vllm/],
    [`${HEAD}\n${LINE.replace('fp8', 'q4')},8,2,50,9,a,1,1,\n`, /m\.csv:2 gemm_dtype: "q4" is no weight format/],
  ])('is refused with its place when it is wrong', (text, message) => {
    expect(() => readPoints(text, 'm.csv')).toThrow(message);
  });
});

describe('a validation', () => {
  const rows = (lines: string[]) =>
    readPoints(`${HEAD}\n${lines.map((line) => `${LINE},${line}\n`).join('')}`, 'm.csv');
  const predict = (point: MeasuredPoint, factor: number): Predicted => ({
    point,
    means: { ttftMs: point.ttftMs * factor, tpotMs: point.tpotMs * factor },
    message: '',
    bands: null,
  });

  it('keeps untrusted values out of the errors and reports them apart', () => {
    const points = rows(['8,2,50,9,a,1,1,', '16,2,60,10,a,0,0,odd']);
    const validation = validationOf([predict(points[0], 1.1), predict(points[1], 3)]);
    expect(validation.overall.tpot).toMatchObject({ rows: 1 });
    expect(validation.overall.tpot!.mape).toBeCloseTo(0.1, 12);
    expect(validation.untrusted).toMatchObject([{ note: 'odd', rows: 1 }]);
  });

  it('counts what could not be predicted', () => {
    const [point] = rows(['8,2,50,9,a,1,1,']);
    const failed: Predicted = { point, means: null, message: 'no such GPU', bands: null };
    expect(validationOf([failed])).toMatchObject({ rows: 1, predicted: 0, failures: [{ message: 'no such GPU' }] });
  });

  it('regrets what the wrong choice of server loses', () => {
    // Two GPUs at half the TPOT of one: per GPU the same but for TTFT; four GPUs gain nothing more.
    const points = rows(['8,1,100,20,a,1,1,', '8,2,50,10,b,1,1,', '8,4,50,10,c,1,1,']);
    const perGpu = points.map(({ ttftMs, tpotMs, parallelism }) => 1 / (ttftMs + 89 * tpotMs) / parallelism.tensor);
    const right = validationOf(points.map((point) => predict(point, 1)));
    expect(right.regret).toMatchObject({ choices: 1, median: 0 });
    const wrong = validationOf(points.map((point, index) => predict(point, index === 2 ? 0.1 : 1)));
    expect(wrong.regret.median).toBeCloseTo(1 - perGpu[2] / Math.max(...perGpu), 12);
    expect(wrong.regret.worst).toMatchObject({ value: 'Qwen/Qwen3-32B h100_sxm' });
  });
});
