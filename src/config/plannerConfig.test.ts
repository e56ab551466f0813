import { describe, expect, test } from 'vitest';
import { simulate } from '../../test/support/lawfulSimulation.ts';
import { messageOf } from '../../test/support/messageOf.ts';
import { buildScenario } from './buildScenario.ts';
import { catalogFacts } from './facts.ts';
import { parsePredict } from './loadPredict.ts';
import { generateWorkload, shapeWorkload } from './shapeWorkload.ts';
import { writeYaml } from './writeYaml.ts';

const ONE = 'aggregated: {parallelism: {tensor: 4, replicas: 2}}';
const SPLIT = 'prefill: {parallelism: {tensor: 2}}, decode: {name: d, parallelism: {tensor: 4}}';

const text = (planner: string, workers: string, rest: string) => `traffic:
  source: {type: synthetic, input_tokens: 2000, output_tokens: 100, requests: 60}
  load: {type: poisson, requests_per_second: 20}
engine: {model: meta-llama/Llama-3.1-70B, quantization: fp8, hardware: h100_sxm, context_length: 8192, workers: {
  ${workers}}}
planner: {${planner}}
${rest}
`;
const parse = (planner: string, workers = ONE, rest = '') =>
  parsePredict(text(planner, workers, rest), 'f.yaml', [], catalogFacts);

function build(planner: string, workers = ONE) {
  const config = parse(planner, workers);
  if (config.traffic.source.type === 'trace') throw new Error('the source is synthetic');
  const workload = shapeWorkload(generateWorkload(config.traffic.source, 0), config.traffic, 0, 1000);
  return buildScenario(config, workload, catalogFacts).scenario;
}

