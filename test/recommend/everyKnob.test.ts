/** Every knob that may be a domain, searched over: both values are tried, all runs end, and each is as the file says. */
import { describe, expect, it } from 'vitest';
import { catalogFacts } from '../../src/config/facts.ts';
import type { Knob } from '../../src/config/knob.ts';
import { KNOBS } from '../../src/config/knobs.ts';
import { parseRecommend } from '../../src/config/loadPredict.ts';
import { valueAt, withValue } from '../../src/config/paths.ts';
import type { RecommendConfig } from '../../src/config/recommendConfig.ts';
import { enumerateCandidates } from '../../src/recommend/candidates.ts';
import { memoryPlanner } from '../../src/recommend/memoryRefusal.ts';
import { answerTo } from './support.ts';

type Fields = Readonly<Record<string, unknown>>;

const W = 'engine.workers.aggregated';
const BASE_WORKER = { parallelism: { replicas: 1, tensor: 1 }, scheduler: { max_batched_tokens: 2048 } };
const BASE: Fields = {
  'traffic.source': { type: 'preset', name: 'chat', requests: 12 },
  'traffic.load': { type: 'poisson', requests_per_second: 4 },
  'engine.mode': 'aggregated',
  'engine.model': 'Qwen/Qwen3-8B',
  'engine.hardware': 'h100_sxm',
  [W]: BASE_WORKER,
  'router.policy': 'least_loaded',
};
const MOE = {
  'engine.model': 'Qwen/Qwen3-30B-A3B',
  [`${W}.parallelism`]: { replicas: 1, tensor: 2, attention_data: 1, moe_expert: 1 },
};
const SPLIT = {
  'engine.mode': 'disaggregated',
  'engine.workers': {
    prefill: BASE_WORKER,
    decode: { parallelism: { replicas: 1, tensor: 1 } },
  },
};
const BOTH = { 'engine.workers': { aggregated: BASE_WORKER, ...SPLIT['engine.workers'] } };
const SGLANG = { 'engine.backend': 'sglang' };
const TRTLLM = { 'engine.backend': 'trtllm' };
const DRAFTS = { [`${W}.speculation`]: { method: 'eagle', draft_tokens: 2, acceptance: 0.6 } };
const TIERS = {
  [`${W}.kv_cache.tiers`]: {
    host: { capacity_gb_per_gpu: 4 },
    disk: { capacity_gb_per_gpu: 8 },
    shared: { capacity_gb: 8 },
  },
};
const KV_ROUTER = { 'router.policy': 'kv_router', 'router.queue_threshold': 1, [`${W}.parallelism.replicas`]: 2 };
const planner = (policy: string, more: Fields = {}): Fields => ({ planner: { policy, max_gpus: 4, ...more } });
const SLA = planner('sla', { scaling: 'both', interval_seconds: 5, throughput_interval_seconds: 60 });
const forecast = (model: string) => planner('sla', { scaling: 'both', forecast: { model } });
const HPA = planner('hpa', { targets: [{ metric: 'requests', value: 4 }] });

