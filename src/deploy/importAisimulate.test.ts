import { describe, expect, test } from 'vitest';
import { catalogFacts } from '../config/facts.ts';
import { parsePredict, parseRecommend } from '../config/loadPredict.ts';
import { toYaml } from '../config/writeYaml.ts';
import { importAisimulate } from './importAisimulate.ts';

/** A trace behind a KV router. */
const TRACE = `traffic:
  source: {type: trace, paths: [traces/day.jsonl], format: mooncake, block_size: 512}
  load: {type: trace_timestamps, speedup: 2}
engine:
  mode: aggregated
  model: Qwen/Qwen3-32B-FP8
  hardware: H200-SXM-141GB
  backend: vllm
  backend_version: "0.24.0"
  context_length: 40960
  workers:
    aggregated:
      parallelism: {replicas: 8, tensor: 2, pipeline: 1, attention_data: 1, moe_tensor: 1, moe_expert: 1}
      scheduler: {max_batched_tokens: 16384, max_sequences: 512}
      kv_cache: {block_size: 64, prefix_caching: true, capacity: {type: default, memory_fraction: 0.9}}
router: {policy: kv_router, overlap_score_credit: 1.0, prefill_load_scale: 1.0, temperature: 0.0, prefill_load_model: {type: none}}
evaluation: {sla: {e2e_ms: 30000}}
`;

/** Prefill and decode apart, with drafts. */
const SPLIT = `traffic:
  source: {type: synthetic, input_tokens: 4096, output_tokens: 512}
  load: {type: poisson, requests_per_second: 12, seed: 7}
  stop: {requests: 5000}
engine:
  mode: disaggregated
  model: deepseek-ai/DeepSeek-R1
  hardware: h200_sxm
  backend: sglang
  context_length: max
  speculation: {kind: mtp, num_speculative_tokens: 2, expected_accepted_tokens: 1.2}
  kv_transfer: {bytes_per_token: auto, bandwidth_gb_per_second: 45, timing_mode: destination_missing}
  workers:
    prefill:
      parallelism: {replicas: 2, tensor: 1, attention_data: 8, moe_tensor: 1, moe_expert: 8}
      scheduler: {max_batched_tokens: 16384, max_sequences: 16}
      startup_seconds: 240
    decode:
      parallelism: {replicas: 1, tensor: 1, attention_data: 16, moe_tensor: 1, moe_expert: 16}
      kv_cache: {block_size: 64, prefix_caching: false, capacity: {type: default, memory_fraction: 0.85}}
router: {policy: round_robin}
evaluation: {sla: {ttft_ms: 2000, itl_ms: 40}}
`;

/** A search. */
const GOAL = `traffic:
  source: {type: synthetic-session, new_input_tokens_per_turn: 800, output_tokens_per_turn: 300, session: {turns: 5, shared_prefix_ratio: 0.4, prefix_groups: 32, inter_turn_delay_ms: 8000}}
  load: {type: poisson, sessions_per_second: {range: {min: 1, max: 8, step: 1, scale: linear}}, seed: 42}
  stop: {sessions_per_load_unit: 60}
engine:
  mode: {choices: [aggregated, disaggregated]}
  model: meta-llama/Llama-3.1-70B
  hardware: auto
  backend: vllm
  workers:
    aggregated: {parallelism: {preset: default}, scheduler: {max_batched_tokens: {choices: [8192, 16384]}, max_sequences: {choices: [256, 512]}}}
    decode: {parallelism: {preset: false, replicas: {range: {min: 1, max: 4, step: 1}}, tensor: {choices: [4, 8]}}, scheduler: {max_sequences: 512}}
evaluation: {sla: {ttft_ms: 800, itl_ms: 35}}
optimization: {target: goodput_per_gpu, hardware: h200_sxm, constraints: {min_candidate_gpus: 4, max_candidate_gpus: 32}}
optimizer: {algorithm: random, max_trials: 64, parallelism: 8, candidate_timeout_seconds: 300, seed: 42}
`;

const refusals = (text: string) =>
  importAisimulate(text, 'a.yaml').notes.refused.map(({ line, path, message }) => `${line} ${path}: ${message}`);

describe('a trace file', () => {
  const { config, notes } = importAisimulate(TRACE, 'a.yaml');
  const parsed = parsePredict(toYaml(config), 'b.yaml', [], catalogFacts);

  test('is a predict file here', () => {
    expect(notes.refused).toEqual([]);
    expect(parsed.traffic.source).toMatchObject({ type: 'trace', path: 'traces/day.jsonl', block_size: 512 });
    expect(parsed.traffic.load).toMatchObject({ type: 'trace_timestamps', speedup: 2 });
    expect(parsed.engine).toMatchObject({ backend_version: '0.24.0', context_length: 40_960 });
    expect(parsed.engine.workers.aggregated![0]).toMatchObject({
      hardware: 'h200_sxm',
      parallelism: { replicas: 8, tensor: 2 },
      scheduler: { max_batched_tokens: 16_384, max_sequences: 512 },
      kv_cache: { block_size: 64, capacity: { memory_fraction: 0.9 } },
    });
    expect(parsed.evaluation.slo).toEqual({ e2e_ms: { p95: 30_000 } });
  });

  test('its KV router is ours with the default weights, which is told', () => {
    expect(parsed.router.policy).toBe('kv_router');
    expect(notes.ignored.map(({ from }) => from)).toContain('router.overlap_score_credit');
  });
});

