import { InputError } from '../base/inputError.ts';
import { checkpointFormat } from './checkpointFormat.ts';
import { ConfigReader, isRecord } from './configReader.ts';
import type { GqaAttention, LinearLayers, MlaAttention, ModelFacts, MoeFacts, SparseIndexer } from './model.ts';
import { type ModelFamily, modelFamily } from './modelFamily.ts';

/**
 * Shape of a model from its Hugging Face `config.json` (parse the text with `parseConfigJson`). Keys and their order
 * follow vLLM 017e9f4 `model_arch_config_convertor.py` and AIConfigurator 095f58a `sdk/utils.py`. Vision towers and
 * multi-token-prediction modules are left out.
 * @param id what to call the model, usually its Hugging Face id.
 * @param file name for error messages and as the source of the figures.
 * @throws InputError naming the key when one is missing or invalid, or the architecture when ModelFacts cannot express it.
 */
export function modelFromHuggingFaceConfig(json: unknown, id: string, file = `${id} config.json`): ModelFacts {
  if (!isRecord(json)) throw new InputError({ file, message: 'a config.json holds one object' });
  const config = new ConfigReader(json, file);
  const decoder = config.child('text_config') ?? config.child('llm_config') ?? config;
  const family = modelFamily(config, decoder);
  const layers = decoder.count('num_hidden_layers');
  const moe = family.moe ? readMoe(decoder, layers) : null;
  return {
    id,
    hiddenSize: decoder.count('hidden_size'),
    layers,
    attention: family.attention === 'mla' ? readMla(decoder) : readGqa(decoder, layers, family),
    linear: readLinear(decoder, layers),
    denseSize: readDenseSize(decoder, moe),
    moe,
    vocabSize: decoder.count('vocab_size'),
    tiedEmbeddings: (config.get('tie_word_embeddings') ?? decoder.get('tie_word_embeddings')) === true,
    contextLength: readContextLength(decoder),
    ...checkpointFormat(config, decoder, layers, family.moe),
    publishedParameters: null,
    sources: { '*': file },
  };
}

function readGqa(config: ConfigReader, layers: number, family: ModelFamily): GqaAttention {
  const heads = config.count('num_attention_heads');
  const kvKeys = ['num_key_value_heads', 'n_head_kv', 'num_kv_heads', 'multi_query_group_num', 'num_attention_groups'];
  const kvHeads = config.firstKey(...kvKeys) === undefined ? heads : config.count(...kvKeys);
  if (heads % kvHeads !== 0) {
    throw config.error('num_key_value_heads', `must divide the ${heads} attention heads, got ${kvHeads}`);
  }
  return {
    kind: 'gqa',
    heads,
    kvHeads,
    headDim: readHeadDim(config, heads),
    ...readWindows(config, layers, family),
    // Every hybrid of gated DeltaNet gates its attention too; Qwen3-Next's config does not say so.
    outputGate: hasLinearLayers(config) && config.get('attn_output_gate') !== false,
  };
}

function readHeadDim(config: ConfigReader, heads: number): number {
  const keys = ['head_dim', 'attention_head_dim', 'hidden_size_per_head'];
  if (config.firstKey(...keys) !== undefined) return config.count(...keys);
  const headDim = config.count('hidden_size') / heads;
  if (!Number.isInteger(headDim))
    throw config.error('head_dim', `is missing, and hidden_size is no multiple of ${heads}`);
  return headDim;
}

function readWindows(
  config: ConfigReader,
  layers: number,
  family: ModelFamily,
): Pick<GqaAttention, 'slidingWindow' | 'windowedLayers'> {
  const windowedLayers = countWindowedLayers(config, layers, family);
  if (windowedLayers === 0) return { slidingWindow: null, windowedLayers: 0 };
  return { slidingWindow: config.count('sliding_window'), windowedLayers };
}

function countWindowedLayers(config: ConfigReader, layers: number, family: ModelFamily): number {
  if (config.get('use_sliding_window') === false) return 0;
  const layerTypes = config.texts('layer_types');
  if (layerTypes.length > 0) return countSlidingTypes(config, layerTypes, layers);
  if (config.get('sliding_window') === undefined) return 0;
  switch (family.windows) {
    case 'none':
      return 0;
    case 'all':
      return layers;
    case 'alternate':
      return Math.ceil(layers / 2);
    case 'patterned':
      return layers - Math.floor(layers / config.count('sliding_window_pattern'));
    case 'late':
      // Qwen's class default is no window unless use_sliding_window says so.
      return config.get('use_sliding_window') === true ? Math.max(0, layers - config.count('max_window_layers')) : 0;
  }
}

function countSlidingTypes(config: ConfigReader, layerTypes: readonly string[], layers: number): number {
  const known = ['full_attention', 'sliding_attention', ...(hasLinearLayers(config) ? [LINEAR_TYPE] : [])];
  const other = layerTypes.find((type) => !known.includes(type));
  if (other !== undefined) throw config.error('layer_types', `"${other}" layers are not supported`);
  if (layerTypes.length !== layers) {
    throw config.error('layer_types', `lists ${layerTypes.length} layers, num_hidden_layers says ${layers}`);
  }
  return layerTypes.filter((type) => type === 'sliding_attention').length;
}

const LINEAR_TYPE = 'linear_attention';