/** Two values of each knob, and what must stand beside it. */
const CASES: Readonly<Record<string, readonly [a: unknown, b: unknown, beside?: Fields]>> = {
  'traffic.load.requests_per_second': [2, 4],
  'traffic.load.concurrency': [2, 4, { 'traffic.load': { type: 'concurrency' } }],
  'engine.mode': ['aggregated', 'disaggregated', BOTH],
  'engine.hardware': ['h100_sxm', 'l40s'],
  'engine.backend': ['vllm', 'trtllm'],
  'engine.quantization': ['bf16', 'fp8'],
  'engine.context_length': [8192, 16384],
  'engine.kv_transfer.bandwidth_gb_per_second': [10, 50, SPLIT],
  'engine.kv_transfer.latency_ms': [0, 5, SPLIT],
  'engine.kv_transfer.order': ['source_first', 'destination_first', SPLIT],
  'engine.kv_transfer.streaming': [false, true, { ...SPLIT, 'engine.kv_transfer.order': 'destination_first' }],
  'engine.kv_transfer.timeout_seconds': [300, 480, SPLIT],
  'engine.kv_transfer.local_prefill_tokens': [0, 512, SPLIT],
  'engine.kv_transfer.local_prefill_queue': [1, 4, SPLIT],
  [`${W}.hardware`]: ['h100_sxm', 'l40s'],
  [`${W}.parallelism.replicas`]: [1, 2],
  [`${W}.parallelism.tensor`]: [1, 2],
  [`${W}.parallelism.pipeline`]: [1, 2],
  [`${W}.parallelism.attention_data`]: [1, 2, MOE],
  [`${W}.parallelism.moe_tensor`]: [2, 1, { ...MOE, [`${W}.parallelism.moe_expert`]: { choices: [1, 2] } }],
  [`${W}.parallelism.moe_expert`]: [1, 2, MOE],
  [`${W}.parallelism.moe_exchange`]: ['gather', 'all_to_all', MOE],
  [`${W}.parallelism.moe_imbalance`]: [0, 0.5, MOE],
  [`${W}.scheduler.max_batched_tokens`]: [2048, 8192],
  [`${W}.scheduler.max_sequences`]: [4, 64],
  [`${W}.scheduler.chunked_prefill`]: [true, false, { 'engine.context_length': 2048 }],
  [`${W}.scheduler.async`]: [true, false],
  [`${W}.scheduler.policy`]: ['fcfs', 'priority'],
  [`${W}.scheduler.long_prefill_token_threshold`]: [0, 512],
  [`${W}.scheduler.watermark`]: [0, 0.05],
  [`${W}.scheduler.prefill_interval`]: [1, 2],
  [`${W}.scheduler.max_prefill_tokens`]: [4096, 16384, SGLANG],
  [`${W}.scheduler.mixed_batches`]: [false, true, SGLANG],
  [`${W}.scheduler.conservativeness`]: [0.5, 1, SGLANG],
  [`${W}.scheduler.polling_interval`]: [1, 10, SGLANG],
  [`${W}.scheduler.prefill_delay_passes`]: [0, 2, SGLANG],
  [`${W}.scheduler.capacity_policy`]: ['GUARANTEED_NO_EVICT', 'MAX_UTILIZATION', TRTLLM],
  [`${W}.scheduler.chunking_policy`]: ['FIRST_COME_FIRST_SERVED', 'EQUAL_PROGRESS', TRTLLM],
  [`${W}.scheduler.batch_wait_iterations`]: [0, 2, { ...TRTLLM, [`${W}.scheduler.batch_wait_tokens_ratio`]: 0.5 }],
  [`${W}.scheduler.batch_wait_tokens_ratio`]: [0, 0.5, { ...TRTLLM, [`${W}.scheduler.batch_wait_iterations`]: 2 }],
  [`${W}.scheduler.balance`]: [false, true, { ...MOE, ...TRTLLM }],
  [`${W}.scheduler.balance_timeout_iterations`]: [1, 2, TRTLLM],
  [`${W}.scheduler.balance_wait_iterations`]: [1, 2, TRTLLM],
  [`${W}.kv_cache.block_size`]: [16, 32],
  [`${W}.kv_cache.prefix_caching`]: [true, false],
  [`${W}.kv_cache.dtype`]: ['auto', 'fp8'],
  [`${W}.kv_cache.capacity.memory_fraction`]: [0.8, 0.9],
  [`${W}.kv_cache.capacity.blocks`]: [4000, 8000],
  [`${W}.kv_cache.capacity.tokens`]: [64_000, 128_000],
  [`${W}.kv_cache.capacity.bytes`]: [10e9, 20e9],
  [`${W}.kv_cache.tiers.onboarding`]: ['blocking', 'overlap', TIERS],
  [`${W}.kv_cache.tiers.host.capacity_gb_per_gpu`]: [0, 4],
  [`${W}.kv_cache.tiers.host.gb_per_second_per_gpu`]: [10, 20, TIERS],
  [`${W}.kv_cache.tiers.host.latency_ms`]: [0, 1, TIERS],
  [`${W}.kv_cache.tiers.host.write`]: ['through', 'on_eviction', TIERS],
  [`${W}.kv_cache.tiers.disk.capacity_gb_per_gpu`]: [0, 4],
  [`${W}.kv_cache.tiers.disk.gb_per_second_per_gpu`]: [10, 20, TIERS],
  [`${W}.kv_cache.tiers.disk.latency_ms`]: [0, 1, TIERS],
  [`${W}.kv_cache.tiers.disk.write`]: ['through', 'on_eviction', TIERS],
  [`${W}.kv_cache.tiers.shared.capacity_gb`]: [0, 4],
  [`${W}.kv_cache.tiers.shared.gb_per_second`]: [10, 20, TIERS],
  [`${W}.kv_cache.tiers.shared.latency_ms`]: [0, 1, TIERS],
  [`${W}.kv_cache.tiers.shared.write`]: ['through', 'on_eviction', TIERS],
  [`${W}.speculation.method`]: ['eagle', 'ngram', DRAFTS],
  [`${W}.speculation.draft_tokens`]: [0, 3, DRAFTS],
  [`${W}.cuda_graphs.max_size`]: [0, 64],
  [`${W}.cuda_graphs.padding`]: [true, false, TRTLLM],
  'router.policy': ['round_robin', 'kv_router', { [`${W}.parallelism.replicas`]: 2 }],
  'router.overlap_score_credit': [0, 1, KV_ROUTER],
  'router.host_credit': [0, 1, KV_ROUTER],
  'router.disk_credit': [0, 1, KV_ROUTER],
  'router.shared_credit': [0, 1, KV_ROUTER],
  'router.overlap_credit_decay': [0, 1, KV_ROUTER],
  'router.prefill_load_scale': [0, 1, KV_ROUTER],
  'router.active_request_weight': [0, 1, KV_ROUTER],
  'router.temperature': [0, 1, KV_ROUTER],
  'router.use_kv_events': [true, false, KV_ROUTER],
  'router.ttl_seconds': [60, 120, { ...KV_ROUTER, 'router.use_kv_events': false }],
  'router.prefill_load_model': ['none', 'timing', KV_ROUTER],
  'router.session_affinity_seconds': [10, 60, KV_ROUTER],
  'router.report_interval_ms': [10, 100, KV_ROUTER],
  'router.queue_threshold': [1, 4, KV_ROUTER],
  'router.queue_policy': ['fcfs', 'wspt', KV_ROUTER],
  'router.max_in_flight': [100, 200],
  'router.max_kv_usage': [0.8, 0.9],
  'network.gpus_per_node': [4, 8, SPLIT],
  'network.scale_up_gpus': [1, 8, SPLIT],
  'network.scale_up_gb_per_second': [200, 400, SPLIT],
  'network.nics_per_node': [4, 8, SPLIT],
  'network.nic_gb_per_second': [12.5, 50, SPLIT],
  'network.nodes_per_leaf': [1, 2, SPLIT],
  'network.oversubscription': [1, 2, SPLIT],
  'planner.policy': ['static', 'sla', planner('static')],
  'planner.interval_seconds': [5, 10, planner('sla')],
  'planner.max_gpus': [2, 4, planner('sla')],
  'planner.min_replicas': [1, 2, planner('sla')],
  'planner.rerole': [false, true, { ...SPLIT, ...planner('sla') }],
  'planner.period_seconds': [
    60,
    120,
    planner('schedule', { entries: [{ at_seconds: 0, replicas: { aggregated: 1 } }] }),
  ],
  'planner.scaling': ['load', 'both', planner('sla')],
  'planner.ttft_ms': [200, 400, SLA],
  'planner.itl_ms': [20, 40, SLA],
  'planner.scale_down_sensitivity': [50, 80, SLA],
  'planner.throughput_interval_seconds': [60, 120, SLA],
  'planner.max_throughput_scaling_replicas': [1, 8, SLA],
  'planner.samples': [32, 64, SLA],
  'planner.buckets': [4, 16, SLA],
  'planner.min_observations': [3, 5, SLA],
  'planner.forecast.model': ['constant', 'holt_winters', SLA],
  'planner.forecast.alpha': [0.3, 0.5, forecast('holt_winters')],
  'planner.forecast.beta': [0.1, 0.2, forecast('holt_winters')],
  'planner.forecast.gamma': [0.1, 0.2, forecast('holt_winters')],
  'planner.forecast.season_seconds': [0, 360, forecast('holt_winters')],
  'planner.forecast.q_level': [0.5, 1, forecast('kalman')],
  'planner.forecast.q_trend': [0.1, 0.2, forecast('kalman')],
  'planner.forecast.r': [5, 10, forecast('kalman')],
  'planner.forecast.min_points': [3, 5, forecast('kalman')],
  'planner.forecast.margin_quantile': [0.5, 0.9, SLA],
  'planner.targets.0.value': [4, 8, HPA],
  'planner.tolerance': [0.1, 0.2, HPA],
};

