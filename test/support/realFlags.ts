/**
 * Flags as the engines themselves list them, taken down from their own sources and documentation, apart from our tables: what
 * a launch may say must be among them. vLLM: `engine/arg_utils.py` between 0.19 and 0.23 (scheduler, cache, parallel and compilation
 * groups) and `vllm serve`; `--prefill-schedule-interval` and `--watermark` came later. SGLang: the table of server arguments of 2026.
 * TensorRT-LLM: options of `trtllm-serve`, fields of `llmapi/llm_args.py`.
 */
export const VLLM_FLAGS = `
--model --quantization --tensor-parallel-size --pipeline-parallel-size --data-parallel-size --data-parallel-rank
--data-parallel-start-rank --data-parallel-size-local --data-parallel-address --data-parallel-rpc-port --data-parallel-backend
--data-parallel-hybrid-lb --data-parallel-external-lb --enable-expert-parallel --all2all-backend --enable-dbo --enable-eplb
--eplb-config --disable-custom-all-reduce --block-size --gpu-memory-utilization --kv-cache-memory-bytes --kv-cache-dtype
--num-gpu-blocks-override --enable-prefix-caching --no-enable-prefix-caching --prefix-caching-hash-algo --kv-offloading-size
--kv-offloading-backend --cpu-offload-gb --max-num-batched-tokens --max-num-seqs --max-num-partial-prefills
--max-long-partial-prefills --long-prefill-token-threshold --scheduling-policy --enable-chunked-prefill
--no-enable-chunked-prefill --scheduler-cls --scheduler-reserve-full-isl --disable-hybrid-kv-cache-manager --async-scheduling
--no-async-scheduling --stream-interval --cudagraph-capture-sizes --max-cudagraph-capture-size --compilation-config
--speculative-config --kv-transfer-config --kv-events-config --max-model-len --enforce-eager --host --port
--prefill-schedule-interval --watermark`
  .trim()
  .split(/\s+/);

export const SGLANG_FLAGS = `
--model-path --context-length --host --port --quantization --kv-cache-dtype --mem-fraction-static --max-running-requests
--prefill-max-requests --max-queued-requests --max-total-tokens --chunked-prefill-size --max-prefill-tokens --schedule-policy
--enable-priority-scheduling --schedule-conservativeness --page-size --radix-eviction-policy --enable-prefill-delayer
--prefill-delayer-max-delay-passes --tensor-parallel-size --tp-size --pipeline-parallel-size --pp-size --stream-interval
--enable-metrics --kv-events-config --data-parallel-size --dp-size --load-balance-method --dist-init-addr --nnodes --node-rank
--speculative-algorithm --speculative-draft-model-path --speculative-num-steps --speculative-eagle-topk
--speculative-num-draft-tokens --expert-parallel-size --ep-size --ep --moe-a2a-backend --moe-runner-backend
--enable-hierarchical-cache --hicache-ratio --hicache-size --disable-radix-cache --cuda-graph-max-bs --cuda-graph-bs
--disable-cuda-graph --disable-cuda-graph-padding --disable-overlap-schedule --enable-mixed-chunk --enable-dp-attention
--scheduler-recv-interval --disaggregation-mode --disaggregation-transfer-backend --disaggregation-bootstrap-port`
  .trim()
  .split(/\s+/);

export const TRTLLM_FLAGS = `
--host --port --backend --max_beam_width --max_batch_size --max_num_tokens --max_seq_len --tensor_parallel_size --tp_size
--pipeline_parallel_size --pp_size --context_parallel_size --cp_size --moe_expert_parallel_size --ep_size --gpus_per_node
--free_gpu_memory_fraction --kv_cache_free_gpu_memory_fraction --kv_cache_dtype --config --extra_llm_api_options
--enable_chunked_prefill --enable_attention_dp`
  .trim()
  .split(/\s+/);

/** Keys of the options file, dotted. */
export const TRTLLM_KEYS = `
tensor_parallel_size pipeline_parallel_size moe_tensor_parallel_size moe_expert_parallel_size enable_attention_dp
attention_dp_config.enable_balance attention_dp_config.timeout_iters attention_dp_config.batching_wait_iters max_batch_size
max_num_tokens max_seq_len enable_chunked_prefill disable_overlap_scheduler batch_wait_timeout_iters
batch_wait_max_tokens_ratio scheduler_config.capacity_scheduler_policy scheduler_config.context_chunking_policy
kv_cache_config.dtype kv_cache_config.enable_block_reuse kv_cache_config.tokens_per_block
kv_cache_config.free_gpu_memory_fraction kv_cache_config.max_tokens kv_cache_config.max_gpu_total_bytes cuda_graph_config
cuda_graph_config.max_batch_size cuda_graph_config.batch_sizes cuda_graph_config.enable_padding
speculative_config.decoding_type speculative_config.num_nextn_predict_layers speculative_config.max_draft_len
speculative_config.speculative_model cache_transceiver_config.backend`
  .trim()
  .split(/\s+/);
