import { describe, expect, test } from 'vitest';
import { messageOf } from '../../test/support/messageOf.ts';
import { testFacts } from '../../test/support/testFacts.ts';
import type { Backend } from '../catalog/engineProfile.ts';
import { catalogFacts, type Facts } from '../config/facts.ts';
import { parsePredict } from '../config/loadPredict.ts';
import { toYaml } from '../config/writeYaml.ts';
import { importLaunch } from './importLaunch.ts';

interface Given {
  readonly options?: Readonly<Record<string, unknown>>;
  readonly facts?: Facts;
  readonly variables?: Readonly<Record<string, string>>;
}

function read(backend: Backend, text: string, { options = {}, facts = testFacts, variables = {} }: Given = {}) {
  const { config, notes } = importLaunch(backend, [{ text }], { facts, variables, readOptions: () => options });
  const engine = config.engine as Record<string, unknown> & { workers: Record<string, Record<string, unknown>> };
  return {
    engine,
    worker: engine.workers.aggregated,
    ignored: notes.ignored.map(({ from, reason }) => `${from}: ${reason}`),
    assumed: notes.assumed.map(({ from }) => from).filter((from) => from !== 'engine.backend_version'),
    refused: notes.refused.map(({ path, message }) => `${path}: ${message}`),
  };
}

