import { exp, pow } from '../base/math.ts';
import type { Backend } from '../catalog/engineProfile.ts';
import type { RooflineScales } from './constants.ts';
import type { Correction } from './correction.ts';
import { type HostCoefficients, isOlderHost } from './hostProfile.ts';
import type { ReplicaSpec } from './replica.ts';

/** Everything measurements correct, by the names that a coefficient file uses. All are greater than 0. */
export interface Coefficients {
  readonly gemm: number;
  readonly moe: number;
  readonly attention: number;
  readonly collectives: number;
  readonly collective_bytes: number;
  readonly elementwise: number;
  readonly elementwise_bytes: number;
  readonly compute: number;
  readonly moe_compute: number;
  /** Products and experts in these formats, against bf16 and fp8. */
  readonly format_fp8_block: number;
  /**
   * Block-scaled fp8 again: in vLLM, whose quantization of activations is a path of its own, and on Blackwell, whose tensor
   * cores take other block scales than the checkpoint has.
   */
  readonly format_fp8_block_vllm: number;
  readonly format_fp8_block_blackwell: number;
  readonly format_nvfp4: number;
  readonly format_mxfp4: number;
  readonly format_int4: number;
  /** Kernels of these engines, against vLLM's. */
  readonly kernels_sglang: number;
  readonly kernels_trtllm: number;
  /** TensorRT-LLM's again, of models with routed experts and with latent attention. */
  readonly kernels_trtllm_moe: number;
  readonly kernels_trtllm_mla: number;
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
  collective_bytes: 1,
  elementwise: 3.7,
  elementwise_bytes: 1.5,
  compute: 1,
  moe_compute: 1,
  format_fp8_block: 1,
  format_fp8_block_vllm: 1,
  format_fp8_block_blackwell: 1,
  format_nvfp4: 1,
  format_mxfp4: 1,
  format_int4: 1,
  kernels_sglang: 1,
  kernels_trtllm: 1,
  kernels_trtllm_moe: 1,
  kernels_trtllm_mla: 1,
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

/** What one kind of server (model, GPU, backend) does differently; logarithms, 0 = nothing. */
export interface GroupVector {
  readonly decode: number;
  readonly prefill: number;
  readonly context: number;
  /** Exponent of the decode batch over 32. */
  readonly decode_batch: number;
  /** Exponent of the replica's GPUs over 4, of decoding and prompts alike. */
  readonly gpus: number;
  /** Of the host's floor and the front end. */
  readonly overhead: number;
}

export const NO_CORRECTION: GroupVector = { decode: 0, prefill: 0, context: 0, decode_batch: 0, gpus: 0, overhead: 0 };
export const GROUP_NAMES = Object.keys(NO_CORRECTION) as (keyof GroupVector)[];

/** Coefficients and what is added for one kind of server; null = nothing known of it. */
export interface TimingModel {
  readonly coefficients: Coefficients;
  readonly group: GroupVector | null;
}

/** A priori spread of each coefficient's logarithm. */
export const PRIOR_SD: Coefficients = {
  gemm: 0.375,
  moe: 0.375,
  attention: 0.18,
  collectives: 0.375,
  collective_bytes: 0.3,
  elementwise: 0.375,
  elementwise_bytes: 0.225,
  compute: 0.15,
  moe_compute: 0.3,
  format_fp8_block: 0.15,
  format_fp8_block_vllm: 0.225,
  format_fp8_block_blackwell: 0.225,
  format_nvfp4: 0.15,
  format_mxfp4: 0.15,
  format_int4: 0.15,
  kernels_sglang: 0.15,
  kernels_trtllm: 0.15,
  kernels_trtllm_moe: 0.225,
  kernels_trtllm_mla: 0.225,
  per_layer_us: 0.375,
  per_step_us: 0.75,
  launch_vllm_us: 0.45,
  launch_sglang_us: 0.45,
  launch_trtllm_us: 0.45,
  older_host: 0.225,
  sync_step_us: 0.75,
  sync_sequence_us: 0.75,
  front_vllm_ms: 0.45,
  front_sglang_ms: 0.45,
  front_trtllm_ms: 0.45,
  front_token_us: 0.75,
};

export const COEFFICIENT_NAMES = Object.keys(PRIOR) as (keyof Coefficients)[];

/** @param served null: no replica in particular. */
export function scalesOf(
  { coefficients: c }: TimingModel,
  backend: Backend,
  served: ReplicaSpec | null = null,
): RooflineScales {
  const kernels = kernelsOf(c, backend, served);
  return {
    gemm: c.gemm * kernels,
    moe: c.moe * kernels,
    attention: c.attention * kernels,
    collectives: c.collectives * kernels,
    collectiveBytes: c.collective_bytes,
    elementwise: c.elementwise * kernels,
    elementwiseBytes: c.elementwise_bytes * kernels,
    compute: c.compute,
    moeCompute: c.moe_compute,
    formats: {
      fp8_block: c.format_fp8_block * fp8BlockOf(c, backend, served),
      nvfp4: c.format_nvfp4,
      mxfp4: c.format_mxfp4,
      int4: c.format_int4,
    },
    perLayerS: (c.per_layer_us * kernels) / 1e6,
    perStepS: (c.per_step_us * kernels) / 1e6,
  };
}

function kernelsOf(c: Coefficients, backend: Backend, served: ReplicaSpec | null): number {
  if (backend === 'vllm') return 1;
  if (backend === 'sglang') return c.kernels_sglang;
  const model = served?.model ?? null;
  const experts = model === null || model.moe === null ? 1 : c.kernels_trtllm_moe;
  return c.kernels_trtllm * experts * (model?.attention.kind === 'mla' ? c.kernels_trtllm_mla : 1);
}

function fp8BlockOf(c: Coefficients, backend: Backend, served: ReplicaSpec | null): number {
  const isBlackwell = served !== null && !isOlderHost(served);
  return (backend === 'vllm' ? c.format_fp8_block_vllm : 1) * (isBlackwell ? c.format_fp8_block_blackwell : 1);
}

/** @param gpus of the replica. */
export function correctionOf(group: GroupVector | null, gpus: number): Correction | null {
  if (group === null) return null;
  const spread = pow(gpus / GPUS_UNIT, group.gpus);
  return {
    decode: exp(group.decode) * spread,
    prefill: exp(group.prefill) * spread,
    context: exp(group.context),
    decodeBatch: group.decode_batch,
  };
}

/** GPUs of a replica at which a group's exponent changes nothing. */
const GPUS_UNIT = 4;

export function hostOf({ coefficients, group }: TimingModel): HostCoefficients {
  const overhead = exp(group?.overhead ?? 0) / 1e6;
  return {
    launchS: {
      vllm: coefficients.launch_vllm_us * overhead,
      sglang: coefficients.launch_sglang_us * overhead,
      trtllm: coefficients.launch_trtllm_us * overhead,
    },
    olderHost: coefficients.older_host,
    syncStepS: coefficients.sync_step_us / 1e6,
    syncPerSequenceS: coefficients.sync_sequence_us / 1e6,
  };
}

/** Seconds a request spends before and after the engine, once whatever its length, and per prompt token. */
export function frontEndOf(
  { coefficients, group }: TimingModel,
  backend: Backend,
): { requestS: number; perTokenS: number } {
  const overhead = exp(group?.overhead ?? 0);
  return {
    requestS: (overhead * coefficients[`front_${backend}_ms`]) / 1e3,
    perTokenS: (overhead * coefficients.front_token_us) / 1e6,
  };
}