describe('a planner section', () => {
  test('takes the defaults of whose planner it is', () => {
    expect(parse('policy: static').planner).toEqual({
      policy: 'static',
      interval_seconds: 5,
      max_gpus: 8,
      min_replicas: { aggregated: 1 },
    });
    expect(parse('policy: sla, scaling: both').planner).toMatchObject({
      ttft_ms: 500,
      itl_ms: 50,
      scale_down_sensitivity: 80,
      throughput_interval_seconds: 180,
      max_throughput_scaling_replicas: 8,
      samples: 64,
      buckets: 16,
      min_observations: 5,
      forecast: { model: 'constant', margin_quantile: null },
    });
    expect(parse('policy: sla, forecast: {model: kalman}').planner).not.toHaveProperty('forecast');
    const { planner } = parse('policy: hpa, targets: [{metric: kv_usage, value: 0.7}]');
    expect(planner).toMatchObject({ interval_seconds: 15, tolerance: 0.1 });
    expect(planner!.scale_down).toEqual({
      stabilization_seconds: 300,
      rates: [{ type: 'percent', value: 100, period_seconds: 15 }],
      select: 'max',
    });
  });

  test('may go from aggregated to prefill and decode, and from router to router', () => {
    const entries = (day: string) => `[{at_seconds: 0, replicas: {aggregated: 1, prefill: 0, d: 0}},
      {at_seconds: 2, replicas: ${day}, router: kv_router}]`;
    const planner = (day: string) =>
      `policy: schedule, interval_seconds: 1, max_gpus: 32, min_replicas: 0, entries: ${entries(day)}`;
    const both = (day: string) =>
      text(planner(day), `aggregated: {parallelism: {tensor: 4}}, ${SPLIT}`, 'router: {policy: least_loaded}').replace(
        'context_length',
        'mode: disaggregated, context_length',
      );
    const config = parsePredict(both('{aggregated: 0, prefill: 1, d: 1}'), 'f.yaml', [], catalogFacts);
    expect(parsePredict(writeYaml(config), 'again.yaml', [], catalogFacts)).toEqual(config);
    if (config.traffic.source.type === 'trace') throw new Error('the source is synthetic');
    const workload = shapeWorkload(generateWorkload(config.traffic.source, 0), config.traffic, 0, 1000);
    const { scenario } = buildScenario(config, workload, catalogFacts);
    expect(scenario.planner!.routers!.map(({ policy }) => policy)).toEqual(['least_loaded', 'kv_router']);
    const { decisions } = simulate(scenario).scaling!;
    expect(decisions.map(({ granted, reason }) => [granted, reason])).toEqual([
      [[1, 0, 0], 'scheduled from 0 s'],
      [[0, 1, 1], 'scheduled from 2 s'],
    ]);
    expect(
      messageOf(() => parsePredict(both('{aggregated: 0, prefill: 1, d: 0}'), 'f.yaml', [], catalogFacts)),
    ).toMatch(/no aggregated or decode replica need be there/);
  });

  test('keeps to the strictest bounds of the SLO', () => {
    const slo =
      'evaluation: {slo: {ttft_ms: {p95: 1500}, itl_ms: {p99: 90}, tpot_ms: {p95: 60}, classes: {chat: {ttft_ms: {p50: 700}}}}}';
    expect(parse('policy: sla', ONE, slo).planner).toMatchObject({ ttft_ms: 700, itl_ms: 60 });
    expect(parse('policy: sla, ttft_ms: 5', ONE, slo).planner).toMatchObject({ ttft_ms: 5, itl_ms: 60 });
  });

  test('becomes what the cluster reads: limits, start-up, replicas at the beginning', () => {
    const { planner, pools } = build(
      'policy: latency, max_gpus: 24, min_replicas: {d: 2}, initial_replicas: {d: 3}, interval_seconds: 2.5',
      'prefill: {parallelism: {tensor: 2}, startup: {load_gb_per_second: null, warmup_seconds: 7, warm_replicas: 1}}, decode: {name: d, parallelism: {tensor: 4}}',
    );
    expect(planner).toMatchObject({ intervalNs: 2.5e9, maxGpus: 24, minReplicas: [1, 2] });
    expect(pools.map(({ replicas }) => replicas)).toEqual([1, 3]);
    expect(pools[0].startup).toEqual({ provisioningNs: 60e9, loadNs: 0, warmupNs: 7e9, warmReplicas: 1 });
    // 70.6 billion weights of a byte, on one node of 4 GPUs, at 2 GB/s; embeddings stay in 16 bit.
    const { loadNs, ...rest } = pools[1].startup!;
    expect(rest).toEqual({ provisioningNs: 60e9, warmupNs: 52e9, warmReplicas: 0 });
    expect(loadNs / 1e9).toBeGreaterThan(35);
    expect(loadNs / 1e9).toBeLessThan(38);
    expect(build('policy: static').pools[0].startup).toMatchObject({ provisioningNs: 60e9 });
  });

  test('lets replicas of the same hardware and parallelism change their roles, where asked to', () => {
    const alike = SPLIT.replace('tensor: 2', 'tensor: 4');
    const day =
      'interval_seconds: 1, initial_replicas: {prefill: 2, d: 1}, max_gpus: 12, policy: schedule, entries: [{at_seconds: 1, replicas: {prefill: 1, d: 2}}]';
    const { planner, pools } = build(`rerole: true, ${day}`, alike);
    expect(new Set(planner!.kinds).size).toBe(1);
    expect(planner!.kinds).toHaveLength(pools.length);
    expect(build(day, alike).planner).not.toHaveProperty('kinds');
    expect(parse(`rerole: false, ${day}`, alike)).toEqual(parse(day, alike));
    const { scaling } = simulate(build(`rerole: true, ${day}`, alike));
    expect(scaling!.reroled).toBe(1);
    expect(scaling!.decisions[0].reason).toMatch(/; 1 of prefill to d$/);
    const config = parse(`rerole: true, ${day}`, alike);
    expect(parsePredict(writeYaml(config), 'g.yaml', [], catalogFacts)).toEqual(config);
  });

  test('refuses a change of roles between replicas that differ', () => {
    const none =
      "no two pools have the same hardware, parallelism and speculation: no replica can take another's role (false)";
    for (const workers of [
      ONE,
      SPLIT,
      SPLIT.replace('tensor: 2', 'tensor: 4, moe_tensor: 4').replace('tensor: 4}', 'tensor: 2}'),
    ]) {
      expect(messageOf(() => parse('policy: static, rerole: true', workers))).toContain(`planner.rerole: ${none}`);
    }
  });

  test('runs, each policy of it, and comes back from the YAML it is written as', () => {
    const policies = [
      'policy: static',
      'policy: throughput, interval_seconds: 0.5',
      'policy: latency, interval_seconds: 0.5',
      'policy: sla, interval_seconds: 0.5, ttft_ms: 20',
      'policy: sla, scaling: both, interval_seconds: 0.5, throughput_interval_seconds: 1, forecast: {model: holt_winters, season_seconds: 3, margin_quantile: 0.9}',
      'policy: sla, scaling: throughput, interval_seconds: 1, throughput_interval_seconds: 1, forecast: {model: kalman, min_points: 2}',
      'policy: hpa, interval_seconds: 0.5, targets: [{metric: requests, value: 1}], scale_up: {rates: []}',
      'policy: schedule, interval_seconds: 0.5, entries: [{at_seconds: 1, replicas: {aggregated: 1}}]',
    ];
    for (const policy of policies) {
      const config = parse(policy);
      expect(parsePredict(writeYaml(config), 'g.yaml', [], catalogFacts)).toEqual(config);
      expect(simulate(build(policy)).scaling, policy).not.toBeNull();
    }
  });

  test('a schedule entry leaves pools it does not name as they were', () => {
    const { planner } = build(
      'policy: schedule, max_gpus: 99, entries: [{at_seconds: 1, replicas: {d: 3}}, {at_seconds: 2, replicas: {prefill: 2}}]',
      SPLIT,
    );
    const at = (nowNs: number) =>
      planner!.createPolicy().decide({ nowNs, unrouted: 0, pools: [], traffic: {} as never }).replicas;
    expect([at(0), at(1e9), at(2e9)]).toEqual([
      [1, 1],
      [1, 3],
      [2, 3],
    ]);
  });

  test.each([
    [
      'policy: magic',
      '6:19 planner.policy: must be one of static, schedule, throughput, latency, sla, hpa, got "magic"',
    ],
    ['policy: static, tolerance: 0.2', '6:38 planner.tolerance: static has no such setting (policy hpa has)'],
    [
      'policy: static, max_gpus: 7',
      '6:37 planner.max_gpus: must be at least the 8 GPUs there are at the beginning, got 7',
    ],
    ['policy: static, min_replicas: 3', '6:1 planner.max_gpus: must be at least the 12 GPUs of min_replicas, got 8'],
    ['policy: static, min_replicas: {b: 1}', '6:45 planner.min_replicas.b: no pool is called "b" (pools: aggregated)'],
    [
      'policy: static, min_replicas: 0',
      '6:41 planner.min_replicas: no aggregated replica need be there: requests might wait for ever (keep one)',
    ],
    ['policy: hpa', '6:1 planner.targets: required: what to aim at ([{metric: requests, value: 20}])'],
    [
      'policy: schedule',
      '6:1 planner.entries: required: when how many replicas ([{at_seconds: 0, replicas: {aggregated: 2}}])',
    ],
    ['policy: sla, buckets: 15', '6:33 planner.buckets: must be a square number, got 15'],
    [
      'policy: sla, scaling: both, interval_seconds: 7',
      '6:1 planner.throughput_interval_seconds: must be a multiple of interval_seconds (7), got 180',
    ],
    [
      'policy: sla, scaling: both, forecast: {alpha: 0.1}',
      '6:57 planner.forecast.alpha: constant has no such setting (model holt_winters has)',
    ],
    [
      'policy: schedule, period_seconds: 5, entries: [{at_seconds: 5, replicas: {aggregated: 1}}]',
      '6:71 planner.entries.0.at_seconds: must be less than the period of 5 s, got 5',
    ],
  ])('%s is refused in one line', (planner, message) => {
    expect(messageOf(() => parse(planner))).toBe(`f.yaml:${message}`);
  });
});
