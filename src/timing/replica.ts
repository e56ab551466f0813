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
}

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