describe('vLLM', () => {
  const vllm = (flags: string, given: Given = {}) => read('vllm', `vllm serve test/moe ${flags}`, given);

  test('a command of many lines, aliases, both spellings, JSON and environment', () => {
    const script = `#!/bin/bash
export MODEL=test/moe
PORT=\${PORT:-8000}
VLLM_USE_V1=1 nohup vllm serve "$MODEL" -tp 2 -dp=4 -ep \\
  --max_num_seqs 512 --max-num-batched-tokens 16K \\
  --gpu-memory-utilization=0.95 --no-enable-prefix-caching \\
  --kv-cache-dtype fp8_e4m3 --max-model-len 25.6k \\
  --speculative-config '{"method": "deepseek_mtp", "num_speculative_tokens": 2, "rejection_sample_method": "synthetic", "synthetic_acceptance_length": 2.49}' \\
  --port $PORT > server.log 2>&1 &`;
    const { engine, worker, refused } = read('vllm', script);
    expect(refused).toEqual([]);
    expect(engine).toMatchObject({ model: 'test/moe', backend: 'vllm', context_length: 25_600 });
    expect(worker).toEqual({
      parallelism: { tensor: 2, attention_data: 4, moe_expert: 8 },
      scheduler: { max_sequences: 512, max_batched_tokens: 16_384 },
      kv_cache: { prefix_caching: false, dtype: 'fp8', capacity: { memory_fraction: 0.95 } },
      speculation: { method: 'mtp', draft_tokens: 2, accepted_length: 2.49 },
    });
  });

  test('how tokens reach their experts is read in the words of each engine', () => {
    const wide = '--tp-size 16 --dp-size 16 --ep-size 16 --enable-dp-attention';
    const exchange = (engine: 'vllm' | 'sglang', command: string) =>
      (read(engine, command).worker as { parallelism: { moe_exchange?: string } }).parallelism.moe_exchange;
    for (const word of ['deepep_low_latency', 'deepep_high_throughput', 'pplx']) {
      expect(exchange('vllm', `vllm serve test/moe -dp 16 -ep --all2all-backend ${word}`)).toBe('all_to_all');
    }
    expect(exchange('vllm', 'vllm serve test/moe -dp 16 -ep --all2all-backend naive')).toBe('gather');
    expect(
      exchange('sglang', `python3 -m sglang.launch_server --model-path test/moe ${wide} --moe-a2a-backend deepep`),
    ).toBe('all_to_all');
    expect(exchange('sglang', `python3 -m sglang.launch_server --model-path test/moe ${wide}`)).toBeUndefined();
  });

  test('data parallelism of a model without experts is replicas', () => {
    const { worker } = read('vllm', 'vllm serve test/dense -tp 2 -dp 4');
    expect(worker).toEqual({ parallelism: { tensor: 2, replicas: 4 } });
  });

  test('JSON may come key by key', () => {
    const { worker, ignored } = vllm(
      '--speculative-config.method mtp --speculative_config.num-speculative-tokens=3 --attention_config.use_fp4_indexer_cache True',
    );
    expect(worker.speculation).toMatchObject({ method: 'mtp', draft_tokens: 3 });
    expect(ignored[0]).toContain('--attention_config.use_fp4_indexer_cache True: kernel choices');
  });

  test('a version without a profile is said', () => {
    const notesOf = (version?: string) =>
      importLaunch('vllm', [{ text: 'vllm serve test/moe' }], {
        facts: testFacts,
        variables: {},
        readOptions: () => ({}),
        ...(version === undefined ? {} : { version }),
      }).notes.assumed.map(({ reason }) => reason);
    expect(notesOf('0.19.0')).toEqual([]);
    expect(notesOf('0.13.0')[0]).toContain('no profile of vLLM 0.13.0');
    expect(notesOf()[0]).toContain('the newest with a profile');
    expect(messageOf(() => notesOf('newest'))).toContain('must be a version');
  });

  test('the last of two flags holds, and the command beats its --config file', () => {
    const { worker } = vllm('--config c.yaml --max-num-seqs 3 --max-num-seqs 4', {
      options: { 'max-num-seqs': 1, 'max-num-batched-tokens': 700, 'enable-prefix-caching': false },
    });
    expect(worker).toEqual({
      scheduler: { max_sequences: 4, max_batched_tokens: 700 },
      kv_cache: { prefix_caching: false },
    });
  });

  test.each([
    ['--enforce-eager', { max_size: 0 }],
    ['--cudagraph-capture-sizes 4 1 2 --port 1', { sizes: [1, 2, 4] }],
    ['--max-cudagraph-capture-size 64', { max_size: 64 }],
    [`-cc '{"cudagraph_capture_sizes": [8, 4]}'`, { sizes: [4, 8] }],
    [`--compilation-config '{"cudagraph_mode": "NONE"}'`, { max_size: 0 }],
    ['-O0', { max_size: 0 }],
    ['-O.cudagraph_capture_sizes=[2,1]', { sizes: [1, 2] }],
    ['--cuda-graph-sizes 256', { max_size: 256 }],
    ['--cuda-graph-sizes 4 1 2', { sizes: [1, 2, 4] }],
  ])('graphs: %s', (flags, graphs) => {
    expect(vllm(flags).worker).toEqual({ cuda_graphs: graphs });
  });

  test.each([
    ['-O3', {}],
    ['-O 2 --optimization-level 1', {}],
    ['--mamba-cache-mode align', {}],
    ['--gpu-memory-utilization=.9', { kv_cache: { capacity: { memory_fraction: 0.9 } } }],
    [
      '--kv-offloading-backend native --kv-offloading-size 93.132257',
      { kv_cache: { tiers: { host: { capacity_gb_per_gpu: 100 } } } },
    ],
    [
      `--kv-transfer-config '{"kv_connector": "OffloadingConnector", "kv_role": "kv_both", "kv_connector_extra_config": {"cpu_bytes_to_use": 5e9}}'`,
      { kv_cache: { tiers: { host: { capacity_gb_per_gpu: 5 } } } },
    ],
  ])('%s', (flags, worker) => {
    const read = vllm(flags);
    expect([read.worker, read.refused]).toEqual([worker, []]);
    expect(read.ignored.join()).not.toContain('unknown');
  });

  test('host memory for KV is that of all GPUs', () => {
    const { worker } = vllm('-tp 2 -pp 2 --kv-offloading-size 100');
    expect(worker.kv_cache).toEqual({ tiers: { host: { capacity_gb_per_gpu: 26.8435 } } });
  });

  test('the tag of an image is the version', () => {
    const docker = 'docker run --gpus all -e HF_TOKEN=x vllm/vllm-openai:v0.19.0 --model test/dense -tp 4';
    expect(read('vllm', docker).engine).toMatchObject({ model: 'test/dense', backend_version: '0.19.0' });
    expect(read('vllm', 'docker run img:latest vllm serve test/dense').engine).not.toHaveProperty('backend_version');
  });

  test('what changes no figure is ignored with its reason, the unknown with a guess', () => {
    const { ignored, worker } = vllm(
      '--trust-remote-code --port 80 --max-num-seq 4 --tool-cal-parser x --api-key s3cret --frobnicate 3',
    );
    expect(worker).toEqual({ scheduler: { max_sequences: 4 } });
    expect(ignored).toEqual([
      '--trust-remote-code: how weights and tokenizer are loaded',
      '--port 80: where the server listens',
      '--tool-cal-parser x: unknown to dynosim, did you mean "--tool-call-parser"?',
      '--api-key ...: where the server listens',
      '--frobnicate 3: unknown to dynosim',
    ]);
  });

  test.each([
    ['--enable-lora --max-loras 4', '--enable-lora: adapters change memory and step time, which is not modelled'],
    ['-dcp 2', '-dcp 2: context parallelism is not modelled'],
    ['--kv-cache-dtype nvfp4', '--kv-cache-dtype nvfp4: "nvfp4" is not modelled'],
    ['--max-num-seqs many', '--max-num-seqs many: "many" is not modelled'],
    ['--cpu-offload-gb 10', '--cpu-offload-gb 10: weights kept outside the GPU are not modelled'],
    ['--performance-mode throughput', '--performance-mode throughput: changes several defaults at once'],
    [
      '--kv-offloading-size 9 --kv-offloading-backend lmcache',
      '--kv-offloading-backend lmcache: KV cache beyond the GPU',
    ],
    ['--kv-offloading-size none', '--kv-offloading-size none: must be a size above 0'],
    ['--mamba-cache-mode all', '--mamba-cache-mode all: states are cached at block ends only'],
    ['--cuda-graph-sizes some', '--cuda-graph-sizes some: must be whole numbers'],
    [
      '--speculative-config \'{"method": "medusa", "num_speculative_tokens": 1}\'',
      '--speculative-config method: "medusa" is not modelled',
    ],
    ["--speculative-config '{oops}'", '--speculative-config: is no JSON: '],
    ['--max-model-len auto', '--max-model-len auto: must be a number of tokens here'],
    [
      '--kv-transfer-config \'{"kv_connector": "LMCacheConnectorV1", "kv_role": "kv_both"}\'',
      '--kv-transfer-config LMCacheConnectorV1: KV cache beyond the GPU',
    ],
    [
      '--kv-transfer-config \'{"kv_connector": "NixlConnector", "kv_role": "kv_both"}\'',
      '--kv-transfer-config NixlConnector: one side of a disaggregated',
    ],
    ['extra words', 'extra: belongs to no flag'],
  ])('%s is refused', (flags, message) => {
    expect(vllm(flags).refused.join('\n')).toContain(message);
  });

  test('what would be refused is harmless at its default', () => {
    const { refused } = vllm('-dcp 1 --cpu-offload-gb 0 --no-enable-lora --max-num-partial-prefills 1 --task generate');
    expect(refused).toEqual([]);
  });

  test('the older engine is refused', () => {
    expect(read('vllm', 'VLLM_USE_V1=0 vllm serve test/dense').refused).toEqual([
      'VLLM_USE_V1=0: the older engine is not modelled',
    ]);
  });

  test('prefill and decode servers of one script', () => {
    const transfer = (role: string) => `--kv-transfer-config '{"kv_connector":"P2pNcclConnector","kv_role":"${role}"}'`;
    const script = `vllm serve test/dense -tp 2 ${transfer('kv_producer')} &\nvllm serve test/dense -tp 4 ${transfer('kv_consumer')}`;
    const { config, notes } = importLaunch('vllm', [{ text: script }], {
      facts: testFacts,
      variables: {},
      readOptions: () => ({}),
    });
    expect(notes.refused).toEqual([]);
    expect((config.engine as { workers: unknown }).workers).toEqual({
      prefill: { parallelism: { tensor: 2 } },
      decode: { parallelism: { tensor: 4 } },
    });
  });

  test('servers of one engine must agree', () => {
    const { refused } = read('vllm', 'vllm serve test/dense\nvllm serve test/moe');
    expect(refused).toEqual(['engine.model: the servers differ in it: test/dense and test/moe']);
  });

  test('a command that starts something else says what', () => {
    expect(messageOf(() => read('vllm', 'python -m sglang.launch_server --model-path m'))).toBe(
      'no command in it starts vLLM (it starts SGLang: dynosim import sglang)',
    );
    expect(messageOf(() => read('vllm', 'ls -l'))).toContain('e.g. vllm serve MODEL --tensor-parallel-size 2');
  });

  test('formats: that of the checkpoint is nothing to say', () => {
    const of = (model: string, flag: string) =>
      read('vllm', `vllm serve ${model} --quantization ${flag}`, { facts: catalogFacts }).engine.quantization;
    expect(of('meta-llama/Llama-3.1-70B', 'fp8')).toBe('fp8');
    expect(of('deepseek-ai/DeepSeek-R1', 'fp8')).toBeUndefined();
    expect(of('openai/gpt-oss-120b', 'mxfp4')).toBeUndefined();
  });
});

