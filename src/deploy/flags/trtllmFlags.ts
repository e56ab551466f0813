import type { OtherFlags } from './flagGroup.ts';
import { CLUSTER, CONTEXT_PARALLEL, EVENTS, KERNELS, LOADING, LOGS, LORA, NETWORK, PARSERS } from './reasons.ts';

/** Options of trtllm-serve (commands/serve.py of the 1.2 era) that are no knobs of ours. */
export const TRTLLM_OTHER: OtherFlags = {
  ignored: [
    { reason: PARSERS, values: ['--tool_parser', '--reasoning_parser', '--chat_template', '--stream_interval'] },
    { reason: LOGS, values: ['--log_level', '--otlp_traces_endpoint'] },
    {
      reason: NETWORK,
      values: ['--host', '--port', '--served_model_name', '--metadata_server_config_file', '--num_postprocess_workers'],
    },
    {
      reason: LOADING,
      values: ['--tokenizer', '--custom_tokenizer', '--revision'],
      switches: ['--trust_remote_code', '--fail_fast_on_attention_window_too_large'],
    },
    {
      reason: CLUSTER,
      values: ['--gpus_per_node', '--server_role', '--moe_cluster_parallel_size', '--cluster_size'],
    },
  ],
  refused: [
    {
      reason: 'only its PyTorch backend is modelled',
      hint: 'use --backend pytorch',
      values: ['--backend'],
      harmless: ['pytorch'],
    },
    {
      reason: CONTEXT_PARALLEL,
      hint: 'use tensor parallelism',
      values: ['--cp_size', '--context_parallel_size'],
      harmless: ['1'],
    },
    { reason: 'beam search is not modelled', values: ['--max_beam_width'], harmless: ['1'] },
  ],
};

/** Keys of TensorRT-LLM's options file that are no knobs, as `OTHER_FLAGS`; a key stands for what is below it. */
export const OTHER_KEYS: OtherFlags = {
  ignored: [
    {
      reason: KERNELS,
      values: [
        'moe_config',
        'attn_backend',
        'allreduce_strategy',
        'torch_compile_config',
        'enable_autotuner',
        'kv_cache_config.use_uvm',
        'nvfp4_gemm_config',
        'sampler_type',
      ],
    },
    {
      reason: LOGS,
      values: [
        'print_iter_log',
        'enable_iter_perf_stats',
        'return_perf_metrics',
        'enable_iter_req_stats',
        'perf_metrics_max_requests',
        'iter_stats_max_iterations',
        'request_stats_max_iterations',
      ],
    },
    {
      reason: LOADING,
      values: ['load_format', 'checkpoint_format', 'trust_remote_code', 'tokenizer', 'dtype', 'model', 'backend'],
    },
    {
      reason: PARSERS,
      values: ['stream_interval', 'num_postprocess_workers', 'reasoning_parser', 'guided_decoding_backend'],
    },
    { reason: EVENTS, values: ['kv_cache_config.event_buffer_max_size'] },
    { reason: 'the link between prefill and decode is engine.kv_transfer', values: ['cache_transceiver_config'] },
    {
      reason: 'parts of a page: pages are reused whole here',
      values: [
        'kv_cache_config.enable_partial_reuse',
        'kv_cache_config.copy_on_partial_reuse',
        'kv_cache_config.onboard_blocks',
      ],
    },
  ],
  refused: [
    { reason: LORA, hint: 'remove the adapters', values: ['enable_lora', 'lora_config'], harmless: ['false'] },
    {
      reason: CONTEXT_PARALLEL,
      hint: 'use tensor parallelism',
      values: ['context_parallel_size', 'cp_config'],
      harmless: ['1'],
    },
    { reason: 'beam search is not modelled', values: ['max_beam_width'], harmless: ['1'] },
    {
      reason: 'KV cache beyond the GPU is not imported',
      hint: 'state what it keeps as kv_cache.tiers',
      values: ['kv_cache_config.host_cache_size', 'kv_connector_config'],
      harmless: ['0'],
    },
    { reason: 'sparse attention of the engine is not modelled', values: ['sparse_attention_config'] },
    {
      reason: 'waits by the clock are not modelled',
      hint: 'batch_wait_timeout_iters is',
      values: ['batch_wait_timeout_ms'],
      harmless: ['0'],
    },
    {
      reason: 'a window that differs from the model is not modelled',
      values: ['kv_cache_config.max_attention_window'],
    },
  ],
};
