import { EXPERT_PARALLEL } from '../catalog/expertParallel.ts';
import type { HardwareFacts } from '../catalog/hardware.ts';
import type { KvDtype, ModelFacts, WeightDtype } from '../catalog/model.ts';

/** How one replica is spread over GPUs: tensor x pipeline x attentionData of them (MoE dimensions re-use the same GPUs). */
export interface Parallelism {
  /** Tensor parallelism of attention and dense layers. */
  readonly tensor: number;
  readonly pipeline: number;
  /** Attention data parallelism: ranks that hold whole attention weights and their own sequences. */
  readonly attentionData: number;
  /** moeTensor x moeExpert = tensor x attentionData for MoE models; both 1 otherwise. */
  readonly moeTensor: number;
  readonly moeExpert: number;
  /** How tokens of attention-DP ranks reach their experts; left out: see `exchangeOf`. */
  readonly moeExchange?: ExpertExchangeKind;
  /** Tokens of the busiest expert rank against the mean of all, less 1, >= 0; left out: see `imbalanceOf`. */
  readonly moeImbalance?: number;
}

/** Every token to every rank, or to its experts alone. */
export const EXPERT_EXCHANGES = ['gather', 'all_to_all'] as const;
export type ExpertExchangeKind = (typeof EXPERT_EXCHANGES)[number];

/** One replica as the timing and memory models see it. */
export interface ReplicaSpec {
  readonly model: ModelFacts;
  readonly hardware: HardwareFacts;
  readonly parallelism: Parallelism;
  /** Format of dense and attention weights. */
  readonly weightDtype: WeightDtype;
  /** Format of routed experts (equal to weightDtype unless the checkpoint differs); ignored for dense models. */
  readonly expertDtype: WeightDtype;
  readonly kvDtype: KvDtype;
}

export function gpusPerReplica(parallelism: Parallelism): number {
  return parallelism.tensor * parallelism.pipeline * parallelism.attentionData;
}

/** Replicas of more GPUs than one machine of eight are beyond what was measured. */
const MACHINE_GPUS = 8;

/** Whether experts are spread wider than over one machine and than a token has experts: an all-to-all then pays. */
export function isWideExpertParallel({ model, parallelism }: Pick<ReplicaSpec, 'model' | 'parallelism'>): boolean {
  const { tensor, attentionData, moeExpert } = parallelism;
  return model.moe !== null && attentionData > 1 && tensor * attentionData > MACHINE_GPUS && moeExpert > model.moe.topK;
}

/**
 * How tokens reach their experts where nobody says: all-to-all for wide expert parallelism (TensorRT-LLM, too, turns it on
 * only with more expert ranks than a token has experts: 195a8bd, _torch/modules/fused_moe), else gather.
 */
export function exchangeOf(spec: Pick<ReplicaSpec, 'model' | 'parallelism'>): ExpertExchangeKind {
  return spec.parallelism.moeExchange ?? (isWideExpertParallel(spec) ? 'all_to_all' : 'gather');
}

/**
 * Imbalance of the expert ranks where nobody says: that of a balancer for wide expert parallelism, else 0, since the
 * servers that the coefficients were fitted to had theirs in their pass times.
 */
export function imbalanceOf(spec: Pick<ReplicaSpec, 'model' | 'parallelism'>): number {
  return spec.parallelism.moeImbalance ?? (isWideExpertParallel(spec) ? EXPERT_PARALLEL.imbalance.balanced.value : 0);
}
