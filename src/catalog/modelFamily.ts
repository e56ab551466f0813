import { didYouMean } from '../base/closest.ts';
import type { ConfigReader } from './configReader.ts';

/** What the architecture's name settles and its config.json leaves to the class behind the name. */
export interface ModelFamily {
  readonly architecture: string;
  readonly modelTypes: readonly string[];
  readonly attention: 'gqa' | 'mla';
  readonly moe: boolean;
  /** Which layers a bare `sliding_window` (no `layer_types`) applies to; `patterned` = all but every `sliding_window_pattern`-th; `late` = from `max_window_layers` on. */
  readonly windows: 'none' | 'all' | 'alternate' | 'patterned' | 'late';
}

const FAMILIES: readonly ModelFamily[] = [
  family('LlamaForCausalLM', ['llama'], 'gqa', false, 'none'),
  family('MistralForCausalLM', ['mistral'], 'gqa', false, 'all'),
  family('Mistral3ForConditionalGeneration', ['mistral3'], 'gqa', false, 'all'),
  family('Qwen2ForCausalLM', ['qwen2'], 'gqa', false, 'late'),
  family('Qwen3ForCausalLM', ['qwen3'], 'gqa', false, 'late'),
  family('Phi3ForCausalLM', ['phi3'], 'gqa', false, 'all'),
  family('Gemma3ForCausalLM', ['gemma3_text'], 'gqa', false, 'patterned'),
  family('Qwen3MoeForCausalLM', ['qwen3_moe'], 'gqa', true, 'late'),
  family('MixtralForCausalLM', ['mixtral'], 'gqa', true, 'all'),
  family('GptOssForCausalLM', ['gpt_oss'], 'gqa', true, 'alternate'),
  family('MiniMaxM2ForCausalLM', ['minimax_m2', 'minimax'], 'gqa', true, 'none'),
  family('Glm4MoeForCausalLM', ['glm4_moe'], 'gqa', true, 'none'),
  family('DeepseekV3ForCausalLM', ['deepseek_v3', 'kimi_k2'], 'mla', true, 'none'),
  family('DeepseekV32ForCausalLM', ['deepseek_v32'], 'mla', true, 'none'),
  family('GlmMoeDsaForCausalLM', ['glm_moe_dsa'], 'mla', true, 'none'),
  family('Qwen3NextForCausalLM', ['qwen3_next'], 'gqa', true, 'none'),
  family('Qwen3_5ForCausalLM', ['qwen3_5_text'], 'gqa', false, 'none'),
  family('Qwen3_5ForConditionalGeneration', ['qwen3_5'], 'gqa', false, 'none'),
  family('Qwen3_5MoeForCausalLM', ['qwen3_5_moe_text'], 'gqa', true, 'none'),
  family('Qwen3_5MoeForConditionalGeneration', ['qwen3_5_moe'], 'gqa', true, 'none'),
  family('KimiK25ForConditionalGeneration', ['kimi_k25'], 'mla', true, 'none'),
];

const MAMBA = 'Mamba layers';
const PER_LAYER = 'attention whose shape differs from layer to layer';

/** Known architectures that ModelFacts cannot express, with what is in the way. */
const UNSUPPORTED: Readonly<Record<string, string>> = {
  KimiK3ForConditionalGeneration: 'linear-attention (KDA) layers',
  NemotronHForCausalLM: MAMBA,
  MambaForCausalLM: MAMBA,
  Mamba2ForCausalLM: MAMBA,
  DeepseekV4ForCausalLM: 'compressed attention and mixed fp8/fp4 weights',
  MiniMaxM3SparseForCausalLM: 'block-sparse attention',
  MiniMaxM3SparseForConditionalGeneration: 'block-sparse attention',
  DeciLMForCausalLM: PER_LAYER,
  Llama4ForCausalLM: 'chunked attention with interleaved MoE layers',
  Llama4ForConditionalGeneration: 'chunked attention with interleaved MoE layers',
  MiMoV2FlashForCausalLM: PER_LAYER,
  Gemma3ForConditionalGeneration: 'a config.json that leaves its attention to class defaults',
  Gemma4ForConditionalGeneration: PER_LAYER,
};

/** Keys that give away an unsupported mechanism, whatever the architecture calls itself. */
const UNSUPPORTED_KEYS: Readonly<Record<string, string>> = {
  compress_ratios: 'compressed attention',
  sparse_attention_config: 'block-sparse attention',
  linear_attn_config: 'linear-attention layers',
  hybrid_override_pattern: MAMBA,
  mamba_num_heads: MAMBA,
  block_configs: PER_LAYER,
  hybrid_layer_pattern: PER_LAYER,
  attention_chunk_size: 'chunked attention',
  interleave_moe_layer_step: 'MoE layers interleaved with dense ones',
};

function family(
  architecture: string,
  modelTypes: readonly string[],
  attention: ModelFamily['attention'],
  moe: boolean,
  windows: ModelFamily['windows'],
): ModelFamily {
  return { architecture, modelTypes, attention, moe, windows };
}

/**
 * Family of a config, by `architectures[0]`, else by `model_type`. `decoder` is the nested text model or the config itself.
 * @throws InputError naming the architecture and what is in the way when it is not supported.
 */
export function modelFamily(config: ConfigReader, decoder: ConfigReader): ModelFamily {
  const architecture = config.texts('architectures')[0];
  if (architecture !== undefined) {
    const reason = UNSUPPORTED[architecture];
    if (reason !== undefined) throw config.error('architectures', `${architecture} is not supported: it has ${reason}`);
  }
  for (const [key, reason] of Object.entries(UNSUPPORTED_KEYS)) {
    if (decoder.get(key) !== undefined) {
      throw decoder.error(key, `${architecture ?? 'this model'} is not supported: it has ${reason}`);
    }
  }
  return architecture === undefined ? familyByModelType(config) : familyByArchitecture(config, architecture);
}

function familyByArchitecture(config: ConfigReader, architecture: string): ModelFamily {
  const found = FAMILIES.find((candidate) => candidate.architecture === architecture);
  if (found !== undefined) return found;
  const names = FAMILIES.map((candidate) => candidate.architecture);
  const hint = didYouMean(architecture, names) ?? `supported: ${names.join(', ')}`;
  throw config.error('architectures', `${architecture} is not supported`, hint);
}

function familyByModelType(config: ConfigReader): ModelFamily {
  const modelType = config.text('model_type');
  if (modelType === undefined) {
    throw config.error('architectures', 'is missing, and so is model_type', 'is this a Hugging Face config.json?');
  }
  const found = FAMILIES.find((candidate) => candidate.modelTypes.includes(modelType));
  if (found !== undefined) return found;
  const names = FAMILIES.flatMap((candidate) => candidate.modelTypes);
  throw config.error('model_type', `"${modelType}" is not supported`, `supported: ${names.join(', ')}`);
}