describe('SGLang', () => {
  const sglang = (flags: string, environment = '') =>
    read('sglang', `${environment} python3 -m sglang.launch_server --model-path test/moe ${flags}`);

  test('with DP attention, tensor parallelism holds the ranks and budgets are theirs together', () => {
    const { worker, refused } = sglang(
      '--tp 8 --dp 4 --enable-dp-attention --ep 8 --chunked-prefill-size 32768 --max-running-requests 1024 --scheduler-recv-interval 10',
    );
    expect(refused).toEqual([]);
    expect(worker).toEqual({
      parallelism: { tensor: 2, attention_data: 4, moe_expert: 8 },
      scheduler: { max_batched_tokens: 8192, max_sequences: 256, polling_interval: 10 },
    });
  });

  test('without it, data parallelism is replicas', () => {
    expect(sglang('--tp 2 --dp 4').worker).toEqual({ parallelism: { tensor: 2, replicas: 4 } });
  });

  test('switches, policies and memory', () => {
    const flags =
      '--chunked-prefill-size -1 --disable-radix-cache --disable-overlap-schedule --enable-mixed-chunk --schedule-policy lpm ' +
      '--schedule-conservativeness 0.3 --mem-fraction-static 0.85 --page-size 64 --kv-cache-dtype fp8_e5m2 --enable-prefill-delayer';
    expect(sglang(flags).worker).toEqual({
      scheduler: {
        chunked_prefill: false,
        async: false,
        mixed_batches: true,
        policy: 'lpm',
        conservativeness: 0.3,
        prefill_delay_passes: 30,
      },
      kv_cache: { prefix_caching: false, block_size: 64, dtype: 'fp8', capacity: { memory_fraction: 0.85 } },
    });
  });

  test('tokens say how large the cache is, whatever the share', () => {
    const { worker, ignored } = sglang('--mem-fraction-static 0.85 --max-total-tokens 100000');
    expect(worker).toEqual({ kv_cache: { capacity: { tokens: 100_000 } } });
    expect(ignored[0]).toContain('--mem-fraction-static 0.85: --max-total-tokens says');
  });

  test('a cache that is made to miss is one that is off', () => {
    expect(sglang('', 'SGLANG_RADIX_FORCE_MISS=1').worker).toEqual({ kv_cache: { prefix_caching: false } });
  });

  test('drafts, with the length that the environment simulates', () => {
    const flags =
      '--speculative-algorithm EAGLE --speculative-num-steps 3 --speculative-eagle-topk 1 --speculative-num-draft-tokens 4';
    expect(sglang(flags, 'SGLANG_SIMULATE_ACC_LEN=3.39').worker.speculation).toEqual({
      method: 'mtp',
      draft_tokens: 3,
      accepted_length: 3.39,
    });
    const unknown = sglang(`${flags} --speculative-draft-model-path org/head`);
    expect(unknown.worker.speculation).toEqual({
      method: 'eagle',
      draft_tokens: 3,
      acceptance: [0.85, 0.3, 0],
      draft_model: 'org/head',
    });
    expect(unknown.assumed).toEqual(['speculation.acceptance [0.85,0.3,0]']);
  });

  test.each([
    ['--speculative-algorithm EAGLE', 'needs --speculative-num-steps'],
    [
      '--speculative-algorithm EAGLE --speculative-num-steps 5 --speculative-eagle-topk 4 --speculative-num-draft-tokens 8',
      'draft trees are not modelled',
    ],
    ['--schedule-policy routing-key', '"routing-key" is not modelled'],
    ['--enable-hierarchical-cache --hicache-size 100', 'KV cache beyond the GPU is not imported'],
    ['--enable-priority-scheduling', 'changes admission in a way that is not modelled'],
    ['--tp 8 --dp 3 --enable-dp-attention', 'must divide the 8 GPUs of --tp-size'],
  ])('%s is refused', (flags, message) => {
    expect(sglang(flags).refused.join('\n')).toContain(message);
  });
});