/** A goal whose knobs are set, `path` to a domain. */
function goal(path: string, domain: unknown, beside: Fields = {}, more: Fields = {}): RecommendConfig {
  let document: unknown = {};
  for (const [at, value] of Object.entries({ ...BASE, ...beside, ...more, 'optimizer.algorithm': 'exhaustive' })) {
    document = withValue(document, steps(at), value, at);
  }
  document = withValue(document, steps(path), domain, path);
  return parseRecommend(JSON.stringify(document), 'goal.yaml', [], catalogFacts);
}

const steps = (path: string) => path.split('.').map((step) => (/^\d+$/.test(step) ? Number(step) : step));
const spaceOf = (config: RecommendConfig) => enumerateCandidates(config, catalogFacts, memoryPlanner(catalogFacts));
/** A path of the file in a resolved configuration, where pools are lists. */
const resolved = (path: string) =>
  (path === 'engine.hardware' ? `${W}.hardware` : path).replace(/^(engine\.workers\.\w+)\./, '$1.0.');
/** Values that resolve to the field's being left out. */
const OFF = [`${W}.speculation.draft_tokens 0`, 'planner.rerole false'];

it('has a case for every knob that may vary', () => {
  const tunable = (KNOBS as readonly Knob[]).filter((knob) => knob.tunable === true).map(({ path }) => path);
  const general = Object.keys(CASES).map((path) => path.replace(W, 'engine.workers.<role>').replace(/\.\d+\./, '.'));
  expect(general.sort()).toEqual(tunable.sort());
});

