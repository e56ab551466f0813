import { attentionLayers, type ModelFacts, type WeightDtype } from './model.ts';

/**
 * Parameters of a model by part, grouped by how a deployment splits or copies them. All figures are counts of weights;
 * `...PerLayer` is one layer. Norms, biases, attention sinks and multi-token-prediction modules are left out (per mille).
 */
export interface WeightBreakdown {
  readonly embedding: number;
  /** 0 when the head shares the embedding's matrix. */
  readonly lmHead: number;
  readonly attentionLayers: number;
  readonly attentionPerLayer: AttentionWeights;
  readonly linearLayers: number;
  /** One linear layer's projections and convolution, all split over heads; 0 when there is none. */
  readonly linearPerLayer: number;
  readonly denseLayers: number;
  /** Gate, up and down of one dense layer; 0 when there is none. */
  readonly denseFfnPerLayer: number;
  readonly moeLayers: number;
  /** Gate, up and down of one routed expert. */
  readonly oneExpert: number;
  /** All routed experts of one MoE layer. */
  readonly routedExpertsPerLayer: number;
  readonly sharedExpertsPerLayer: number;
  readonly routerPerLayer: number;
}

/** One layer's attention matrices, by what tensor parallelism splits them over. */
export interface AttentionWeights {
  /** Split over heads: query and output; with MLA also the up-projections from both latents. */
  readonly byHead: number;
  /** Split over KV heads, copied once there are more ranks than KV heads: key and value; 0 with MLA. */
  readonly byKvHead: number;
  /** Copied to every rank: MLA's down-projections to the latents; 0 with GQA. */
  readonly replicated: number;
  readonly total: number;
}

/** Parameters by part, from the model's shape alone. */
export function weightBreakdown(model: ModelFacts): WeightBreakdown {
  const { hiddenSize, layers, moe } = model;
  const denseLayers = moe === null ? layers : moe.firstDenseLayers;
  const embedding = model.vocabSize * hiddenSize;
  const oneExpert = moe === null ? 0 : 3 * hiddenSize * moe.expertSize;
  return {
    embedding,
    lmHead: model.tiedEmbeddings ? 0 : embedding,
    attentionLayers: attentionLayers(model),
    attentionPerLayer: attentionWeights(model),
    linearLayers: model.linear?.layers ?? 0,
    linearPerLayer: linearWeights(model),
    denseLayers,
    denseFfnPerLayer: denseLayers === 0 ? 0 : 3 * hiddenSize * model.denseSize,
    moeLayers: layers - denseLayers,
    oneExpert,
    routedExpertsPerLayer: (moe?.experts ?? 0) * oneExpert,
    sharedExpertsPerLayer: 3 * hiddenSize * (moe?.sharedSize ?? 0),
    routerPerLayer: hiddenSize * (moe?.experts ?? 0),
  };
}

/** MLA as in the DeepSeek-V2 paper (arXiv 2405.04434), section 2.1. */
function attentionWeights(model: ModelFacts): AttentionWeights {
  const { hiddenSize, attention } = model;
  if (attention.kind === 'gqa') {
    const byHead = (attention.outputGate ? 3 : 2) * hiddenSize * attention.heads * attention.headDim;
    const byKvHead = 2 * hiddenSize * attention.kvHeads * attention.headDim;
    return { byHead, byKvHead, replicated: 0, total: byHead + byKvHead };
  }
  const { heads, qLoraRank, kvLoraRank, nopeHeadDim, ropeHeadDim, vHeadDim } = attention;
  const query = (qLoraRank ?? hiddenSize) * heads * (nopeHeadDim + ropeHeadDim);
  const keyValue = kvLoraRank * heads * (nopeHeadDim + vHeadDim);
  const output = heads * vHeadDim * hiddenSize;
  const byHead = query + keyValue + output;
  const replicated = hiddenSize * ((qLoraRank ?? 0) + kvLoraRank + ropeHeadDim) + indexerWeights(model);
  return { byHead, byKvHead: 0, replicated, total: byHead + replicated };
}

/** The indexer's queries from the query latent, its one key and the weights of its heads; every rank has them all. */
function indexerWeights({ attention, hiddenSize }: ModelFacts): number {
  if (attention.kind !== 'mla' || attention.indexer === null) return 0;
  const { heads, headDim } = attention.indexer;
  return (attention.qLoraRank ?? hiddenSize) * heads * headDim + hiddenSize * (headDim + heads);
}

/** Gated DeltaNet: queries, keys, values and gate in, two scalars a value head, a short convolution, and out. */
function linearWeights({ linear, hiddenSize }: ModelFacts): number {
  if (linear === null) return 0;
  const keys = 2 * linear.keyHeads * linear.keyHeadDim;
  const values = linear.valueHeads * linear.valueHeadDim;
  return hiddenSize * (keys + 3 * values + 2 * linear.valueHeads) + linear.convolution * (keys + values);
}

/** Parameters in all, and those one token's pass multiplies with (top-k experts; embedding and head included). */
export function derivedParameters(model: ModelFacts): { total: number; active: number } {
  const parts = weightBreakdown(model);
  const shared = alwaysHighPrecision(parts) + quantizableOutsideExperts(parts);
  return {
    total: shared + parts.moeLayers * parts.routedExpertsPerLayer,
    active: shared + parts.moeLayers * (model.moe?.topK ?? 0) * parts.oneExpert,
  };
}

/** Embedding, head and routers: published quantized checkpoints leave them in bf16. */
function alwaysHighPrecision(parts: WeightBreakdown): number {
  return parts.embedding + parts.lmHead + parts.moeLayers * parts.routerPerLayer;
}

function quantizableOutsideExperts(parts: WeightBreakdown): number {
  return (
    parts.attentionLayers * parts.attentionPerLayer.total +
    parts.linearLayers * parts.linearPerLayer +
    parts.denseLayers * parts.denseFfnPerLayer +
    parts.moeLayers * parts.sharedExpertsPerLayer
  );
}

/**
 * Bytes of one weight including its share of the block scales: fp8_block one fp32 scale per 128x128 (DeepSeek-V3),
 * nvfp4 one fp8 scale per 16 weights, mxfp4 one 8-bit exponent per 32 (OCP MX specification 1.0), int4 one 16-bit scale
 * per 32 (Kimi-K2.5). Scales per tensor or per channel (fp8, int8) are too few to count.
 */
export const BYTES_PER_WEIGHT: Readonly<Record<WeightDtype, number>> = {
  bf16: 2,
  fp8: 1,
  fp8_block: 1 + 4 / (128 * 128),
  int8: 1,
  nvfp4: 0.5 + 1 / 16,
  mxfp4: 0.5 + 1 / 32,
  int4: 0.5 + 2 / 32,
};

/**
 * Bytes of all weights, once, before any parallelism copies some. Embedding, head and routers count as bf16.
 * @param weightDtype format of attention, dense feed-forward and shared experts.
 * @param expertDtype format of the routed experts; null = as the rest.
 */
export function weightBytes(
  model: ModelFacts,
  weightDtype: WeightDtype = model.checkpointDtype,
  expertDtype: WeightDtype | null = model.expertDtype,
): number {
  const parts = weightBreakdown(model);
  return (
    alwaysHighPrecision(parts) * BYTES_PER_WEIGHT.bf16 +
    quantizableOutsideExperts(parts) * BYTES_PER_WEIGHT[weightDtype] +
    parts.moeLayers * parts.routedExpertsPerLayer * BYTES_PER_WEIGHT[expertDtype ?? weightDtype]
  );
}
