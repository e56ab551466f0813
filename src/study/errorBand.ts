import { poolsOf } from '../config/buildScenario.ts';
import type { Facts } from '../config/facts.ts';
import type { PredictConfig } from '../config/predictConfig.ts';
import { metricValue } from '../metrics/metricNames.ts';
import type { Report } from '../metrics/report.ts';
import { bandsFor, type Calibration, groupKey, type MeasuredGroup } from '../timing/calibration.ts';
import { NO_CORRECTION } from '../timing/coefficients.ts';
import type { Workload } from '../workload/workload.ts';
import { longestRequest, type Prediction, type PredictionContext, predict } from './prediction.ts';

/** Figures that get an interval. */
export const HEADLINES = [
  'mean_ttft_ms',
  'p50_ttft_ms',
  'p95_ttft_ms',
  'p99_ttft_ms',
  'mean_tpot_ms',
  'p50_tpot_ms',
  'p95_tpot_ms',
  'mean_e2e_ms',
  'p95_e2e_ms',
  'output_tokens_per_s',
  'output_tokens_per_s_per_gpu',
  'goodput_requests_per_s',
  'usd_per_million_output_tokens',
] as const;

/** Four more runs of more requests than this are too long to wait for. */
const MOST_REQUESTS = 50_000;

/** A move of the timing of all pools together, in units of the edges of their bands. */
interface Draw {
  readonly prefill: number;
  readonly decode: number;
}

/**
 * Both ways along the two independent directions that errors of TTFT and TPOT with correlation r have, in units of their
 * bands: together with variance 1 + r, apart with 1 - r.
 */
function drawsOf(correlation: number): Draw[] {
  const together = Math.sqrt((1 + correlation) / 2);
  const apart = Math.sqrt((1 - correlation) / 2);
  return [
    { prefill: -together, decode: -together },
    { prefill: together, decode: together },
    { prefill: -apart, decode: apart },
    { prefill: apart, decode: -apart },
  ];
}

/** Simulations that an error band takes. */
export const BAND_RUNS = 4;

export type ErrorBand = Pick<Report['provenance'], 'error_band' | 'intervals'>;

/**
 * How far headline figures move when the timing does: prompts and their overheads within the band of mean TTFT, decoding
 * within that of mean TPOT, together and apart as errors of measured servers go, the whole run simulated again each time. The
 * two directions are independent, so that distances (of logarithms) add up in squares. Errors of pools are taken to go together.
 */
export function errorBandOf(
  config: PredictConfig,
  workload: Workload,
  context: PredictionContext,
  { report, pools }: Pick<Prediction, 'report' | 'pools'>,
): ErrorBand {
  const isRoofline = poolsOf(config).some(({ pool }) => pool.timing.type === 'roofline');
  if (!isRoofline || workload.count > MOST_REQUESTS) return { error_band: null, intervals: null };
  const replicas = pools.map(({ replica }) => replica);
  const longest = longestRequest(workload);
  const { backend } = config.engine;
  const moved = drawsOf(context.facts.calibration(calibrationFile(config)).spreads[backend].correlation).map((draw) => {
    const facts: Facts = {
      ...context.facts,
      calibration: (file) => drawn(context.facts.calibration(file), replicas, backend, longest, draw),
    };
    return predict(config, workload, { ...context, facts }).report;
  });
  const intervals: Record<string, [number, number]> = {};
  const halfWidths: Record<string, number> = {};
  for (const name of HEADLINES) {
    const middle = metricValue(report, name);
    const logs = moved.map((one) => Math.log(metricValue(one, name) / middle));
    if (!logs.every(Number.isFinite)) continue;
    const reach = (sign: number) =>
      Math.hypot(Math.max(0, sign * logs[0], sign * logs[1]), Math.max(0, sign * logs[2], sign * logs[3]));
    intervals[name] = [middle * Math.exp(-reach(-1)), middle * Math.exp(reach(1))];
    halfWidths[name] = (intervals[name][1] - intervals[name][0]) / (2 * middle);
  }
  return { error_band: halfWidths, intervals };
}

/** Of the first pool that has one. */
function calibrationFile(config: PredictConfig): string | null {
  const timings = poolsOf(config).map(({ pool }) => pool.timing);
  return timings.find((timing) => timing.type === 'roofline')?.calibration ?? null;
}

/** The calibration as it would be if these servers were as far off as their bands reach. */
function drawn(
  calibration: Calibration,
  replicas: Prediction['pools'][number]['replica'][],
  backend: PredictConfig['engine']['backend'],
  contextTokens: number,
  draw: Draw,
): Calibration {
  const groups: Record<string, MeasuredGroup> = { ...calibration.groups };
  for (const replica of replicas) {
    const key = groupKey(replica, backend);
    const { ttft, tpot } = bandsFor(calibration, replica, backend, contextTokens);
    const { points, curves, ...vector } = calibration.groups[key] ?? { ...NO_CORRECTION, points: 0, curves: 0 };
    const prefill = draw.prefill * Math.log(ttft[1]);
    const decode = draw.decode * Math.log(tpot[1]);
    groups[key] = {
      ...vector,
      points,
      curves,
      prefill: vector.prefill + prefill,
      overhead: vector.overhead + prefill,
      decode: vector.decode + decode,
      context: vector.context + decode,
    };
  }
  return { ...calibration, groups };
}