describe('a search over', () => {
  it.each(Object.entries(CASES))('%s', async (path, [a, b, beside]) => {
    const config = goal(path, { choices: [a, b] }, beside);
    const space = spaceOf(config);
    expect(space.size).toBe(2);
    // Slices of experts and whole experts share the GPUs of a replica: half of the product has none for one of them.
    if (!path.endsWith('moe_tensor')) expect(space.refusals).toEqual([]);
    for (const [index, candidate] of [...space.configs()].entries()) {
      const value = valueAt(candidate, resolved(path));
      const given = [a, b][index];
      if (path === 'planner.min_replicas') expect(value).toEqual({ aggregated: given });
      else expect(value).toBe(OFF.includes(`${path} ${given}`) ? undefined : given);
    }
    const { tried, points } = await answerTo(config);
    expect([tried.failed, tried.not_run, tried.full + tried.duplicate]).toEqual([0, 0, space.size]);
    expect(points.length).toBeGreaterThan(0);
  });
});

describe('a knob that not every candidate reads', () => {
  const sizes = (path: string, domain: unknown, beside: Fields) => {
    const space = spaceOf(goal(path, domain, beside));
    return [space.size, space.enumerated];
  };

  it('varies where its policy, engine or mode reads it, and is left out elsewhere', () => {
    const policies = { 'router.policy': { choices: ['round_robin', 'kv_router'] }, [`${W}.parallelism.replicas`]: 2 };
    expect(sizes('router.temperature', { choices: [0, 0.5, 1] }, policies)).toEqual([4, 4]);
    const engines = { 'engine.backend': { choices: ['vllm', 'sglang'] } };
    expect(sizes(`${W}.scheduler.polling_interval`, { choices: [1, 10] }, engines)).toEqual([3, 3]);
    const modes = { ...BOTH, 'engine.mode': { choices: ['aggregated', 'disaggregated'] } };
    expect(sizes('engine.kv_transfer.latency_ms', { choices: [0, 5] }, modes)).toEqual([3, 3]);
    const planners = { planner: { policy: { choices: ['static', 'sla', 'throughput'] }, max_gpus: 4 } };
    expect(sizes('planner.ttft_ms', { choices: [100, 200, 400] }, planners)).toEqual([5, 5]);
  });

  it('does not forbid the others where it is fixed', () => {
    const beside = { ...KV_ROUTER, 'router.policy': { choices: ['round_robin', 'kv_router'] } };
    expect(sizes('router.temperature', 0.5, beside)).toEqual([2, 2]);
    const alone = { ...KV_ROUTER, 'router.policy': 'round_robin' };
    expect(spaceOf(goal('router.temperature', 0.5, alone)).refusals[0].reason).toContain(
      'round_robin has no such setting',
    );
  });

  it('does not forbid the others where it stands in a list', () => {
    const policies = {
      policy: { choices: ['static', 'hpa'] },
      max_gpus: 4,
      targets: [{ metric: 'requests', value: 4 }],
    };
    expect(sizes('planner.scale_down.stabilization_seconds', 60, { planner: policies })).toEqual([2, 2]);
  });

  it('varies where the user says', () => {
    const when = { [`${W}.parallelism.tensor`]: 2 };
    const beside = { [`${W}.parallelism`]: { replicas: 1, tensor: { choices: [1, 2] } } };
    const space = spaceOf(goal(`${W}.scheduler.watermark`, { choices: [0, 0.05], when }, beside));
    const [first, ...others] = [...space.configs()].map(({ engine }) => engine.workers.aggregated![0]);
    expect([first.parallelism.tensor, others.map(({ scheduler }) => scheduler.watermark)]).toEqual([1, [0, 0.05]]);
    const elsewhere = { 'engine.workers.decode.parallelism.tensor': 2 };
    expect(() => goal(`${W}.scheduler.watermark`, { choices: [0, 0.05], when: elsewhere }, beside)).toThrow(
      'must be shared by all workers, or of the same role',
    );
  });

  it('keeps a planner within its budget, whatever the two sides begin with', () => {
    const beside = {
      ...SPLIT,
      planner: { policy: 'sla', max_gpus: 3 },
      'engine.workers.decode.parallelism.replicas': { choices: [1, 2] },
    };
    const space = spaceOf(goal('engine.workers.prefill.parallelism.replicas', { choices: [1, 2] }, beside));
    expect([space.size, space.refusals[0].reason]).toEqual([3, expect.stringContaining('planner.max_gpus')]);
    const tight = { 'optimization.constraints.max_candidate_gpus': 2 };
    expect(spaceOf(goal('planner.max_gpus', { choices: [2, 3] }, planner('sla'), tight)).size).toBe(1);
  });
});
