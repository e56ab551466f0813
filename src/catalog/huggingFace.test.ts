import { describe, expect, it } from 'vitest';
import { InputError } from '../base/inputError.ts';
import { modelFromHuggingFaceConfig } from './huggingFace.ts';
import type { ModelFacts } from './model.ts';
import { derivedParameters } from './weights.ts';

const QWEN25_7B = {
  architectures: ['Qwen2ForCausalLM'],
  model_type: 'qwen2',
  hidden_size: 3584,
  num_hidden_layers: 28,
  num_attention_heads: 28,
  num_key_value_heads: 4,
  intermediate_size: 18944,
  vocab_size: 152064,
  max_position_embeddings: 32768,
  sliding_window: 131072,
  use_sliding_window: false,
  max_window_layers: 28,
  tie_word_embeddings: false,
  torch_dtype: 'bfloat16',
};

const QWEN3_06B = {
  architectures: ['Qwen3ForCausalLM'],
  hidden_size: 1024,
  num_hidden_layers: 28,
  num_attention_heads: 16,
  num_key_value_heads: 8,
  head_dim: 128,
  intermediate_size: 3072,
  vocab_size: 151936,
  max_position_embeddings: 40960,
  sliding_window: null,
  tie_word_embeddings: true,
};

const QWEN3_CODER = {
  architectures: ['Qwen3MoeForCausalLM'],
  hidden_size: 6144,
  num_hidden_layers: 62,
  num_attention_heads: 96,
  num_key_value_heads: 8,
  head_dim: 128,
  intermediate_size: 8192,
  num_experts: 160,
  num_experts_per_tok: 8,
  moe_intermediate_size: 2560,
  shared_expert_intermediate_size: 0,
  decoder_sparse_step: 1,
  mlp_only_layers: [],
  vocab_size: 151936,
  max_position_embeddings: 262144,
};

const MISTRAL_SMALL = {
  architectures: ['Mistral3ForConditionalGeneration'],
  model_type: 'mistral3',
  text_config: {
    model_type: 'mistral',
    hidden_size: 5120,
    num_hidden_layers: 40,
    num_attention_heads: 32,
    num_key_value_heads: 8,
    head_dim: 128,
    intermediate_size: 32768,
    vocab_size: 131072,
    max_position_embeddings: 131072,
    sliding_window: null,
  },
  vision_config: { hidden_size: 1024, num_hidden_layers: 24 },
};

const MIXTRAL_8X22B = {
  architectures: ['MixtralForCausalLM'],
  hidden_size: 6144,
  num_hidden_layers: 56,
  num_attention_heads: 48,
  num_key_value_heads: 8,
  intermediate_size: 16384,
  num_local_experts: 8,
  num_experts_per_tok: 2,
  vocab_size: 32000,
  max_position_embeddings: 65536,
};

const GPT_OSS_20B = {
  architectures: ['GptOssForCausalLM'],
  hidden_size: 2880,
  num_hidden_layers: 24,
  num_attention_heads: 64,
  num_key_value_heads: 8,
  head_dim: 64,
  intermediate_size: 2880,
  num_local_experts: 32,
  num_experts_per_tok: 4,
  sliding_window: 128,
  vocab_size: 201088,
  max_position_embeddings: 131072,
  rope_scaling: { rope_type: 'yarn', factor: 32, original_max_position_embeddings: 4096 },
  quantization_config: { quant_method: 'mxfp4' },
};

const PHI_4 = {
  architectures: ['Phi3ForCausalLM'],
  hidden_size: 5120,
  num_hidden_layers: 40,
  num_attention_heads: 40,
  num_key_value_heads: 10,
  intermediate_size: 17920,
  vocab_size: 100352,
  max_position_embeddings: 16384,
  sliding_window: null,
};

const GLM_47 = {
  architectures: ['Glm4MoeForCausalLM'],
  hidden_size: 5120,
  num_hidden_layers: 92,
  num_attention_heads: 96,
  num_key_value_heads: 8,
  head_dim: 128,
  intermediate_size: 12288,
  n_routed_experts: 160,
  num_experts_per_tok: 8,
  n_shared_experts: 1,
  moe_intermediate_size: 1536,
  first_k_dense_replace: 3,
  num_nextn_predict_layers: 1,
  vocab_size: 151552,
  max_position_embeddings: 202752,
  partial_rotary_factor: 0.5,
};

