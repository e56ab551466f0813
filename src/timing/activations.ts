import { exchangeOf, imbalanceOf, type ReplicaSpec } from './replica.ts';

const BF16 = 2;
/** A logit in bf16 and its float32 copy for sampling. */
const LOGIT_BYTES = 6;

/** Counts are those of the whole replica. */
interface LargestBatch {
  readonly maxBatchedTokens: number;
  readonly maxSequences: number;
  /** What sampling takes at its peak for each entry of the vocabulary of each sequence. */
  readonly samplerBytes?: number;
}

/**
 * Peak bytes of intermediate results on one GPU, as an engine's dummy run at its largest batch would find: residual,
 * normed input and output of a layer, the larger of attention's and the feed-forward's working set, and the logits; or, where
 * that is more, sampling for its most sequences after the pass.
 */
export function activationBytesPerGpu(spec: ReplicaSpec, largest: LargestBatch): number {
  const { maxBatchedTokens, maxSequences, samplerBytes = 0 } = largest;
  const { model } = spec;
  const { attentionData } = spec.parallelism;
  const tokens = maxBatchedTokens / attentionData;
  const working = Math.max(
    tokens * attentionUnits(spec),
    tokens * denseUnits(spec),
    expertTokens(spec, maxBatchedTokens) * expertUnits(spec),
  );
  const logits = (maxSequences / attentionData) * model.vocabSize;
  const residual = BF16 * tokens * model.hiddenSize;
  return Math.max(3 * residual + BF16 * working + logits * LOGIT_BYTES, residual + logits * samplerBytes);
}

/** Queries, keys, values and outputs of one token on one rank. */
function attentionUnits(spec: ReplicaSpec): number {
  const { attention } = spec.model;
  const { tensor } = spec.parallelism;
  const heads = attention.heads / tensor;
  if (attention.kind === 'gqa') return (2 * heads + 2 * Math.max(1, attention.kvHeads / tensor)) * attention.headDim;
  return 2 * heads * (attention.nopeHeadDim + attention.ropeHeadDim + attention.vHeadDim);
}

/** Gate, up and their product of one token. */
function denseUnits(spec: ReplicaSpec): number {
  return (3 * spec.model.denseSize) / spec.parallelism.tensor;
}

/** Tokens whose top-k experts a rank works for: those of all ranks, or what an all-to-all brings to the busiest. */
function expertTokens(spec: ReplicaSpec, maxBatchedTokens: number): number {
  if (exchangeOf(spec) === 'gather') return maxBatchedTokens;
  const { moeExpert } = spec.parallelism;
  return (maxBatchedTokens / moeExpert) * Math.min(1 + imbalanceOf(spec), moeExpert);
}

/** The same of its top-k experts; gate and up share a buffer with the experts' outputs (vLLM's fused MoE). */
function expertUnits(spec: ReplicaSpec): number {
  const { moe, hiddenSize } = spec.model;
  if (moe === null) return 0;
  const size = moe.expertSize / spec.parallelism.moeTensor;
  return moe.topK * (Math.max(2 * size, hiddenSize) + size);
}