describe('prefill and decode apart', () => {
  const { config, notes } = importAisimulate(SPLIT, 'a.yaml');
  const parsed = parsePredict(toYaml(config), 'b.yaml', [], catalogFacts);

  test("what is left out takes AISimulate's defaults, not ours", () => {
    expect(notes.refused).toEqual([]);
    const [prefill] = parsed.engine.workers.prefill!;
    const [decode] = parsed.engine.workers.decode!;
    expect(prefill.kv_cache).toMatchObject({ block_size: 1, capacity: { memory_fraction: 0.88 } });
    expect(prefill.scheduler.max_sequences).toBe(16);
    expect(decode.scheduler.max_sequences).toBe(256);
    expect(decode.kv_cache).toMatchObject({
      block_size: 64,
      prefix_caching: false,
      capacity: { memory_fraction: 0.85 },
    });
    expect(parsed.engine.kv_transfer.bandwidth_gb_per_second).toBe(45);
    expect(parsed.seed).toBe(7);
    expect(parsed.traffic.source).toMatchObject({ requests: 5000 });
  });

  test('start-up is one delay', () => {
    const [prefill] = parsed.engine.workers.prefill!;
    expect(prefill.startup).toEqual({
      provisioning_seconds: 240,
      load_gb_per_second: null,
      warmup_seconds: 0,
      warm_replicas: 0,
    });
    expect(parsed.engine.workers.decode![0].startup).toBeUndefined();
  });

  test('its SGLang core does not read the token budget', () => {
    expect(notes.ignored.map(({ from }) => from)).toContain('engine.workers.prefill.scheduler.max_batched_tokens');
    expect(parsed.engine.workers.prefill![0].scheduler.max_batched_tokens).toBe(1024);
  });

  test('accepted tokens count the drafts alone there', () => {
    const { acceptance } = parsed.engine.workers.decode![0].speculation!;
    expect(1 + acceptance[0] + acceptance[0] * acceptance[1]).toBeCloseTo(2.2, 9);
  });
});

test('a search is a recommend file here', () => {
  const { config, notes } = importAisimulate(GOAL, 'a.yaml');
  expect(notes.refused).toEqual([]);
  const parsed = parseRecommend(toYaml(config), 'b.yaml', [], catalogFacts);
  const valuesOf = (path: string) => parsed.domains.find((domain) => domain.path === path)?.values;
  expect(parsed.hardware).toEqual(['h200_sxm']);
  // 5 turns a session.
  expect(valuesOf('traffic.load.requests_per_second')).toEqual([5, 10, 15, 20, 25, 30, 35, 40]);
  expect(valuesOf('engine.workers.aggregated.scheduler.max_batched_tokens')).toEqual([8192, 16_384]);
  expect(valuesOf('engine.workers.decode.parallelism.tensor')).toEqual([4, 8]);
  expect(parsed.traffic.source).toMatchObject({
    requests: 480,
    sessions: { turns: { tokens: 5 } },
    shared_prefix: { groups: 32, tokens: { tokens: 320 } },
  });
  expect(parsed.constraints).toMatchObject({ min_candidate_gpus: 4, max_candidate_gpus: 32 });
  expect(parsed.goal.objectives[0].metric).toBe('goodput_output_tokens_per_s_per_gpu');
});

test('a file without traffic has 100 requests of 1024 and 128 tokens, ten at a time', () => {
  const { config } = importAisimulate('engine: {model: m, hardware: h100_sxm, workers: {aggregated: {}}}', 'a.yaml');
  expect(config.traffic).toEqual({
    load: { type: 'concurrency', concurrency: 10 },
    source: { type: 'synthetic', input_tokens: 1024, output_tokens: 128, requests: 100 },
  });
});

test.each([
  ['planner: {policy: enabled}', '1 planner: its presets are not mapped'],
  ['traffic: {source: {type: trace, paths: [a, b]}}', '1 traffic.source.paths: must be one file here, got 2'],
  ['traffic: {source: {type: trace, paths: [a], format: weka}}', '1 traffic.source.format: "weka" is not read here'],
  ['traffic: {load: {type: kv_capacity_fraction}}', '1 traffic.load.type: "kv_capacity_fraction" is not taken over'],
  [
    'engine:\n  workers: {prefill: {kv_cache: {host_offload: {}}}}',
    '2 engine.workers.prefill.kv_cache.host_offload: KV cache beyond the GPU',
  ],
  [
    'engine: {workers: {decode: {timing: {type: polynomial}}}}',
    '1 engine.workers.decode.timing.type: its uncalibrated polynomial',
  ],
  ['router: {policy: kv_router, temperature: 0.5}', '1 router.temperature: must be 0: weights are no knobs here'],
  ['router: {prefill_load_model: {type: aic}}', '1 router.prefill_load_model.type: predicted prefill load'],
  ['engine: {state_cache: {}}', '1 engine.state_cache: is not modelled'],
  ['engine: {colour: red}', '1 engine.colour: unknown field'],
])('%s is refused at its place', (text, message) => {
  expect(refusals(text).join('\n')).toContain(message);
});