const KIMI_K2 = {
  architectures: ['DeepseekV3ForCausalLM'],
  model_type: 'kimi_k2',
  hidden_size: 7168,
  num_hidden_layers: 61,
  num_attention_heads: 64,
  num_key_value_heads: 64,
  q_lora_rank: 1536,
  kv_lora_rank: 512,
  qk_nope_head_dim: 128,
  qk_rope_head_dim: 64,
  v_head_dim: 128,
  head_dim: 64,
  intermediate_size: 18432,
  n_routed_experts: 384,
  num_experts_per_tok: 8,
  n_shared_experts: 1,
  moe_intermediate_size: 2048,
  first_k_dense_replace: 1,
  moe_layer_freq: 1,
  num_nextn_predict_layers: 0,
  vocab_size: 163840,
  max_position_embeddings: 131072,
  rope_scaling: { type: 'yarn', factor: 32, original_max_position_embeddings: 4096 },
  quantization_config: { quant_method: 'fp8', weight_block_size: [128, 128] },
};

const MINIMAX_M2 = {
  architectures: ['MiniMaxM2ForCausalLM'],
  hidden_size: 3072,
  num_hidden_layers: 62,
  num_attention_heads: 48,
  num_key_value_heads: 8,
  head_dim: 128,
  intermediate_size: 1536,
  num_local_experts: 256,
  num_experts_per_tok: 8,
  shared_intermediate_size: 0,
  vocab_size: 200064,
  max_position_embeddings: 196608,
};

const LLAMA_405B = {
  model_type: 'llama',
  hidden_size: 16384,
  num_hidden_layers: 126,
  num_attention_heads: 128,
  num_key_value_heads: 8,
  intermediate_size: 53248,
  vocab_size: 128256,
  max_position_embeddings: 131072,
  rope_scaling: { rope_type: 'llama3', factor: 8, original_max_position_embeddings: 8192 },
};

function read(config: unknown): ModelFacts {
  return modelFromHuggingFaceConfig(config, 'test/model', 'config.json');
}

describe('modelFromHuggingFaceConfig', () => {
  /** Published totals and active counts, billions (active with embedding and head). */
  it.each([
    ['Qwen2.5-7B-Instruct', QWEN25_7B, 7.62, 7.62],
    ['Qwen3-0.6B (tied)', QWEN3_06B, 0.6, 0.6],
    ['Qwen3-Coder-480B-A35B', QWEN3_CODER, 480.2, 35.5],
    ['Mistral-Small-3 (nested)', MISTRAL_SMALL, 23.6, 23.6],
    ['Mixtral-8x22B', MIXTRAL_8X22B, 140.6, 39.2],
    ['gpt-oss-20b', GPT_OSS_20B, 20.9, 4.2],
    ['phi-4', PHI_4, 14.7, 14.7],
    ['GLM-4.7', GLM_47, 352.8, 33.6],
    ['Kimi-K2-Instruct', KIMI_K2, 1026, 32.9],
    ['MiniMax-M2', MINIMAX_M2, 228.7, 11.0],
    ['Llama-3.1-405B (no architectures)', LLAMA_405B, 405.9, 405.9],
  ])('reads %s to its published size', (_, config, total, active) => {
    const derived = derivedParameters(read(config));
    expect(Math.abs(derived.total / 1e9 / total - 1)).toBeLessThan(0.01);
    expect(Math.abs(derived.active / 1e9 / active - 1)).toBeLessThan(0.01);
  });

  it('takes a missing head_dim from hidden size and heads, and a given one as it is', () => {
    expect(read(PHI_4).attention).toMatchObject({ kind: 'gqa', headDim: 128, kvHeads: 10 });
    expect(read(MISTRAL_SMALL).attention).toMatchObject({ headDim: 128 });
    expect(read(QWEN3_06B).attention).toMatchObject({ headDim: 128 });
  });

  it('reads missing or null KV heads as multi-head attention', () => {
    expect(read({ ...PHI_4, num_key_value_heads: null }).attention).toMatchObject({ kvHeads: 40 });
    const { num_key_value_heads: _, ...without } = PHI_4;
    expect(read(without).attention).toMatchObject({ kvHeads: 40 });
  });

  it('ignores head_dim and KV heads of latent attention', () => {
    expect(read(KIMI_K2).attention).toEqual({
      kind: 'mla',
      heads: 64,
      qLoraRank: 1536,
      kvLoraRank: 512,
      nopeHeadDim: 128,
      ropeHeadDim: 64,
      vHeadDim: 128,
      indexer: null,
    });
  });

  it('gives a model whose every layer is MoE no dense width, even where the file has one', () => {
    expect(read(QWEN3_CODER)).toMatchObject({ denseSize: 0, moe: { expertSize: 2560, sharedSize: 0 } });
    expect(read(GLM_47)).toMatchObject({ denseSize: 12288, moe: { sharedSize: 1536, firstDenseLayers: 3 } });
  });

  it.each([
    [{ mlp_only_layers: [0, 1] }, 2],
    [{ moe_layer_freq: [0, ...Array.from({ length: 61 }, () => 1)] }, 1],
  ])('reads leading dense layers from %j', (change, firstDenseLayers) => {
    expect(read({ ...QWEN3_CODER, ...change }).moe).toMatchObject({ firstDenseLayers });
  });
});

