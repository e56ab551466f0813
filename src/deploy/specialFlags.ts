import type { Backend } from '../catalog/engineProfile.ts';

export interface SpecialFlags {
  readonly values?: readonly string[];
  readonly switches?: readonly string[];
  readonly lists?: readonly string[];
  /** Other names, by name. */
  readonly also?: Readonly<Record<string, string>>;
}

/** Flags that say a knob in a way of their own: several together, the other way round, or as JSON. */
export const SPECIAL_FLAGS: Readonly<Record<Backend, SpecialFlags>> = {
  vllm: {
    values: [
      '--model',
      '--quantization',
      '--speculative-config',
      '--compilation-config',
      '--kv-transfer-config',
      '--performance-mode',
      '--disaggregation-mode',
      '--kv-offloading-size',
      '--kv-offloading-backend',
      '--mamba-cache-mode',
      '--optimization-level',
      '--config',
    ],
    switches: [
      '--enable-expert-parallel',
      '--enforce-eager',
      '--scheduler-reserve-full-isl',
      '--is-prefill-worker',
      '--is-decode-worker',
    ],
    lists: ['--cudagraph-capture-sizes', '--cuda-graph-sizes'],
    also: {
      '-O': '--optimization-level',
      '-q': '--quantization',
      '-cc': '--compilation-config',
      '-ep': '--enable-expert-parallel',
      '-sc': '--speculative-config',
    },
  },
  sglang: {
    values: [
      '--model-path',
      '--quantization',
      '--chunked-prefill-size',
      '--load-balance-method',
      '--speculative-algorithm',
      '--speculative-num-steps',
      '--speculative-eagle-topk',
      '--speculative-num-draft-tokens',
      '--speculative-draft-model-path',
      '--disaggregation-mode',
      '--prefill-delayer-max-delay-passes',
      '--config',
    ],
    switches: ['--enable-dp-attention', '--disable-cuda-graph', '--enable-prefill-delayer'],
    lists: ['--cuda-graph-bs'],
    also: { '--model': '--model-path' },
  },
  trtllm: {
    values: ['--extra_llm_api_options', '--kv_cache_dtype', '--model', '--extra_engine_args', '--disaggregation_mode'],
    switches: ['--enable_attention_dp'],
    also: { '--config': '--extra_llm_api_options' },
  },
};
