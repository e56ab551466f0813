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
  const { tensor, pipeline, moeTensor, moeExpert } = spec.parallelism;
  const parts = weightBreakdown(model);
  const { byHead, byKvHead, replicated } = parts.attentionPerLayer;
  const kvShards = model.attention.kind === 'gqa' ? Math.min(tensor, model.attention.kvHeads) : 1;
  const attention =
    parts.attentionLayers * (byHead / tensor + byKvHead / kvShards + replicated) +
    (parts.linearLayers * parts.linearPerLayer) / tensor;
  const feedForward =
    (parts.denseLayers * parts.denseFfnPerLayer + parts.moeLayers * parts.sharedExpertsPerLayer) / tensor;
  const experts = (parts.moeLayers * parts.routedExpertsPerLayer) / (moeTensor * moeExpert);
  const routers = parts.moeLayers * parts.routerPerLayer;
  const layers =
    (attention + feedForward) * BYTES_PER_WEIGHT[spec.weightDtype] +
    experts * BYTES_PER_WEIGHT[spec.expertDtype] +
    (routers + absorbedWeights(spec)) * BYTES_PER_WEIGHT.bf16;
  // The first stage of a pipeline holds the embedding, the last the head.
  const ends = pipeline === 1 ? parts.embedding + parts.lmHead : Math.max(parts.embedding, parts.lmHead);
  return layers * largestStage(model.layers, pipeline) + (ends / tensor) * BYTES_PER_WEIGHT.bf16;
}

/** Share of the layers that the fullest of `stages` pipeline stages holds. */
export function largestStage(layers: number, stages: number): number {
  return Math.ceil(layers / stages) / layers;
}

function absorbedWeights(spec: ReplicaSpec): number {
  const { attention, layers } = spec.model;
  if (attention.kind === 'gqa') return 0;
  const { heads, kvLoraRank, nopeHeadDim, vHeadDim } = attention;
  return (layers * kvLoraRank * heads * (nopeHeadDim + vHeadDim)) / spec.parallelism.tensor;
}
