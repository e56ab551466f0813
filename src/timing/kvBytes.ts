import { attentionLayers, type KvDtype, type ModelFacts } from '../catalog/model.ts';
import { kvBytesOf } from './rates.ts';
import type { ReplicaSpec } from './replica.ts';

/**
 * KV-cache bytes of one token on one GPU, in the layers that keep every token (all of them unless the model has
 * windowed layers). GQA: keys and values of the rank's KV heads, of which every rank holds at least one. MLA: the
 * compressed KV, whole on every rank.
 */
export function kvBytesPerToken(model: ModelFacts, kvDtype: KvDtype, tensor: number): number {
  return fullLayers(model) * attentionLayerBytes(model, kvDtype, tensor);
}

/** The same for windowed layers, which keep only the last `slidingWindow` tokens of a sequence; 0 without them. */
export function windowedKvBytesPerToken(model: ModelFacts, kvDtype: KvDtype, tensor: number): number {
  return (attentionLayers(model) - fullLayers(model)) * attentionLayerBytes(model, kvDtype, tensor);
}

/** The state of linear layers is kept in float32 (`mamba_ssm_dtype`), the inputs of their convolution in bf16. */
const STATE_BYTES = 4;
const CONVOLUTION_BYTES = 2;

/** Bytes on one GPU that a sequence's linear layers need, however long it is; 0 without them. */
export function linearStateBytes({ linear }: ModelFacts, tensor: number): number {
  if (linear === null) return 0;
  const { keyHeads, valueHeads, keyHeadDim, valueHeadDim, convolution } = linear;
  const state = valueHeads * keyHeadDim * valueHeadDim * STATE_BYTES;
  const inputs = (2 * keyHeads * keyHeadDim + valueHeads * valueHeadDim) * (convolution - 1) * CONVOLUTION_BYTES;
  return (linear.layers * (state + inputs)) / tensor;
}

/** fp8 keys of the indexer with a float32 scale for every 128 of them (DeepSeek-V3.2's cache). */
function indexerBytes({ attention }: ModelFacts): number {
  if (attention.kind !== 'mla' || attention.indexer === null) return 0;
  return attention.indexer.headDim * (1 + 4 / 128);
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
  const layers = attentionLayers(model);
  if (model.attention.kind === 'mla' || model.attention.windowedLayers === layers) return layers;
  return layers - model.attention.windowedLayers;
}

/** KV bytes of one token in one layer with attention, on one GPU. */
export function attentionLayerBytes(model: ModelFacts, kvDtype: KvDtype, tensor: number): number {
  const { attention } = model;
  if (attention.kind === 'mla') {
    return (attention.kvLoraRank + attention.ropeHeadDim) * kvBytesOf(kvDtype) + indexerBytes(model);
  }
  return 2 * Math.max(1, attention.kvHeads / tensor) * attention.headDim * kvBytesOf(kvDtype);
}
