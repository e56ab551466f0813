/**
 * Flags that are no knobs of ours, by backend: those that change no figure, and those whose effect is not modelled. Names
 * are those of vLLM 0.14 to 0.28 (engine/arg_utils.py, entrypoints/openai/cli_args.py), SGLang's table of server arguments at
 * 004813e1, and TensorRT-LLM commands/serve.py of the 1.2 era.
 */
import type { Backend } from '../catalog/engineProfile.ts';

export interface FlagGroup {
  readonly reason: string;
  /** What a refusal offers. */
  readonly hint?: string;
  /** Flags that take a value. */
  readonly values?: readonly string[];
  /** Flags that take none; vLLM's also as `--no-...`. */
  readonly switches?: readonly string[];
  /** Flags that take several values. */
  readonly lists?: readonly string[];
  /** Values at which the flag changes nothing. */
  readonly harmless?: readonly string[];
}

export interface OtherFlags {
  readonly ignored: readonly FlagGroup[];
  readonly refused: readonly FlagGroup[];
}

const PARSERS = 'how requests and answers look, not how fast they come';
const LOGS = 'logging and metrics';
const NETWORK = 'where the server listens';
const LOADING = 'how weights and tokenizer are loaded';
const KERNELS = 'kernel choices: the timing takes the usual ones';
const CLUSTER = 'where processes run: parallelism says how many';
const EVENTS = 'what is told to a router';
const LORA = 'adapters change memory and step time, which is not modelled';
const CONTEXT_PARALLEL = 'context parallelism is not modelled';
const OFFLOAD = 'weights kept outside the GPU are not modelled';
const NO_GENERATION = 'only text generation is modelled';

