import fc from 'fast-check';
import { expect, test } from 'vitest';
import { randomEngine } from '../../test/support/randomEngine.ts';
import { testFacts } from '../../test/support/testFacts.ts';
import { configJsonSchema } from './jsonSchema.ts';
import { parsePredict } from './loadPredict.ts';
import type { PredictConfig } from './predictConfig.ts';
import { mapPaths, toYaml, writeYaml } from './writeYaml.ts';

const count = fc.integer({ min: 1, max: 1e6 });
const positive = fc.double({ min: 1e-9, max: 1e12, noNaN: true });
const name = fc.string({ minLength: 1, maxLength: 12 });
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
const length = fc.oneof(
  fc.record({ type: fc.constant('fixed'), tokens: count }),
  fc.tuple(count, count).map(([a, b]) => ({ type: 'uniform', min: Math.min(a, b), max: Math.max(a, b) })),
  fc.record({ type: fc.constant('lognormal'), median: positive, sigma: positive, min: fc.constant(1), max: count }),
);
const source = fc.oneof(
  fc.record({
    type: fc.constant('synthetic'),
    input_tokens: length,
    output_tokens: length,
    requests: count,
    shared_prefix: optional(fc.record({ groups: count, tokens: length })),
    sessions: optional(
      fc.record({ turns: length, think_seconds: fc.record({ type: fc.constant('exponential'), mean: positive }) }),
    ),
    block_size: count,
  }),
  fc.record({ type: fc.constant('preset'), name: fc.constantFrom('chat', 'rag'), requests: count }),
  fc.record({
    type: fc.constant('trace'),
    path: name,
    format: fc.constant('csv'),
    block_size: count,
    columns: fc.record(
      { timestamp: name, input_tokens: name, output_tokens: name, session_id: name },
      { requiredKeys: ['timestamp', 'input_tokens', 'output_tokens'] },
    ),
    timestamp_unit: fc.constantFrom('ms', 's', 'datetime'),
    skip_bad_lines: fc.boolean(),
  }),
);
const load = fc.oneof(
  fc.record({ type: fc.constant('gamma'), requests_per_second: positive, burstiness: positive }),
  fc.record({ type: fc.constant('concurrency'), concurrency: count }),
);
const risingPoints = fc
  .uniqueArray(count, { minLength: 1, maxLength: 3 })
  .chain((at) => fc.array(positive, { minLength: at.length, maxLength: at.length }).map((ms) => [at, ms]))
  .map(([at, ms]) => {
    const rising = [...ms].sort((a, b) => a - b);
    return [...at].sort((a, b) => a - b).map((value, index): [number, number] => [value, rising[index]]);
  });
const timing = fc.oneof(
  fc.constant({ type: 'roofline', calibration: null }),
  fc.record({ type: fc.constant('fixed'), prefill_ms: positive, decode_ms: positive }),
  risingPoints.map((points) => ({
    type: 'table',
    prefill: points.map(([tokens, ms]) => ({ tokens, ms })),
    decode: points.map(([context, ms]) => ({ sequences: 1, context, ms })),
  })),
);
const worker = fc
  .record({
    hardware: fc.constantFrom('h100_sxm', 'l4'),
    replicas: count,
    tensor: fc.constantFrom(1, 2, 4, 8),
    scheduler: fc.record({
      max_batched_tokens: fc.integer({ min: 1e5, max: 1e6 }),
      max_sequences: fc.integer({ min: 1, max: 1e5 }),
      chunked_prefill: fc.constant(true),
      async: fc.boolean(),
      policy: fc.constantFrom('fcfs', 'priority'),
      long_prefill_token_threshold: fc.nat(1e6),
      watermark: fc.constantFrom(0, 0.01),
      prefill_interval: count,
    }),
    kv_cache: fc.record({
      block_size: fc.constantFrom(16, 64),
      prefix_caching: fc.boolean(),
      dtype: fc.constantFrom('auto', 'fp8'),
      capacity: fc.oneof(fc.record({ tokens: count }), fc.record({ memory_fraction: fc.constant(0.9) })),
    }),
    speculation: optional(
      fc.record({
        method: fc.constantFrom('mtp', 'eagle'),
        draft_tokens: fc.constant(2),
        acceptance: fc.constant([0.8, 0.5]),
        draft_model: optional(name),
      }),
    ),
    cuda_graphs: fc.oneof(fc.record({ max_size: fc.nat(512) }), fc.constant({ sizes: [1, 2, 4] })),
    timing,
  })
  .map(({ replicas, tensor, ...rest }) => ({
    ...rest,
    parallelism: { replicas, tensor, pipeline: 1, attention_data: 1, moe_tensor: 1, moe_expert: 1 },
  }));
