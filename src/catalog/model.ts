/** Number format of weights or KV cache. `mxfp4` and `nvfp4` are block-scaled 4-bit; `fp8_block` is fp8 with 128x128 scales. */
export type WeightDtype = 'bf16' | 'fp8' | 'fp8_block' | 'nvfp4' | 'mxfp4' | 'int4' | 'int8';
export type KvDtype = 'bf16' | 'fp8';

/** Grouped-query attention (multi-head when kvHeads = heads); `slidingWindow` applies to `windowedLayers` of the layers. */
export interface GqaAttention {
  readonly kind: 'gqa';
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  /** Tokens a windowed layer sees; null when every layer is full attention. */
  readonly slidingWindow: number | null;
  readonly windowedLayers: number;
  /** The query projection also yields a gate for the output (Qwen3-Next, Qwen3.5). */
  readonly outputGate: boolean;
}

/** Multi-head latent attention (DeepSeek-V2 paper): one compressed KV of kvLoraRank + ropeHeadDim per token and layer. */
export interface MlaAttention {
  readonly kind: 'mla';
  readonly heads: number;
  readonly qLoraRank: number | null;
  readonly kvLoraRank: number;
  readonly nopeHeadDim: number;
  readonly ropeHeadDim: number;
  readonly vHeadDim: number;
  /** DeepSeek sparse attention; null = every token is attended to. */
  readonly indexer: SparseIndexer | null;
}

/** DeepSeek-V3.2's lightning indexer: per layer it scores the whole context and lets attention see the best `topK` tokens. */
export interface SparseIndexer {
  readonly heads: number;
  readonly headDim: number;
  readonly topK: number;
}

/**
 * Layers of gated DeltaNet in place of attention (Qwen3-Next, Qwen3.5): a constant state per sequence, one matrix of key by
 * value dimension for each value head, instead of keys and values per token.
 */
export interface LinearLayers {
  readonly layers: number;
  readonly keyHeads: number;
  readonly valueHeads: number;
  readonly keyHeadDim: number;
  readonly valueHeadDim: number;
  /** Tokens the short convolution before the state looks at. */
  readonly convolution: number;
}

export interface MoeFacts {
  readonly experts: number;
  readonly topK: number;
  /** Width of one routed expert. */
  readonly expertSize: number;
  /** Total width of the shared experts; 0 when there are none. */
  readonly sharedSize: number;
  /** Leading layers that are dense (DeepSeek: 3). */
  readonly firstDenseLayers: number;
}

/** Shape of a decoder-only model, as its config.json tells it. Everything the timing and memory models need; no measured figure. */
export interface ModelFacts {
  /** Hugging Face id, e.g. `meta-llama/Llama-3.1-70B`. */
  readonly id: string;
  readonly hiddenSize: number;
  readonly layers: number;
  /** Of all layers but the linear ones. */
  readonly attention: GqaAttention | MlaAttention;
  /** null = every layer has attention. */
  readonly linear: LinearLayers | null;
  /** Width of the dense feed-forward (gate, up, down); 0 when every layer is MoE. */
  readonly denseSize: number;
  readonly moe: MoeFacts | null;
  readonly vocabSize: number;
  readonly tiedEmbeddings: boolean;
  /** Longest context the published config allows, tokens. */
  readonly contextLength: number;
  /** Format of the published checkpoint. */
  readonly checkpointDtype: WeightDtype;
  /** Format of the routed experts where it differs from the rest (gpt-oss: mxfp4, Kimi-K2.5: int4). */
  readonly expertDtype: WeightDtype | null;
  /** Published parameter total, for a self-check of the shape (null when the source gives none). */
  readonly publishedParameters: number | null;
  /** Where each figure comes from: field name (or `*`) to citation. */
  readonly sources: Readonly<Record<string, string>>;
}

/** Layers with attention: all but the linear ones. */
export function attentionLayers(model: ModelFacts): number {
  return model.layers - (model.linear?.layers ?? 0);
}
