import { describe, expect, it } from 'vitest';
import { parseCalibration } from '../config/parseCalibration.ts';
import { toYaml } from '../config/writeYaml.ts';
import { bandsFor, groupKey, SHIPPED_CALIBRATION, timingModelOf } from '../timing/calibration.ts';
import { PRIOR, PRIOR_SD, type TimingModel } from '../timing/coefficients.ts';
import { calibrate, type Origin } from './calibrate.ts';
import { replicaOf } from './launch.ts';
import type { Replays } from './linearise.ts';
import type { MeasuredPoint } from './measuredPoint.ts';
import { readPoints } from './readPoints.ts';
import { replay } from './replay.ts';

const ORIGIN: Origin = {
  coefficients: PRIOR,
  sds: PRIOR_SD,
  spreads: SHIPPED_CALIBRATION.spreads,
  rounds: 1,
};

/** A simulator whose TPOT follows one coefficient and the group's decode, whose TTFT follows another and its prefill. */
const closedForm: Replays = {
  async replay(points, modelOf) {
    return points.map((point) => ({ means: meansOf(point, modelOf(point)) }));
  },
};
function meansOf({ concurrency }: MeasuredPoint, { coefficients, group }: TimingModel) {
  return {
    tpotMs: (coefficients.gemm / PRIOR.gemm) * Math.exp(group?.decode ?? 0) * (5 + concurrency),
    ttftMs: (coefficients.compute / PRIOR.compute) * Math.exp(group?.prefill ?? 0) * 100,
  };
}

function pointsOf(
  rows: readonly { gpu: string; concurrency: number; factor: number; fold?: string; curve?: string }[],
) {
  const head =
    'model,system,backend,gemm_dtype,input_tokens,output_tokens,concurrency,tensor,ttft_mean_ms,tpot_mean_ms,fold,curve';
  const lines = rows.map(({ gpu, concurrency, factor, fold = '0', curve = gpu }) => {
    return `Qwen/Qwen3-32B,${gpu},vllm,fp8,1000,100,${concurrency},2,${100 * factor},${(5 + concurrency) * factor},${fold},${curve}`;
  });
  return readPoints(`${head}\n${lines.join('\n')}\n`, 'm.csv');
}

describe('a calibration', () => {
  it('finds the coefficients behind many servers', async () => {
    const rows = ['h100_sxm', 'h200_sxm', 'b200_sxm', 'a100_sxm', 'l40s'].flatMap((gpu, index) =>
      [1, 4, 16, 64].map((concurrency) => ({ gpu, concurrency, factor: 1.2, fold: String(index) })),
    );
    const { calibration, errors } = await calibrate(pointsOf(rows), ORIGIN, closedForm);
    expect(calibration.coefficients.gemm / PRIOR.gemm).toBeGreaterThan(1.14);
    expect(calibration.coefficients.gemm / PRIOR.gemm).toBeLessThan(1.2);
    expect(calibration.coefficients.per_step_us).toBe(PRIOR.per_step_us);
    expect(errors.held_out!.tpot!.mape).toBeLessThan(0.06);
    expect(calibration.data.points).toBe(20);
  });

  it('moves little for a single point, and never goes wild', async () => {
    const [far] = [await calibrate(pointsOf([{ gpu: 'h100_sxm', concurrency: 8, factor: 3 }]), ORIGIN, closedForm)];
    const { coefficients, groups } = far.calibration;
    for (const name of Object.keys(PRIOR) as (keyof typeof PRIOR)[]) {
      expect(Math.abs(Math.log(coefficients[name] / PRIOR[name]))).toBeLessThan(PRIOR_SD[name] * 2.51);
    }
    const [vector] = Object.values(groups);
    expect(vector.decode).toBeGreaterThan(0);
    expect(vector.decode).toBeLessThan(0.45);
    expect(far.errors.held_out).toBeNull();
    expect(far.calibration.spreads).toEqual(ORIGIN.spreads);
  });

  it('gives each kind of server its own vector, and another kind nothing of it', async () => {
    const rows = [1, 4, 16, 64].flatMap((concurrency) => [
      { gpu: 'h100_sxm', concurrency, factor: 1.3 },
      { gpu: 'h200_sxm', concurrency, factor: 1 / 1.3 },
    ]);
    const points = pointsOf(rows);
    const { calibration } = await calibrate(points, ORIGIN, closedForm);
    const spec = replicaOf(points[0]);
    expect(calibration.groups[groupKey(spec, 'vllm')].decode).toBeGreaterThan(0.1);
    expect(timingModelOf(calibration, replicaOf(points[1]), 'vllm').group!.decode).toBeLessThan(-0.1);
    expect(timingModelOf(calibration, spec, 'sglang').group).toBeNull();
  });

  it('narrows the bands of servers of a kind with each of their curves', async () => {
    const bandsAfter = async (curves: number) => {
      const rows = Array.from({ length: curves }, (_, index) => ({
        gpu: 'h100_sxm',
        concurrency: 4 * (index + 1),
        factor: 1.1,
        curve: `curve ${index}`,
      }));
      const points = pointsOf(rows);
      const { calibration } = await calibrate(points, ORIGIN, closedForm);
      expect(calibration.groups[groupKey(replicaOf(points[0]), 'vllm')].curves).toBe(curves);
      return { own: bandsFor(calibration, replicaOf(points[0]), 'vllm'), calibration };
    };
    const [one, four] = [await bandsAfter(1), await bandsAfter(4)];
    const stranger = bandsFor(
      one.calibration,
      replicaOf(pointsOf([{ gpu: 'h100_sxm', concurrency: 1, factor: 1 }])[0]),
      'trtllm',
    );
    const { within, between } = ORIGIN.spreads.trtllm.tpot;
    expect(Math.log(stranger.tpot[1])).toBeCloseTo(Math.hypot(within, between), 12);
    for (const metric of ['ttft', 'tpot'] as const) {
      expect(four.own[metric][1]).toBeLessThan(one.own[metric][1]);
      expect(Math.log(one.own[metric][1])).toBeLessThan(Math.hypot(...Object.values(ORIGIN.spreads.vllm[metric])));
      expect(Math.log(four.own[metric][1])).toBeGreaterThan(ORIGIN.spreads.vllm[metric].within);
    }
  });

  it('is written and read back', async () => {
    const { calibration } = await calibrate(
      pointsOf([{ gpu: 'h100_sxm', concurrency: 8, factor: 1.1 }]),
      ORIGIN,
      closedForm,
    );
    expect(parseCalibration(toYaml(calibration), 'c.yaml')).toEqual(calibration);
    expect(() => parseCalibration(toYaml(calibration).replace(/gemm: .*/, 'gemm: -1'), 'c.yaml')).toThrow(
      /c\.yaml:\d+:\d+ coefficients\.gemm/,
    );
  });

  it('brings the real simulator closer to a server that is slower than thought', async () => {
    const [point] = pointsOf([{ gpu: 'h100_sxm', concurrency: 4, factor: 1 }]);
    const before = replay(point, { coefficients: PRIOR, group: null });
    const measured = { ...point, tpotMs: before.tpotMs * 1.2, ttftMs: before.ttftMs * 1.2 };
    const here: Replays = {
      replay: async (points, modelOf) => points.map((one) => ({ means: replay(one, modelOf(one)) })),
    };
    const { calibration } = await calibrate([measured], ORIGIN, here);
    const after = replay(point, timingModelOf(calibration, replicaOf(point), 'vllm'));
    expect(after.tpotMs).toBeGreaterThan(1.04 * before.tpotMs);
    expect(after.tpotMs).toBeLessThan(1.25 * before.tpotMs);
  });
});