const workers = fc.uniqueArray(name, { minLength: 2, maxLength: 3 }).chain((names) =>
  fc.array(worker, { minLength: names.length, maxLength: names.length }).map((pools) => {
    const named = pools.map((pool, index) => ({ ...pool, name: names[index] }));
    return { prefill: named.slice(0, 1), decode: named.slice(1) };
  }),
);
const edge = fc.oneof(fc.record({ requests: fc.nat() }), fc.record({ seconds: positive }));
const config = fc.record({
  seed: fc.nat(),
  traffic: fc.record({
    source,
    load,
    stop: fc.record({ requests: optional(count), max_virtual_time_seconds: optional(positive) }),
    over_length: fc.constantFrom('reject', 'drop', 'truncate'),
    max_output_tokens: fc.oneof(fc.constantFrom('exact', 'context'), fc.record({ fixed: count })),
    ignore_eos: fc.boolean(),
  }),
  engine: fc.record({
    mode: fc.constant('disaggregated'),
    model: fc.constant('test/dense'),
    backend: fc.constant('vllm'),
    backend_version: fc.constant('0.28.0'),
    quantization: fc.constantFrom('checkpoint', 'fp8'),
    context_length: optional(fc.integer({ min: 1, max: 1e5 })),
    workers,
    kv_transfer: fc.record({ bandwidth_gb_per_second: optional(positive), latency_ms: positive }),
  }),
  router: fc.record({ policy: fc.constantFrom('random', 'prefix_aware') }),
  evaluation: fc.record({
    slo: optional(
      fc.record({
        ttft_ms: fc.record({ p95: positive }),
        classes: fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.record({ e2e_ms: fc.record({ mean: positive }) })),
      }),
    ),
    window: fc.record({ warmup: edge, cooldown: edge }),
  }),
  cost: fc.record({ usd_per_gpu_hour: fc.oneof(optional(positive), fc.record({ h100_sxm: positive })) }),
}) as unknown as fc.Arbitrary<PredictConfig>;

test('a written configuration is read back as it was', () => {
  fc.assert(
    fc.property(config, (written) => {
      const text = writeYaml(written, ['A header.', '', 'seed: 99']);
      expect(parsePredict(text, 'f.yaml', [], testFacts)).toEqual(written);
    }),
    { numRuns: 200 },
  );
});

test('what any backend and version resolves to is read back as it was', () => {
  const traffic = { source: { type: 'preset', name: 'chat' }, load: { type: 'poisson', requests_per_second: 1 } };
  fc.assert(
    fc.property(randomEngine, (engine) => {
      const resolved = parsePredict(toYaml({ traffic, engine }), 'f.yaml', [], testFacts);
      expect(parsePredict(writeYaml(resolved), 'f.yaml', [], testFacts)).toEqual(resolved);
    }),
    { numRuns: 300 },
  );
});

test('files can be told from ids when a configuration moves', () => {
  const text = `traffic:
  source: {type: trace, path: traces/a.jsonl}
engine: {model: test/dense, hardware: ./gpu.yaml, workers: {aggregated: {}}}
`;
  const facts = { ...testFacts, hardware: () => testFacts.hardware('l4') };
  const moved = mapPaths(parsePredict(text, 'f.yaml', [], facts), (path) => `../${path}`);
  expect(moved.traffic.source).toMatchObject({ path: '../traces/a.jsonl' });
  expect(moved.engine.model).toBe('test/dense');
  expect(moved.engine.workers.aggregated![0].hardware).toBe('.././gpu.yaml');
});

/** What stands at a path of keys. */
function at(tree: unknown, ...path: string[]): unknown {
  return path.reduce((node, key) => (node as Record<string, unknown>)[key], tree);
}

test('the JSON Schema carries bounds, units, flags and defaults, and refuses unknown keys', () => {
  const schema = configJsonSchema('predict');
  expect(schema.additionalProperties).toBe(false);
  expect(schema.required).toEqual(['traffic', 'engine']);
  const decode = ['properties', 'engine', 'properties', 'workers', 'properties', 'decode', 'anyOf'];
  const pool = [...decode, '0', 'properties'];
  expect(at(schema, ...decode, '1', 'type')).toBe('array');
  expect(at(schema, ...pool, 'scheduler', 'properties', 'max_batched_tokens')).toMatchObject({
    type: 'integer',
    minimum: 1,
    'x-flags': { vllm: '--max-num-batched-tokens', sglang: '--chunked-prefill-size', trtllm: '--max_num_tokens' },
    'x-unit': 'tokens',
  });
  expect(at(schema, ...pool, 'kv_cache', 'properties', 'capacity', 'properties', 'memory_fraction')).toMatchObject({
    exclusiveMinimum: 0,
    maximum: 1,
  });
  const policy = ['properties', 'router', 'properties', 'policy'];
  expect(at(configJsonSchema('recommend'), ...policy, 'anyOf', '1', 'required')).toEqual(['choices']);
});
