import type { KvDtype, ModelFacts } from '../catalog/model.ts';
import { kvBytesOf } from './rates.ts';
import type { ReplicaSpec } from './replica.ts';

/**
 * KV-cache bytes of one token on one GPU, in the layers that keep every token (all of them unless the model has
 * windowed layers). GQA: keys and values of the rank's KV heads, of which every rank holds at least one. MLA: the
 * compressed KV, whole on every rank.
 */
export function kvBytesPerToken(model: ModelFacts, kvDtype: KvDtype, tensor: number): number {
  return fullLayers(model) * layerBytes(model, kvDtype, tensor);
}

/** The same for windowed layers, which keep only the last `slidingWindow` tokens of a sequence; 0 without them. */
export function windowedKvBytesPerToken(model: ModelFacts, kvDtype: KvDtype, tensor: number): number {
  return (model.layers - fullLayers(model)) * layerBytes(model, kvDtype, tensor);
}

/**
 * Bytes that move when one prompt token's KV goes from one replica to another: each distinct KV head once (copies on
 * other tensor ranks are not sent twice), MLA's compressed KV once. A token lives on one attention-DP rank. Windowed
 * layers are left out: they hold a constant few tokens of a prompt.
 */
export function kvTransferBytesPerToken(spec: ReplicaSpec): number {
  return kvBytesPerToken(spec.model, spec.kvDtype, 1);
}

/** A model of windowed layers only is paged as if they kept everything. */
function fullLayers(model: ModelFacts): number {
  if (model.attention.kind === 'mla' || model.attention.windowedLayers === model.layers) return model.layers;
  return model.layers - model.attention.windowedLayers;
}

function layerBytes(model: ModelFacts, kvDtype: KvDtype, tensor: number): number {
  const { attention } = model;
  if (attention.kind === 'mla') return (attention.kvLoraRank + attention.ropeHeadDim) * kvBytesOf(kvDtype);
  return 2 * Math.max(1, attention.kvHeads / tensor) * attention.headDim * kvBytesOf(kvDtype);
}