describe('sliding windows', () => {
  const windows = (config: object) => {
    const { attention } = read(config);
    return attention.kind === 'gqa' ? [attention.slidingWindow, attention.windowedLayers] : undefined;
  };

  it.each([
    ['use_sliding_window false', QWEN25_7B, [null, 0]],
    ['Qwen without use_sliding_window', { ...QWEN3_06B, sliding_window: 4096 }, [null, 0]],
    ['Qwen from max_window_layers on', { ...QWEN25_7B, use_sliding_window: true, max_window_layers: 20 }, [131072, 8]],
    ['Mistral on every layer', { ...PHI_4, architectures: ['MistralForCausalLM'], sliding_window: 4096 }, [4096, 40]],
    ['gpt-oss alternating without layer_types', GPT_OSS_20B, [128, 12]],
    [
      'layer_types',
      {
        ...GPT_OSS_20B,
        layer_types: Array.from({ length: 24 }, (_, i) => (i < 6 ? 'full_attention' : 'sliding_attention')),
      },
      [128, 18],
    ],
  ])('%s', (_, config, expected) => {
    expect(windows(config)).toEqual(expected);
  });
});

describe('context length', () => {
  it.each([
    ['yarn from the original length', KIMI_K2, 131072],
    [
      'yarn on top of a shorter limit',
      { ...QWEN3_06B, rope_scaling: { rope_type: 'yarn', factor: 4, original_max_position_embeddings: 32768 } },
      131072,
    ],
    ['llama3 scaling is already in it', LLAMA_405B, 131072],
    ['longrope is already in it', { ...PHI_4, rope_scaling: { type: 'longrope', factor: 32 } }, 16384],
    ['linear stretches it', { ...PHI_4, rope_scaling: { type: 'linear', factor: 2 } }, 32768],
    ['the newer rope_parameters', { ...PHI_4, rope_parameters: { rope_type: 'linear', factor: 2 } }, 32768],
    ['no scaling', QWEN25_7B, 32768],
  ])('%s', (_, config, tokens) => {
    expect(read(config).contextLength).toBe(tokens);
  });
});

