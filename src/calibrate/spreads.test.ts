import { describe, expect, it } from 'vitest';
import { RandomStream } from '../base/random.ts';
import { bandOf, SHIPPED_CALIBRATION } from '../timing/calibration.ts';
import type { Predicted } from './predicted.ts';
import { readPoints } from './readPoints.ts';
import { type Residuals, splitSpread, spreadsOf, withBands } from './spreads.ts';
import { errorsOf } from './validation.ts';

/** A normal deviate: twelve uniform ones, less their mean. */
function normal(random: RandomStream): number {
  let sum = -6;
  for (let draw = 0; draw < 12; draw++) sum += random.uniform();
  return sum;
}

const HEAD =
  'model,system,backend,gemm_dtype,input_tokens,output_tokens,concurrency,tensor,ttft_mean_ms,tpot_mean_ms,fold,id';
const [POINT] = readPoints(`${HEAD}\nQwen/Qwen3-32B,h100_sxm,vllm,fp8,1000,100,8,2,100,10,0,a\n`, 'm.csv');

const CURVES = 3;
const ELSEWHERE = { ...SHIPPED_CALIBRATION.spreads };

/**
 * Kinds of server whose errors have a part in common and one of each run, those of TTFT twice those of TPOT and as alike as
 * `correlation` says; where a kind was seen its part is known from three curves.
 */
function residuals(kinds: number, runs: number, between: number, within: number, correlation: number): Residuals {
  const random = new RandomStream(7, 'spreads');
  const pair = (): [number, number] => {
    const first = normal(random);
    return [first, correlation * first + Math.sqrt(1 - correlation ** 2) * normal(random)];
  };
  const one = (kind: number, run: number, errors: number[]): Predicted => ({
    point: { ...POINT, id: `${kind} ${run}`, curve: `${kind} ${run}`, fold: String(kind % 5), note: String(kind) },
    means: { ttftMs: POINT.ttftMs * Math.exp(-2 * errors[0]), tpotMs: POINT.tpotMs * Math.exp(-errors[1]) },
    message: '',
    bands: null,
  });
  const unseen: Predicted[] = [];
  const seen: Predicted[] = [];
  const shrink = between ** 2 / (between ** 2 + within ** 2 / CURVES);
  for (let kind = 0; kind < kinds; kind++) {
    const common = pair().map((part) => between * part);
    const looked = Array.from({ length: CURVES }, () => pair().map((part, metric) => common[metric] + within * part));
    const known = [0, 1].map((m) => (shrink * looked.reduce((sum, errors) => sum + errors[m], 0)) / CURVES);
    for (let run = 0; run < runs; run++) {
      const errors = pair().map((part, metric) => common[metric] + within * part);
      unseen.push(one(kind, run, errors));
      seen.push(one(kind, run, [errors[0] - known[0], errors[1] - known[1]]));
    }
  }
  return { unseen, seen, kindOf: ({ note }) => note, curvesOf: () => CURVES };
}

describe('spreads', () => {
  it('find what kinds have in common, what runs add and how TTFT and TPOT go together', () => {
    const { vllm, sglang } = spreadsOf(residuals(1500, 8, 0.1, 0.06, 0.6), ELSEWHERE);
    // Four of five normal deviates lie within 1.28 standard deviations.
    expect(vllm.tpot.between / 0.128).toBeCloseTo(1, 1);
    expect(vllm.tpot.within / 0.077).toBeCloseTo(1, 1);
    expect(vllm.ttft.between / vllm.tpot.between).toBeCloseTo(2, 0);
    expect(vllm.correlation).toBeCloseTo(0.6, 1);
    expect(sglang).toEqual(ELSEWHERE.sglang);
  });

  it.each([
    [20, 0.1, 0.06, 0.3],
    [20, 0.02, 0.1, 0],
    [40, 0.15, 0.03, -0.4],
  ])('of %i kinds cover 74 to 88 %% of what other folds hold (nominal 80, drawn from few kinds): apart %f, within %f', (kinds, between, within, r) => {
    const { unseen, seen } = withBands(residuals(kinds, 20, between, within, r), ELSEWHERE);
    for (const all of [unseen, seen]) {
      const { ttft, tpot } = errorsOf(all, true);
      for (const errors of [ttft!, tpot!]) {
        expect(errors.band_coverage).toBeGreaterThan(0.74);
        expect(errors.band_coverage).toBeLessThan(0.88);
      }
    }
  });

  it('split so that nothing known gives the whole and the curves of the fit the rest', () => {
    for (const [whole, rest, curves] of [
      [0.3, 0.2, 3],
      [0.3, 0.29, 1],
      [0.2, 0.05, 5],
    ]) {
      const spread = splitSpread(whole, rest, curves);
      expect(Math.log(bandOf(spread, 0)[1])).toBeCloseTo(whole, 2);
      expect(Math.log(bandOf(spread, curves)[1])).toBeCloseTo(rest, 2);
    }
  });

  it('narrow with every curve of a kind, the part between alone', () => {
    const spread = { between: 0.2, within: 0.1 };
    let last = Number.POSITIVE_INFINITY;
    for (const curves of [0, 1, 2, 5, 20, 1000]) {
      const [low, high] = bandOf(spread, curves);
      expect(low).toBeCloseTo(1 / high, 12);
      expect(high).toBeLessThan(last);
      expect(Math.log(high)).toBeGreaterThanOrEqual(0.1);
      last = high;
    }
    expect(Math.log(last)).toBeCloseTo(0.1, 2);
    // One curve, an error as large as 0.1 on what is common: 0.2^2 / (1 + 4).
    expect(Math.log(bandOf(spread, 1)[1])).toBeCloseTo(Math.sqrt(0.01 + 0.04 / 5), 12);
    expect(bandOf({ between: 0.2, within: 0 }, 1)).toEqual([1, 1]);
    expect(bandOf({ between: 0, within: 0 }, 0)).toEqual([1, 1]);
  });
});