describe('TensorRT-LLM', () => {
  const trtllm = (flags: string, options: Readonly<Record<string, unknown>> = {}) =>
    read('trtllm', `mpirun -n 1 trtllm-serve serve test/moe ${flags}`, { options });

  test('the options file beats the flags', () => {
    const { worker, engine, refused } = trtllm(
      '--tp_size 8 --ep-size 8 --max_batch_size 64 --max_num_tokens 4096 --max_seq_len 9000 --extra_llm_api_options o.yaml',
      {
        max_batch_size: 128,
        enable_attention_dp: true,
        disable_overlap_scheduler: true,
        batch_wait_timeout_iters: 20,
        batch_wait_max_tokens_ratio: 0.9,
        stream_interval: 10,
        scheduler_config: { capacity_scheduler_policy: 'MAX_UTILIZATION' },
        attention_dp_config: { enable_balance: true, timeout_iters: 60, batching_wait_iters: 0 },
        kv_cache_config: {
          dtype: 'fp8',
          enable_block_reuse: false,
          free_gpu_memory_fraction: 0.8,
          tokens_per_block: 64,
        },
        cuda_graph_config: { enable_padding: true, max_batch_size: 256 },
        speculative_config: { decoding_type: 'MTP', num_nextn_predict_layers: 3 },
        moe_config: { backend: 'TRTLLM' },
      },
    );
    expect(refused).toEqual([]);
    expect(engine.context_length).toBe(9000);
    expect(worker).toEqual({
      parallelism: { attention_data: 8, moe_expert: 8 },
      scheduler: {
        max_sequences: 128,
        max_batched_tokens: 4096,
        async: false,
        capacity_policy: 'MAX_UTILIZATION',
        batch_wait_iterations: 20,
        batch_wait_tokens_ratio: 0.9,
        balance: true,
        balance_timeout_iterations: 60,
        balance_wait_iterations: 0,
      },
      kv_cache: { block_size: 64, prefix_caching: false, dtype: 'fp8', capacity: { memory_fraction: 0.8 } },
      cuda_graphs: { max_size: 256, padding: true },
      speculation: { method: 'mtp', draft_tokens: 3, acceptance: [0.85, 0.3, 0] },
    });
  });

  test('no graphs is null', () => {
    expect(trtllm('--config o.yaml', { cuda_graph_config: null }).worker).toEqual({ cuda_graphs: { max_size: 0 } });
  });

  test.each([
    ['--backend tensorrt', {}, '--backend tensorrt: only its PyTorch backend is modelled'],
    [
      '--config o.yaml',
      { kv_cache_config: { host_cache_size: 1e9 } },
      'kv_cache_config.host_cache_size: 1000000000: KV cache beyond',
    ],
    ['--config o.yaml', { batch_wait_timeout_ms: 5 }, 'batch_wait_timeout_ms: 5: waits by the clock'],
    ['--config o.yaml', { kv_cache_config: { dtype: 'nvfp4' } }, '"nvfp4" is not modelled'],
    ['--config o.yaml', { speculative_config: { decoding_type: 'Medusa' } }, '"Medusa" is not modelled'],
  ])('%s %j is refused', (flags, options, message) => {
    expect(trtllm(flags, options).refused.join('\n')).toContain(message);
  });

  test('what the file says at its default is nothing', () => {
    expect(
      trtllm('--config o.yaml', {
        batch_wait_timeout_ms: 0,
        kv_cache_config: { host_cache_size: 0, max_gpu_total_bytes: 0 },
        lora_config: null,
      }).refused,
    ).toEqual([]);
  });
});

test('an imported configuration predicts once it has a workload and a GPU', () => {
  const commands: readonly (readonly [Backend, string])[] = [
    ['vllm', 'vllm serve meta-llama/Llama-3.1-70B -tp 4 --quantization fp8'],
    ['sglang', 'sglang serve --model Qwen/Qwen3-32B --tp 2 --mem-fraction-static 0.8'],
    ['trtllm', 'trtllm-serve openai/gpt-oss-120b --tp_size 2'],
  ];
  for (const [backend, text] of commands) {
    const { config } = importLaunch(backend, [{ text }], {
      facts: catalogFacts,
      variables: {},
      readOptions: () => ({}),
      hardware: 'h200_sxm',
    });
    const traffic = { source: { type: 'preset', name: 'chat' }, load: { type: 'poisson', requests_per_second: 1 } };
    const parsed = parsePredict(toYaml({ traffic, ...config }), 'f.yaml', [], catalogFacts);
    expect(parsed.engine.backend).toBe(backend);
  }
});