function hasLinearLayers(config: ConfigReader): boolean {
  return config.get('linear_num_value_heads') !== undefined;
}

/** Gated DeltaNet: by `layer_types`, else all but every `full_attention_interval`-th layer. */
function readLinear(config: ConfigReader, layers: number): LinearLayers | null {
  if (!hasLinearLayers(config)) return null;
  const types = config.texts('layer_types');
  const listed = types.filter((type) => type === LINEAR_TYPE).length;
  const interval = types.length > 0 ? 0 : config.count('full_attention_interval');
  return {
    layers: types.length > 0 ? listed : layers - Math.floor(layers / interval),
    keyHeads: config.count('linear_num_key_heads'),
    valueHeads: config.count('linear_num_value_heads'),
    keyHeadDim: config.count('linear_key_head_dim'),
    valueHeadDim: config.count('linear_value_head_dim'),
    convolution: config.count('linear_conv_kernel_dim'),
  };
}

function readIndexer(config: ConfigReader): SparseIndexer | null {
  if (config.get('index_topk') === undefined) return null;
  return {
    heads: config.count('index_n_heads'),
    headDim: config.count('index_head_dim'),
    topK: config.count('index_topk'),
  };
}

function readMla(config: ConfigReader): MlaAttention {
  // num_key_value_heads and head_dim mean nothing here, so they are not read.
  return {
    kind: 'mla',
    heads: config.count('num_attention_heads'),
    qLoraRank: config.get('q_lora_rank') === undefined ? null : config.count('q_lora_rank'),
    kvLoraRank: config.count('kv_lora_rank'),
    nopeHeadDim: config.count('qk_nope_head_dim'),
    ropeHeadDim: config.count('qk_rope_head_dim'),
    vHeadDim: config.count('v_head_dim'),
    indexer: readIndexer(config),
  };
}

function readMoe(config: ConfigReader, layers: number): MoeFacts {
  const experts = config.count('n_routed_experts', 'num_local_experts', 'num_experts', 'moe_num_experts');
  const topKKeys = ['num_experts_per_tok', 'num_experts_per_token', 'top_k_experts', 'moe_topk', 'moe_top_k'];
  const topK = config.count(...topKKeys);
  if (topK > experts) throw config.error(config.firstKey(...topKKeys)!, `is ${topK} of only ${experts} experts`);
  const expertSize = config.count('moe_intermediate_size', 'intermediate_size');
  const sharedCount = config.optionalCount('n_shared_experts', 'num_shared_experts');
  const sharedWidth = config.optionalCount(
    'shared_expert_intermediate_size',
    'moe_shared_expert_intermediate_size',
    'share_expert_dim',
    'shared_intermediate_size',
  );
  const sharedSize = sharedCount === undefined ? (sharedWidth ?? 0) : sharedCount * expertSize;
  return { experts, topK, expertSize, sharedSize, firstDenseLayers: readFirstDenseLayers(config, layers) };
}

/** Dense layers must come first; any other interleaving is refused, since ModelFacts cannot express it. */
function readFirstDenseLayers(config: ConfigReader, layers: number): number {
  const first = config.optionalCount('first_k_dense_replace');
  for (const key of ['moe_layer_freq', 'decoder_sparse_step']) {
    const step = config.get(key);
    if (typeof step === 'number' && step !== 1)
      throw config.error(key, `must be 1, got ${step}: interleaved MoE layers`);
  }
  const dense = denseLayerNumbers(config) ?? Array.from({ length: first ?? 0 }, (_, layer) => layer);
  if (dense.some((layer, index) => layer !== index)) {
    throw config.error('mlp_only_layers', 'dense layers after an MoE layer are not supported');
  }
  if (dense.length >= layers) throw config.error('first_k_dense_replace', 'leaves no MoE layer');
  return dense.length;
}

function denseLayerNumbers(config: ConfigReader): number[] | undefined {
  const flags = config.get('moe_layer_freq');
  if (Array.isArray(flags)) return flags.flatMap((flag, layer) => (flag === 0 ? [layer] : []));
  const listed = config.get('mlp_only_layers');
  if (!Array.isArray(listed) || listed.length === 0) return undefined;
  return listed.filter((layer) => typeof layer === 'number').sort((a, b) => a - b);
}

function readDenseSize(config: ConfigReader, moe: MoeFacts | null): number {
  if (moe !== null && moe.firstDenseLayers === 0) return 0;
  return config.count('dense_intermediate_size', 'intermediate_size_mlp', 'intermediate_size');
}

/** Rope types whose factor is already in `max_position_embeddings`. */
const ROPE_WITHOUT_FACTOR = ['default', 'llama3', 'su', 'longrope', 'mrope'];

/** Longest context, tokens: `max_position_embeddings`, stretched by rope scaling as vLLM does. */
function readContextLength(config: ConfigReader): number {
  const trained = config.count('max_position_embeddings', 'max_sequence_length', 'seq_length');
  const rope = config.child('rope_parameters') ?? config.child('rope_scaling');
  const type = rope?.text('rope_type') ?? rope?.text('type') ?? 'default';
  const factor = rope?.get('factor');
  if (rope === undefined || typeof factor !== 'number' || ROPE_WITHOUT_FACTOR.includes(type)) return trained;
  const original = type === 'yarn' ? rope.optionalCount('original_max_position_embeddings') : undefined;
  return Math.floor((original ?? trained) * factor);
}