describe('checkpoint format', () => {
  const formats = (config: object) => {
    const { checkpointDtype, expertDtype } = read(config);
    return [checkpointDtype, expertDtype];
  };
  const withBlock = (base: object, block: object) => ({ ...base, quantization_config: block });
  const compressed = (weights: object, ignore: string[] = []) => ({
    quant_method: 'compressed-tensors',
    config_groups: { group_0: { weights } },
    ignore,
  });

  it.each([
    ['none, whatever torch_dtype says', { ...PHI_4, torch_dtype: 'float32' }, ['bf16', null]],
    ['fp8 with blocks', KIMI_K2, ['fp8_block', null]],
    ['fp8 without', withBlock(PHI_4, { quant_method: 'fp8' }), ['fp8', null]],
    ['mxfp4 is of the experts', GPT_OSS_20B, ['bf16', 'mxfp4']],
    ['awq', withBlock(PHI_4, { quant_method: 'awq', bits: 4 }), ['int4', null]],
    [
      'awq of experts only',
      withBlock(MINIMAX_M2, { quant_method: 'awq', bits: 4, modules_to_not_convert: ['self_attn'] }),
      ['bf16', 'int4'],
    ],
    ['gptq 8 bits', withBlock(PHI_4, { quant_method: 'gptq', bits: 8 }), ['int8', null]],
    ['modelopt FP8', withBlock(PHI_4, { quant_method: 'modelopt', quant_algo: 'FP8' }), ['fp8', null]],
    [
      'modelopt NVFP4',
      withBlock(PHI_4, { quant_method: 'modelopt', quant_algo: 'NVFP4', ignore: ['lm_head'] }),
      ['nvfp4', null],
    ],
    [
      'NVFP4 with every layer attention excluded by name',
      withBlock(QWEN3_CODER, {
        quant_method: 'modelopt',
        quant_algo: 'NVFP4',
        ignore: Array.from({ length: 62 }, (_, i) => `model.layers.${i}.self_attn*`),
      }),
      ['bf16', 'nvfp4'],
    ],
    [
      'NVFP4 with one projection or one layer excluded',
      withBlock(QWEN3_CODER, {
        quant_method: 'modelopt',
        quant_algo: 'NVFP4',
        ignore: ['model.layers.0.self_attn*', 're:.*self_attn.kv_b_proj'],
      }),
      ['nvfp4', null],
    ],
    [
      'compressed int4 nested in text_config, experts only',
      {
        architectures: ['KimiK25ForConditionalGeneration'],
        text_config: withBlock(KIMI_K2, compressed({ num_bits: 4, type: 'int', group_size: 32 }, ['re:.*self_attn.*'])),
      },
      ['bf16', 'int4'],
    ],
    ['compressed int8', withBlock(PHI_4, compressed({ num_bits: 8, type: 'int' })), ['int8', null]],
    [
      'compressed fp8',
      withBlock(PHI_4, compressed({ num_bits: 8, type: 'float', strategy: 'channel' })),
      ['fp8', null],
    ],
    [
      'compressed fp8 blocks',
      withBlock(PHI_4, compressed({ num_bits: 8, type: 'float', strategy: 'block' })),
      ['fp8_block', null],
    ],
    ['compressed nvfp4', withBlock(PHI_4, compressed({ num_bits: 4, type: 'float', group_size: 16 })), ['nvfp4', null]],
  ])('%s', (_, config, expected) => {
    expect(formats(config)).toEqual(expected);
  });

  it.each([
    [{ quant_method: 'bitsandbytes' }, 'quantization_config.quant_method'],
    [{ quant_method: 'modelopt', quant_algo: 'MIXED_PRECISION' }, 'quantization_config.quant_algo'],
    [{ quant_method: 'gptq', bits: 3 }, 'quantization_config.bits'],
    [compressed({ num_bits: 6, type: 'float' }), 'quantization_config.config_groups.group_0.weights.num_bits'],
    [{ quant_method: 'awq', bits: 4, modules_to_not_convert: ['self_attn'] }, 'quantization_config.quant_method'],
  ])('refuses %j', (block, path) => {
    expect(issueOf(withBlock(PHI_4, block)).path).toBe(path);
  });
});