export const OTHER_FLAGS: Readonly<Record<Backend, OtherFlags>> = {
  vllm: {
    ignored: [
      {
        reason: PARSERS,
        values: [
          '--tool-call-parser',
          '--tool-parser-plugin',
          '--reasoning-parser',
          '--reasoning-config',
          '--chat-template',
          '--chat-template-content-format',
          '--default-chat-template-kwargs',
          '--response-role',
          '--generation-config',
          '--override-generation-config',
          '--max-logprobs',
          '--logits-processors',
          '--structured-outputs-config',
          '--guided-decoding-backend',
          '--limit-mm-per-prompt',
          '--mm-processor-kwargs',
          '--mm-processor-cache-gb',
          '--mm-encoder-tp-mode',
          '--media-io-kwargs',
          '--stream-interval',
        ],
        switches: [
          '--enable-auto-tool-choice',
          '--enable-prompt-tokens-details',
          '--enable-force-include-usage',
          '--enable-request-id-headers',
          '--return-tokens-as-token-ids',
          '--language-model-only',
        ],
      },
      {
        reason: LOGS,
        values: [
          '--uvicorn-log-level',
          '--max-log-len',
          '--otlp-traces-endpoint',
          '--collect-detailed-traces',
          '--profiler-config',
          '--kv-cache-metrics-sample',
        ],
        switches: [
          '--disable-log-requests',
          '--enable-log-requests',
          '--disable-log-stats',
          '--disable-uvicorn-access-log',
          '--enable-server-load-tracking',
          '--cudagraph-metrics',
          '--kv-cache-metrics',
          '--enable-mfu-metrics',
        ],
      },
      {
        reason: NETWORK,
        values: [
          '--host',
          '--port',
          '--uds',
          '--api-key',
          '--root-path',
          '--ssl-keyfile',
          '--ssl-certfile',
          '--ssl-ca-certs',
          '--allowed-origins',
          '--middleware',
          '--served-model-name',
          '--api-server-count',
        ],
        switches: ['--disable-frontend-multiprocessing', '--disable-fastapi-docs'],
      },
      {
        reason: LOADING,
        values: [
          '--load-format',
          '--model-loader-extra-config',
          '--download-dir',
          '--revision',
          '--code-revision',
          '--tokenizer',
          '--tokenizer-mode',
          '--tokenizer-revision',
          '--tokenizer-pool-size',
          '--config-format',
          '--hf-config-path',
          '--hf-token',
          '--model-impl',
          '--seed',
          '--dtype',
          '--safetensors-load-strategy',
        ],
        switches: ['--trust-remote-code', '--skip-tokenizer-init', '--enable-sleep-mode', '--calculate-kv-scales'],
      },
      {
        reason: KERNELS,
        values: [
          '--attention-backend',
          '--attention-config',
          '--kernel-config',
          '--moe-backend',
          '--linear-backend',
          '--all2all-backend',
          '--mamba-cache-mode',
          '--mamba-ssm-cache-dtype',
          '--gdn-prefill-backend',
          '--optimization-level',
          '-O',
          '--max-seq-len-to-capture',
          '--dbo-decode-token-threshold',
          '--dbo-prefill-token-threshold',
        ],
        switches: [
          '--disable-custom-all-reduce',
          '--enable-flashinfer-autotune',
          '--disable-cascade-attn',
          '--enable-dbo',
        ],
      },
      {
        reason: CLUSTER,
        values: [
          '--distributed-executor-backend',
          '--max-parallel-loading-workers',
          '--nnodes',
          '--node-rank',
          '--master-addr',
          '--master-port',
          '--data-parallel-size-local',
          '--data-parallel-start-rank',
          '--data-parallel-rank',
          '--data-parallel-address',
          '--data-parallel-rpc-port',
          '--data-parallel-backend',
          '--device-ids',
          '--eplb-config',
          '--expert-placement-strategy',
        ],
        switches: [
          '--headless',
          '--data-parallel-hybrid-lb',
          '--data-parallel-external-lb',
          '--numa-bind',
          '--enable-eplb',
          '--disable-nccl-for-dp-synchronization',
        ],
      },
      { reason: EVENTS, values: ['--kv-events-config'] },
      {
        reason: 'hash and eviction details that prompts without collisions do not show',
        values: ['--prefix-caching-hash-algo', '--prefix-cache-retention-interval'],
      },
      {
        reason: 'the older engine swapped; V1 recomputes',
        values: ['--swap-space', '--preemption-mode', '--num-lookahead-slots'],
      },
    ],
    refused: [
      {
        reason: LORA,
        hint: 'remove the adapters',
        values: [
          '--lora-modules',
          '--max-loras',
          '--max-lora-rank',
          '--max-cpu-loras',
          '--lora-extra-vocab-size',
          '--lora-dtype',
        ],
        switches: ['--enable-lora', '--fully-sharded-loras'],
      },
      {
        reason: CONTEXT_PARALLEL,
        hint: 'use tensor parallelism',
        values: ['--decode-context-parallel-size', '-dcp', '--prefill-context-parallel-size', '-pcp'],
        harmless: ['1'],
      },
      { reason: OFFLOAD, hint: 'take more GPUs', values: ['--cpu-offload-gb'], harmless: ['0', '0.0'] },
      {
        reason: 'KV cache beyond the GPU is not modelled',
        hint: 'predict without it is a lower bound of reuse',
        values: ['--kv-offloading-size', '--kv-offloading-backend'],
      },
      {
        reason: NO_GENERATION,
        values: ['--runner', '--convert', '--task', '--pooler-config', '--override-pooler-config'],
        harmless: ['auto', 'generate', 'none'],
      },
      {
        reason: 'the V1 scheduler never did it; other values are refused at start',
        values: ['--max-num-partial-prefills', '--max-long-partial-prefills'],
        harmless: ['1'],
      },
      {
        reason: 'changes admission in a way that is not modelled',
        hint: 'remove it',
        values: ['--scheduler-cls', '--num-scheduler-steps', '--scheduler-delay-factor', '--max-num-scheduled-tokens'],
        switches: ['--disable-hybrid-kv-cache-manager', '--disable-sliding-window', '--enable-elastic-ep'],
      },
      {
        reason: 'changes the shape of the model',
        hint: 'give its config.json as engine.model',
        values: ['--hf-overrides', '--rope-scaling', '--rope-theta'],
      },
    ],
  },
  sglang: {
    ignored: [
      {
        reason: PARSERS,
        values: [
          '--tool-call-parser',
          '--reasoning-parser',
          '--chat-template',
          '--hf-chat-template-name',
          '--completion-template',
          '--sampling-defaults',
          '--sampling-backend',
          '--grammar-backend',
          '--preferred-sampling-params',
          '--constrained-json-whitespace-pattern',
          '--stream-interval',
        ],
        switches: [
          '--enable-multimodal',
          '--enable-cache-report',
          '--incremental-streaming-output',
          '--constrained-json-disable-any-whitespace',
        ],
      },
      {
        reason: LOGS,
        values: [
          '--log-level',
          '--log-level-http',
          '--log-requests-level',
          '--log-requests-format',
          '--decode-log-interval',
          '--crash-dump-folder',
          '--watchdog-timeout',
          '--soft-watchdog-timeout',
          '--gc-warning-threshold-secs',
          '--oltp-traces-endpoint',
          '--export-metrics-to-file-dir',
        ],
        switches: [
          '--log-requests',
          '--enable-metrics',
          '--enable-metrics-for-all-schedulers',
          '--enable-request-time-stats-logging',
          '--enable-trace',
          '--export-metrics-to-file',
          '--enable-mfu-metrics',
          '--collect-tokens-histogram',
        ],
      },
      {
        reason: NETWORK,
        values: [
          '--host',
          '--port',
          '--nccl-port',
          '--fastapi-root-path',
          '--api-key',
          '--admin-api-key',
          '--served-model-name',
          '--warmups',
          '--tokenizer-worker-num',
          '--detokenizer-worker-num',
        ],
        switches: ['--skip-server-warmup', '--grpc-mode', '--enable-tokenizer-batch-encode'],
      },
      {
        reason: LOADING,
        values: [
          '--tokenizer-path',
          '--tokenizer-mode',
          '--load-format',
          '--model-loader-extra-config',
          '--revision',
          '--model-impl',
          '--dtype',
          '--random-seed',
          '--download-dir',
          '--device',
          '--weight-version',
        ],
        switches: ['--trust-remote-code', '--skip-tokenizer-init', '--weight-loader-disable-mmap'],
      },
      {
        reason: KERNELS,
        values: [
          '--attention-backend',
          '--prefill-attention-backend',
          '--decode-attention-backend',
          '--mm-attention-backend',
          '--nsa-prefill-backend',
          '--nsa-decode-backend',
          '--moe-runner-backend',
          '--moe-a2a-backend',
          '--fp8-gemm-backend',
          '--fp4-gemm-backend',
          '--deepep-mode',
          '--deepep-config',
          '--flashinfer-mxfp4-moe-precision',
          '--moe-dense-tp-size',
          '--triton-attention-num-kv-splits',
          '--tbo-token-distribution-threshold',
          '--num-continuous-decode-steps',
        ],
        switches: [
          '--disable-custom-all-reduce',
          '--enable-flashinfer-allreduce-fusion',
          '--enable-symm-mem',
          '--enable-torch-compile',
          '--enable-two-batch-overlap',
          '--enable-single-batch-overlap',
          '--disable-piecewise-cuda-graph',
          '--enable-piecewise-cuda-graph',
          '--enable-nccl-nvls',
          '--disable-shared-experts-fusion',
          '--enable-dp-lm-head',
          '--enable-fp32-lm-head',
          '--disable-flashinfer-autotune',
        ],
      },
      {
        reason: CLUSTER,
        values: [
          '--dist-init-addr',
          '--nccl-init-addr',
          '--nnodes',
          '--node-rank',
          '--dist-timeout',
          '--base-gpu-id',
          '--gpu-id-step',
          '--ep-num-redundant-experts',
          '--ep-dispatch-algorithm',
          '--eplb-algorithm',
          '--init-expert-location',
          '--numa-node',
        ],
        switches: ['--enable-eplb', '--enable-numa-binding', '--sleep-on-idle'],
      },
      { reason: EVENTS, values: ['--kv-events-config'] },
      {
        reason: 'the link between prefill and decode is engine.kv_transfer',
        values: [
          '--disaggregation-transfer-backend',
          '--disaggregation-bootstrap-port',
          '--disaggregation-ib-device',
          '--num-reserved-decode-tokens',
        ],
      },
    ],
    refused: [
      {
        reason: LORA,
        hint: 'remove the adapters',
        values: ['--max-loras-per-batch', '--max-lora-rank', '--lora-backend'],
        switches: ['--enable-lora'],
        lists: ['--lora-paths', '--lora-target-modules'],
      },
      {
        reason: CONTEXT_PARALLEL,
        hint: 'use tensor parallelism',
        values: ['--attn-cp-size', '--attention-context-parallel-size'],
        harmless: ['1'],
      },
      {
        reason: OFFLOAD,
        hint: 'take more GPUs',
        values: ['--cpu-offload-gb', '--kt-method', '--kt-cpuinfer', '--kt-num-gpu-experts'],
        harmless: ['0'],
      },
      {
        reason: 'KV cache beyond the GPU is not modelled',
        hint: 'predict without it is a lower bound of reuse',
        values: [
          '--hicache-ratio',
          '--hicache-size',
          '--hicache-write-policy',
          '--hicache-io-backend',
          '--hicache-mem-layout',
          '--hicache-storage-backend',
          '--hicache-storage-prefetch-policy',
          '--hicache-storage-backend-extra-config',
        ],
        switches: ['--enable-hierarchical-cache', '--enable-lmcache'],
      },
      { reason: NO_GENERATION, values: ['--dllm-algorithm'], switches: ['--is-embedding', '--encoder-only'] },
      {
        reason: 'changes the shape of the model',
        hint: 'give its config.json as engine.model',
        values: ['--json-model-override-args'],
        harmless: ['{}'],
      },
      {
        reason: 'changes admission in a way that is not modelled',
        hint: 'remove it',
        values: [
          '--prefill-max-requests',
          '--priority-scheduling-preemption-threshold',
          '--radix-eviction-policy',
          '--max-queued-requests',
        ],
        switches: [
          '--enable-priority-scheduling',
          '--schedule-low-priority-values-first',
          '--enable-pdmux',
          '--enable-dynamic-chunking',
          '--disable-hybrid-swa-memory',
        ],
        harmless: ['lru'],
      },
    ],
  },
  trtllm: {
    ignored: [
      { reason: PARSERS, values: ['--tool_parser', '--reasoning_parser', '--chat_template', '--stream_interval'] },
      { reason: LOGS, values: ['--log_level', '--otlp_traces_endpoint'] },
      {
        reason: NETWORK,
        values: [
          '--host',
          '--port',
          '--served_model_name',
          '--metadata_server_config_file',
          '--num_postprocess_workers',
        ],
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
  },
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
      reason: 'KV cache beyond the GPU is not modelled',
      hint: 'predict without it is a lower bound of reuse',
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

/** The group a flag or key belongs to; a key below one that is named belongs to it. */
export function findGroup(groups: readonly FlagGroup[], name: string): FlagGroup | undefined {
  return groups.find(({ values = [], switches = [], lists = [] }) =>
    [...values, ...switches, ...lists].some((known) => known === name || name.startsWith(`${known}.`)),
  );
}
