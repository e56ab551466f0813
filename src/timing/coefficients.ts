import type { Backend } from '../catalog/engineProfile.ts';
import { FITTED_SCALES, type RooflineScales } from './constants.ts';
import type { HostCoefficients } from './hostProfile.ts';

/** Everything measurements correct, by the names that a coefficient file uses. All are greater than 0. */
export interface Coefficients {
  readonly gemm: number;
  readonly moe: number;
  readonly attention: number;
  readonly collectives: number;
  readonly elementwise: number;
  readonly compute: number;
  readonly per_layer_us: number;
  readonly per_step_us: number;
  /** Host time of a kernel launched from Python. */
  readonly launch_vllm_us: number;
  readonly launch_sglang_us: number;
  readonly launch_trtllm_us: number;
  /** Slower hosts beside Hopper and older GPUs. */
  readonly older_host: number;
  /** What the GPU waits for in each pass of a synchronous scheduler. */
  readonly sync_step_us: number;
  readonly sync_sequence_us: number;
  /** HTTP, IPC and detokenising of one request, and tokenising a prompt token. */
  readonly front_vllm_ms: number;
  readonly front_sglang_ms: number;
  readonly front_trtllm_ms: number;
  readonly front_token_us: number;
}

/** Hand-set values, before any end-to-end measurement: what a fit is pulled towards. */
export const PRIOR: Coefficients = {
  gemm: 0.7,
  moe: 0.77,
  attention: 1.02,
  collectives: 1.57,
  elementwise: 3.7,
  compute: 1,
  per_layer_us: 3,
  per_step_us: 110,
  launch_vllm_us: 20,
  launch_sglang_us: 50,
  launch_trtllm_us: 50,
  older_host: 1.5,
  sync_step_us: 500,
  sync_sequence_us: 5,
  front_vllm_ms: 10,
  front_sglang_ms: 15,
  front_trtllm_ms: 15,
  front_token_us: 1,
};

export const COEFFICIENT_NAMES = Object.keys(PRIOR) as (keyof Coefficients)[];

/** The shipped fit. */
export const FITTED: Coefficients = {
  ...PRIOR,
  gemm: FITTED_SCALES.gemm,
  moe: FITTED_SCALES.moe,
  attention: FITTED_SCALES.attention,
  collectives: FITTED_SCALES.collectives,
  elementwise: FITTED_SCALES.elementwise,
  compute: FITTED_SCALES.compute,
  per_layer_us: FITTED_SCALES.perLayerS * 1e6,
  per_step_us: FITTED_SCALES.perStepS * 1e6,
};

export function scalesOf(coefficients: Coefficients): RooflineScales {
  const { gemm, moe, attention, collectives, elementwise, compute, per_layer_us, per_step_us } = coefficients;
  const perLayerS = per_layer_us / 1e6;
  return { gemm, moe, attention, collectives, elementwise, compute, perLayerS, perStepS: per_step_us / 1e6 };
}

export function hostOf(coefficients: Coefficients): HostCoefficients {
  return {
    launchS: {
      vllm: coefficients.launch_vllm_us / 1e6,
      sglang: coefficients.launch_sglang_us / 1e6,
      trtllm: coefficients.launch_trtllm_us / 1e6,
    },
    olderHost: coefficients.older_host,
    syncStepS: coefficients.sync_step_us / 1e6,
    syncPerSequenceS: coefficients.sync_sequence_us / 1e6,
  };
}

/** Seconds a request spends before and after the engine, once whatever its length, and per prompt token. */
export function frontEndOf(coefficients: Coefficients, backend: Backend): { requestS: number; perTokenS: number } {
  return {
    requestS: coefficients[`front_${backend}_ms`] / 1e3,
    perTokenS: coefficients.front_token_us / 1e6,
  };
}