describe('attention beside the usual kinds', () => {
  const linear = {
    linear_num_key_heads: 16,
    linear_num_value_heads: 32,
    linear_key_head_dim: 128,
    linear_value_head_dim: 128,
    linear_conv_kernel_dim: 4,
  };

  it('reads gated DeltaNet by interval and by list', () => {
    const byInterval = read({ ...QWEN3_CODER, ...linear, num_hidden_layers: 48, full_attention_interval: 4 });
    expect(byInterval.linear).toMatchObject({ layers: 36, valueHeads: 32, convolution: 4 });
    expect(byInterval.attention).toMatchObject({ kind: 'gqa', outputGate: true });
    const layer_types = ['linear_attention', 'full_attention', 'linear_attention'];
    expect(read({ ...QWEN3_CODER, ...linear, num_hidden_layers: 3, layer_types }).linear?.layers).toBe(2);
    expect(read(QWEN3_CODER)).toMatchObject({ linear: null, attention: { outputGate: false } });
  });

  it('reads the sparse indexer of latent attention', () => {
    const sparse = { ...KIMI_K2, index_topk: 2048, index_n_heads: 64, index_head_dim: 128 };
    expect(read(sparse).attention).toMatchObject({ indexer: { heads: 64, headDim: 128, topK: 2048 } });
  });
});

describe('what it refuses', () => {
  it.each([
    [{ ...PHI_4, architectures: ['KimiK3ForConditionalGeneration'] }, 'architectures', /KimiK3.*linear-attention/],
    [{ ...PHI_4, architectures: ['NemotronHForCausalLM'] }, 'architectures', /NemotronHForCausalLM.*Mamba/],
    [{ ...KIMI_K2, index_topk: 2048 }, 'index_n_heads', /is missing/],
    [{ ...QWEN3_CODER, linear_num_value_heads: 32 }, 'full_attention_interval', /is missing/],
    [{ ...PHI_4, architectures: ['LlamaForCausalLm'] }, 'architectures', /LlamaForCausalLm is not supported/],
    [{ ...PHI_4, architectures: undefined, model_type: 'rwkv' }, 'model_type', /"rwkv" is not supported/],
    [{ hidden_size: 5 }, 'architectures', /is missing/],
    [{ ...GPT_OSS_20B, layer_types: ['linear_attention'] }, 'layer_types', /"linear_attention"/],
    [{ ...GPT_OSS_20B, layer_types: ['full_attention'] }, 'layer_types', /1 layers.*24/],
    [{ ...PHI_4, hidden_size: undefined }, 'hidden_size', /is missing/],
    [{ ...PHI_4, num_hidden_layers: '40' }, 'num_hidden_layers', /whole number, got "40"/],
    [{ ...PHI_4, num_hidden_layers: 0 }, 'num_hidden_layers', /at least 1/],
    [{ ...PHI_4, num_key_value_heads: 3 }, 'num_key_value_heads', /divide the 40 attention heads/],
    [{ ...PHI_4, num_attention_heads: 39, num_key_value_heads: 13 }, 'head_dim', /is missing/],
    [{ ...QWEN3_CODER, decoder_sparse_step: 2 }, 'decoder_sparse_step', /must be 1/],
    [{ ...QWEN3_CODER, mlp_only_layers: [5] }, 'mlp_only_layers', /after an MoE layer/],
    [{ ...QWEN3_CODER, num_experts_per_tok: 161 }, 'num_experts_per_tok', /161 of only 160/],
  ])('case %#', (config, path, message) => {
    const issue = issueOf(config);
    expect(issue.file).toBe('config.json');
    expect(issue.path).toBe(path);
    expect(issue.message).toMatch(message);
  });

  it('names the nested field', () => {
    const { vocab_size: _, ...text_config } = MISTRAL_SMALL.text_config;
    expect(issueOf({ ...MISTRAL_SMALL, text_config }).path).toBe('text_config.vocab_size');
  });

  it('guesses a mistyped architecture', () => {
    expect(issueOf({ ...PHI_4, architectures: ['LlamaForCasualLM'] }).hint).toBe('did you mean "LlamaForCausalLM"?');
  });

  it('refuses what is no object', () => {
    expect(() => read([1])).toThrow(InputError);
  });
});

function issueOf(config: unknown) {
  try {
    read(config);
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return (error as InputError).issues[0];
  }
  throw new Error('was accepted');
}
