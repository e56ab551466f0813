import { BYTES_PER_WEIGHT, weightBreakdown } from '../catalog/weights.ts';
import type { ReplicaSpec } from './replica.ts';

/**
 * Weight bytes on one GPU of a replica. Tensor parallelism splits attention by heads (KV heads are copied once there are
 * more ranks than heads, MLA's down-projections on every rank), dense and shared feed-forward, embedding and head;
 * attention data parallelism copies all of that; routed experts are split over moeTensor x moeExpert; routers are copied.
 * Embedding, head and routers stay bf16. MLA counts a second, bf16 copy of the KV up-projection: decode runs on absorbed
 * matrices that vLLM's MLA backend makes at load time and keeps beside the original.
 */
export function weightBytesPerGpu(spec: ReplicaSpec): number {
  const { model } = spec;
  const { tensor, moeTensor, moeExpert } = spec.parallelism;
  const parts = weightBreakdown(model);
  const { byHead, byKvHead, replicated } = parts.attentionPerLayer;
  const kvShards = model.attention.kind === 'gqa' ? Math.min(tensor, model.attention.kvHeads) : 1;
  const attention = model.layers * (byHead / tensor + byKvHead / kvShards + replicated);
  const feedForward =
    (parts.denseLayers * parts.denseFfnPerLayer + parts.moeLayers * parts.sharedExpertsPerLayer) / tensor;
  const experts = (parts.moeLayers * parts.routedExpertsPerLayer) / (moeTensor * moeExpert);
  const highPrecision = (parts.embedding + parts.lmHead) / tensor + parts.moeLayers * parts.routerPerLayer;
  return (
    (attention + feedForward) * BYTES_PER_WEIGHT[spec.weightDtype] +
    experts * BYTES_PER_WEIGHT[spec.expertDtype] +
    (highPrecision + absorbedWeights(spec)) * BYTES_PER_WEIGHT.bf16
  );
}

function absorbedWeights(spec: ReplicaSpec): number {
  const { attention, layers } = spec.model;
  if (attention.kind === 'gqa') return 0;
  const { heads, kvLoraRank, nopeHeadDim, vHeadDim } = attention;
  return (layers * kvLoraRank * heads * (nopeHeadDim + vHeadDim)) / spec.parallelism.tensor;
}
