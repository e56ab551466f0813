import { type Knob, SIZE, SWITCH } from '../knob.ts';

const W = 'engine.workers.<role>.kv_cache';

export const KV_DTYPES = ['auto', 'bf16', 'fp8'] as const;

/** The KV cache of a worker. */
export const CACHE_KNOBS = [
  {
    path: `${W}.block_size`,
    domain: { kind: 'integer', min: 1, max: 4096 },
    unit: 'tokens',
    engines: {
      vllm: { flag: '--block-size' },
      sglang: { flag: '--page-size' },
      trtllm: { yaml: 'kv_cache_config.tokens_per_block' },
    },
    tunable: true,
    about: 'Tokens of one KV page; by default 16 in vLLM, 1 in SGLang, 32 in TensorRT-LLM.',
  },
  {
    path: `${W}.prefix_caching`,
    domain: SWITCH,
    engines: {
      vllm: { flag: '--enable-prefix-caching', off: '--no-enable-prefix-caching' },
      sglang: { off: '--disable-radix-cache' },
      trtllm: { yaml: 'kv_cache_config.enable_block_reuse' },
    },
    tunable: true,
    about: 'Whether KV pages of finished work are kept for later prompts with the same beginning; on.',
  },
  {
    path: `${W}.dtype`,
    domain: { kind: 'choice', choices: KV_DTYPES },
    default: 'auto',
    engines: {
      vllm: {
        flag: '--kv-cache-dtype',
        // Older versions refuse bfloat16.
        words: { bf16: 'auto' },
        reads: { bfloat16: 'bf16', fp8_e4m3: 'fp8', fp8_e5m2: 'fp8' },
      },
      sglang: { flag: '--kv-cache-dtype', words: { bf16: 'bfloat16', fp8: 'fp8_e4m3' }, reads: { fp8_e5m2: 'fp8' } },
      trtllm: { yaml: 'kv_cache_config.dtype', words: { bf16: 'auto' } },
    },
    tunable: true,
    about: 'Format of the KV cache; auto is bf16.',
  },
  {
    path: `${W}.capacity.memory_fraction`,
    domain: { kind: 'number', above: 0, max: 1 },
    engines: {
      vllm: { flag: '--gpu-memory-utilization' },
      sglang: { flag: '--mem-fraction-static' },
      trtllm: {
        flag: '--kv_cache_free_gpu_memory_fraction',
        also: ['--free_gpu_memory_fraction'],
        yaml: 'kv_cache_config.free_gpu_memory_fraction',
      },
    },
    tunable: true,
    about:
      'vLLM: share of GPU memory for weights, activations and KV cache together. SGLang: for weights and KV cache. TensorRT-LLM: share for the KV cache of what weights and activations leave.',
  },
  {
    path: `${W}.capacity.blocks`,
    domain: { kind: 'integer', min: 2, max: 2 ** 31 - 1 },
    engines: { vllm: { flag: '--num-gpu-blocks-override' }, sglang: {}, trtllm: {} },
    tunable: true,
    about: 'KV pages of one attention-DP rank; in vLLM the one it reserves included.',
  },
  {
    path: `${W}.capacity.tokens`,
    domain: SIZE,
    unit: 'tokens',
    engines: {
      vllm: {},
      sglang: { flag: '--max-total-tokens' },
      trtllm: { yaml: 'kv_cache_config.max_tokens' },
    },
    tunable: true,
    about: 'Tokens the KV cache of one attention-DP rank holds.',
  },
  {
    path: `${W}.capacity.bytes`,
    domain: { kind: 'integer', min: 1 },
    unit: 'bytes',
    engines: {
      vllm: { flag: '--kv-cache-memory-bytes' },
      sglang: {},
      trtllm: { yaml: 'kv_cache_config.max_gpu_total_bytes' },
    },
    tunable: true,
    about: 'Memory of the KV cache on each GPU.',
  },
] as const satisfies readonly Knob[];
