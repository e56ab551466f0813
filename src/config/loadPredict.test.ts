import { describe, expect, test } from 'vitest';
import { messageOf } from '../../test/support/messageOf.ts';
import { testFacts } from '../../test/support/testFacts.ts';
import { parseSet } from './inputDocument.ts';
import { parsePredict } from './loadPredict.ts';

const GOOD = `seed: 7
traffic:
  source:
    type: synthetic
    input_tokens: 1000
    output_tokens: {type: uniform, min: 10, max: 90}
  load: {type: poisson, requests_per_second: 3}
engine:
  model: test/dense
  hardware: h100_sxm
  workers:
    aggregated:
      parallelism: {replicas: 2, tensor: 4}
evaluation:
  slo:
    ttft_ms: {p95: 1500}
`;

/** A mistake: what to replace in the good file, by what, and the whole rendered error. */
const MISTAKES: readonly (readonly [name: string, find: string, replace: string, error: string])[] = [
  [
    'a negative rate',
    'second: 3}',
    'second: -3}',
    'f.yaml:7:46 traffic.load.requests_per_second: must be greater than 0, got -3',
  ],
  [
    'a rate of infinity',
    'second: 3}',
    'second: .inf}',
    'f.yaml:7:46 traffic.load.requests_per_second: must be a number, got Infinity',
  ],
  [
    'a text for a number',
    'second: 3}',
    'second: fast}',
    'f.yaml:7:46 traffic.load.requests_per_second: must be a number, got "fast"',
  ],
  [
    'a fraction of a GPU',
    'tensor: 4',
    'tensor: 0.5',
    'f.yaml:13:42 engine.workers.aggregated.parallelism.tensor: must be a whole number, got 0.5',
  ],
  [
    'no replicas',
    'replicas: 2',
    'replicas: 0',
    'f.yaml:13:31 engine.workers.aggregated.parallelism.replicas: must be at least 1, got 0',
  ],
  [
    'an unknown key',
    'aggregated:',
    'agregated:',
    'f.yaml:12:5 engine.workers.agregated: unknown key (did you mean "aggregated"?)',
  ],
  ['an unknown key nobody can guess', 'seed: 7', 'seed: 7\ncolour: red', 'f.yaml:2:1 colour: unknown key'],
  [
    'an unknown key of a union',
    'max: 90',
    'max: 90, mean: 3',
    'f.yaml:6:54 traffic.source.output_tokens.mean: unknown key',
  ],
  [
    'an unknown type',
    'poisson',
    'poison',
    'f.yaml:7:16 traffic.load.type: must be one of trace_timestamps, poisson, gamma, constant, concurrency, got "poison" (did you mean "poisson"?)',
  ],
  [
    'no type and nothing that implies one',
    'type: poisson, requests_per_second: 3',
    'burstiness: 2',
    'f.yaml:7:3 traffic.load.type: required: one of trace_timestamps, poisson, gamma, constant, concurrency',
  ],
  ['a missing field', ', requests_per_second: 3', '', 'f.yaml:7:3 traffic.load.requests_per_second: required'],
  [
    'a length that is none',
    'input_tokens: 1000',
    'input_tokens: many',
    'f.yaml:5:19 traffic.source.input_tokens: must be a number or a mapping, got "many"',
  ],
  [
    'a length of zero',
    'input_tokens: 1000',
    'input_tokens: 0',
    'f.yaml:5:19 traffic.source.input_tokens: must be at least 1, got 0',
  ],
  [
    'a range upside down',
    'max: 90',
    'max: 9',
    'f.yaml:6:50 traffic.source.output_tokens.max: must be at least min (10), got 9',
  ],
  [
    'no load',
    '  load: {type: poisson, requests_per_second: 3}\n',
    '',
    'f.yaml:2:1 traffic.load: required: how the synthetic requests arrive (e.g. {type: poisson, requests_per_second: 2}, or the flag --rps or --concurrency)',
  ],
  [
    'trace arrivals without a trace',
    '{type: poisson, requests_per_second: 3}',
    '{type: trace_timestamps}',
    'f.yaml:7:16 traffic.load.type: trace_timestamps needs a trace, the source is synthetic',
  ],
  [
    'an unknown model',
    'test/dense',
    'test/dence',
    'f.yaml:9:10 engine.model: unknown model "test/dence" (did you mean "test/dense"?)',
  ],
  [
    'an unknown GPU',
    'h100_sxm',
    'h100sxm',
    'f.yaml:10:13 engine.hardware: unknown hardware "h100sxm" (did you mean "h100_sxm"?)',
  ],
  [
    'no GPU',
    '  hardware: h100_sxm\n',
    '',
    'f.yaml:11:5 engine.workers.aggregated.hardware: required: a GPU for this pool (or for all pools by engine.hardware or --gpu)',
  ],
  ['no model', '  model: test/dense\n', '', 'f.yaml:8:1 engine.model: required'],
  ['a required key misspelt', '  model:', '  modl:', 'f.yaml:9:3 engine.modl: unknown key (did you mean "model"?)'],
  [
    'a required key by another name',
    'requests_per_second: 3',
    'rps: 3',
    'f.yaml:7:25 traffic.load.rps: unknown key (did you mean "requests_per_second"?)',
  ],
  [
    'a goal',
    'seed: 7',
    'optimization: {}',
    'f.yaml:1:1 optimization: unknown key (it belongs in a file for dynosim recommend)',
  ],
  [
    'several values',
    'tensor: 4',
    'tensor: {choices: [2, 4]}',
    'f.yaml:13:42 engine.workers.aggregated.parallelism.tensor: must be one value, got several',
  ],
  [
    'a router by its policy alone',
    'seed: 7',
    'router: random',
    'f.yaml:1:9 router: must be a mapping, got "random" (e.g. {policy: random})',
  ],
  [
    'heads that do not divide',
    'tensor: 4',
    'tensor: 3',
    'f.yaml:13:42 engine.workers.aggregated.parallelism.tensor: must divide the 32 attention heads of test/dense, got 3',
  ],
  [
    'a pipeline longer than the model',
    'tensor: 4',
    'pipeline: 64',
    'f.yaml:13:44 engine.workers.aggregated.parallelism.pipeline: must be at most the 32 layers of test/dense, got 64',
  ],
  [
    'attention DP of a dense model',
    'tensor: 4',
    'attention_data: 2',
    'f.yaml:13:50 engine.workers.aggregated.parallelism.attention_data: must be 1, test/dense has no experts (use replicas instead), got 2',
  ],
  [
    'prefill workers in aggregated mode',
    '    aggregated:\n',
    '    prefill: {}\n    aggregated:\n',
    'f.yaml:12:14 engine.workers.prefill: has no place in aggregated mode (remove it or change engine.mode)',
  ],
  [
    'no decode workers',
    '    aggregated:\n',
    '    prefill:\n',
    'f.yaml:11:3 engine.workers.decode: required in disaggregated mode ({} takes the defaults)',
  ],
  ['an SLO of zero', 'p95: 1500', 'p95: 0', 'f.yaml:16:20 evaluation.slo.ttft_ms.p95: must be greater than 0, got 0'],
  [
    'an unknown statistic',
    'p95: 1500',
    'p_95: 1500',
    'f.yaml:16:15 evaluation.slo.ttft_ms.p_95: unknown key (did you mean "p95"?)',
  ],
  [
    'an SLO without statistic',
    '{p95: 1500}',
    '1500',
    'f.yaml:16:14 evaluation.slo.ttft_ms: must be a mapping, got 1500 (e.g. {p95: 1500})',
  ],
  [
    'two capacities',
    'parallelism: {',
    'kv_cache: {capacity: {blocks: 9, tokens: 9}}\n      parallelism: {',
    'f.yaml:13:28 engine.workers.aggregated.kv_cache.capacity: must have exactly one of memory_fraction, blocks, tokens, bytes, got blocks and tokens',
  ],
  [
    'more memory than there is',
    'parallelism: {',
    'kv_cache: {capacity: {memory_fraction: 92}}\n      parallelism: {',
    'f.yaml:13:46 engine.workers.aggregated.kv_cache.capacity.memory_fraction: must be at most 1, got 92',
  ],
  [
    'more sequences than tokens',
    'parallelism: {',
    'scheduler: {max_sequences: 512, max_batched_tokens: 256}\n      parallelism: {',
    'f.yaml:13:34 engine.workers.aggregated.scheduler.max_sequences: must not exceed max_batched_tokens (256), got 512',
  ],
  [
    'a budget below the context without chunks',
    'parallelism: {',
    'scheduler: {chunked_prefill: false, max_batched_tokens: 8192}\n      parallelism: {',
    'f.yaml:13:63 engine.workers.aggregated.scheduler.max_batched_tokens: must be at least the context length (131072) without chunked prefill, got 8192',
  ],
  [
    'a context longer than the model',
    '  hardware:',
    '  context_length: 200000\n  hardware:',
    'f.yaml:10:19 engine.context_length: must be at most the 131072 tokens test/dense allows, got 200000',
  ],
  [
    'a list for a mapping',
    '{replicas: 2, tensor: 4}',
    '[2, 4]',
    'f.yaml:13:20 engine.workers.aggregated.parallelism: must be a mapping, got a list',
  ],
  [
    'a text for a switch',
    'parallelism: {',
    'scheduler: {chunked_prefill: "yes"}\n      parallelism: {',
    'f.yaml:13:36 engine.workers.aggregated.scheduler.chunked_prefill: must be true or false, got "yes"',
  ],
  ['the same key twice', 'seed: 7', 'seed: 7\nseed: 8', 'f.yaml:2:1: seed is already set in this mapping'],
  [
    'two pools of one name',
    'aggregated:\n      parallelism: {replicas: 2, tensor: 4}',
    'aggregated: [{name: a}, {name: a}]',
    'f.yaml:12:36 engine.workers.aggregated.1.name: must differ from every other pool\'s, got "a" twice',
  ],
  [
    'a timing table with a hole',
    'parallelism: {',
    'timing: {type: table, prefill: [{tokens: 1, ms: 1}], decode: [{sequences: 1, context: 1, ms: 1}, {sequences: 2, context: 2, ms: 1}]}\n      parallelism: {',
    'f.yaml:13:68 engine.workers.aggregated.timing.decode: must be a full grid: there is no point for 1 sequences at context 2',
  ],
  [
    'passes without duration',
    'parallelism: {',
    'timing: {type: linear, base_ms: 0, per_prefill_token_ms: 0, per_sequence_ms: 0, per_context_token_ms: 0}\n      parallelism: {',
    'f.yaml:13:15 engine.workers.aggregated.timing: every coefficient is 0: passes would take no time',
  ],
];

describe('mistakes in a predict file', () => {
  test.each(MISTAKES)('%s', (_, find, replace, error) => {
    expect(GOOD).toContain(find);
    expect(messageOf(() => parsePredict(GOOD.replace(find, replace), 'f.yaml', [], testFacts))).toBe(error);
  });
});

test('shapes of a mixture-of-experts model', () => {
  const withShape = (shape: string) => GOOD.replace('test/dense', 'test/moe').replace('replicas: 2, tensor: 4', shape);
  const parse = (shape: string) => parsePredict(withShape(shape), 'f.yaml', [], testFacts);
  const resolved = (shape: string) => {
    const { moe_tensor, moe_expert } = parse(shape).engine.workers.aggregated![0].parallelism;
    return [moe_tensor, moe_expert];
  };
  expect(resolved('tensor: 4')).toEqual([4, 1]);
  expect(resolved('tensor: 2, attention_data: 4')).toEqual([8, 1]);
  expect(resolved('tensor: 2, attention_data: 4, moe_expert: 8')).toEqual([1, 8]);
  expect(resolved('tensor: 4, moe_tensor: 1')).toEqual([1, 4]);
  const at = 'engine.workers.aggregated.parallelism';
  expect(messageOf(() => parse('tensor: 8, moe_expert: 4'))).toBe(
    `f.yaml:13:44 ${at}.moe_expert: must be 1 or tensor x attention_data = 8, vLLM has no mixed shape, got 4`,
  );
  expect(messageOf(() => parse('tensor: 4, moe_tensor: 8, moe_expert: 1'))).toBe(
    `f.yaml:13:44 ${at}.moe_tensor: moe_tensor x moe_expert must be tensor x attention_data = 4, got 8 x 1`,
  );
  expect(messageOf(() => parse('attention_data: 256, moe_expert: 256'))).toBe(
    `f.yaml:13:54 ${at}.moe_expert: must divide the 128 experts of test/moe, got 256`,
  );
});

describe('warm-up', () => {
  const warmupOf = (
    load: string,
    source = '{type: synthetic, input_tokens: 9, output_tokens: 9, requests: 100}',
    rest = '',
  ) => {
    const text = `traffic: {source: ${source}, load: ${load}}\nengine: {model: test/dense, hardware: h100_sxm, workers: {aggregated: {}}}\n${rest}`;
    return parsePredict(text, 'f.yaml', [], testFacts).evaluation.window.warmup;
  };

  test('a closed loop has two requests a user, at most half of all', () => {
    expect(warmupOf('{concurrency: 8}')).toEqual({ requests: 16 });
    expect(warmupOf('{concurrency: 64}')).toEqual({ requests: 50 });
    expect(warmupOf('{concurrency: 8}, stop: {requests: 9}')).toEqual({ requests: 4 });
  });

  test('open loops, traces and whoever says so have none', () => {
    expect(warmupOf('{requests_per_second: 8}')).toEqual({ requests: 0 });
    expect(warmupOf('{concurrency: 8}', '{type: trace, path: t.jsonl}')).toEqual({ requests: 0 });
    expect(warmupOf('{concurrency: 8}', undefined, 'evaluation: {window: {warmup: {requests: 0}}}')).toEqual({
      requests: 0,
    });
  });
});

describe('scheduler limits as vllm serve sets them', () => {
  // GPU, what is given, tokens, sequences: rows of vLLM's own table, and its clamps.
  test.each([
    ['h100_sxm', '', 8192, 1024],
    ['b200_sxm', '', 16384, 1024],
    ['a100_sxm', '', 2048, 256],
    ['l4', '', 2048, 256],
    ['h100_sxm', 'max_batched_tokens: 512', 512, 512],
    ['h100_sxm', 'max_sequences: 4096', 8192, 4096],
    ['h100_sxm', 'chunked_prefill: false', 131072, 1024],
  ])('%s {%s}: %i tokens, %i sequences', (gpu, given, tokens, sequences) => {
    const text = GOOD.replace('h100_sxm', gpu).replace('parallelism: {', `scheduler: {${given}}\n      parallelism: {`);
    const { scheduler } = parsePredict(text, 'f.yaml', [], testFacts).engine.workers.aggregated![0];
    expect([scheduler.max_batched_tokens, scheduler.max_sequences]).toEqual([tokens, sequences]);
  });

  test('a short context caps the tokens', () => {
    const text = GOOD.replace('  hardware:', '  context_length: 100\n  hardware:').replace(
      'parallelism: {',
      'scheduler: {max_sequences: 5}\n      parallelism: {',
    );
    const { scheduler } = parsePredict(text, 'f.yaml', [], testFacts).engine.workers.aggregated![0];
    expect(scheduler.max_batched_tokens).toBe(500);
  });
});

describe('--set', () => {
  const parse = (...sets: string[]) => parsePredict(GOOD, 'f.yaml', sets.map(parseSet), testFacts);

  test('replaces, adds and is read as YAML', () => {
    const config = parse(
      'engine.workers.aggregated.parallelism.tensor=8',
      'router={policy: prefix_aware}',
      'seed=0x10',
    );
    expect(config.engine.workers.aggregated![0].parallelism).toMatchObject({ replicas: 2, tensor: 8 });
    expect(config.router.policy).toBe('prefix_aware');
    expect(config.seed).toBe(16);
  });

  test('reaches pools of a list by index and by name', () => {
    const config = parse(
      'engine.workers.aggregated=[{name: a}, {name: b}]',
      'engine.workers.aggregated.b.parallelism.tensor=8',
      'engine.workers.aggregated.0.parallelism.tensor=2',
    );
    expect(config.engine.workers.aggregated!.map((pool) => pool.parallelism.tensor)).toEqual([2, 8]);
  });

  test('mistakes name the flag', () => {
    expect(messageOf(() => parse('traffic.load.requests_per_second=-1'))).toBe(
      '--set traffic.load.requests_per_second: must be greater than 0, got -1',
    );
    expect(messageOf(() => parse('engine.workers.aggregated={tensr: 4}'))).toBe(
      '--set engine.workers.aggregated.tensr: unknown key',
    );
    expect(messageOf(() => parse('seed'))).toBe('--set: must be path.to.field=value, got "seed"');
    expect(messageOf(() => parse('seed=[1'))).toMatch(/^--set seed: Flow sequence/);
    expect(messageOf(() => parse('engine.workers.aggregated=[{name: a}]', 'engine.workers.aggregated.z.name=b'))).toBe(
      '--set engine.workers.aggregated.z.name: "z" is neither an index nor the name of an element of the list',
    );
  });
});

describe('YAML', () => {
  test('aliases are followed to where the mistake stands', () => {
    const text = GOOD.replace(
      'aggregated:\n      parallelism: {replicas: 2, tensor: 4}',
      'prefill: &pool {name: p, scheduler: {max_sequences: 0}}\n    decode: {kv_cache: {}, scheduler: {max_sequences: 1}, timing: &t {type: fixed, prefill_ms: 1, decode_ms: 0}}',
    ).replace('decode: {kv_cache: {}', 'decode: *pool\n    aggregated: {kv_cache: {}');
    expect(messageOf(() => parsePredict(text, 'f.yaml', [], testFacts))).toBe(
      [
        'f.yaml:12:57 engine.workers.prefill.scheduler.max_sequences: must be at least 1, got 0',
        'f.yaml:12:57 engine.workers.decode.scheduler.max_sequences: must be at least 1, got 0',
        'f.yaml:14:114 engine.workers.aggregated.timing.decode_ms: must be greater than 0, got 0',
      ].join('\n'),
    );
  });

  test.each([
    ['an empty file', '', 'f.yaml:1:1: is empty'],
    ['comments alone', '# nothing\n', 'f.yaml:1:1: is empty'],
    ['no text', 'seed: 1\u0000', 'f.yaml: is not UTF-8 text'],
    [
      'two documents',
      'seed: 1\n---\nseed: 2',
      'f.yaml:2:1: a second document begins here, and only one is read (remove the line ---)',
    ],
    [
      'a deeper key',
      'engine:\n  model: m\n   hardware: h',
      'f.yaml:2:10: a value cannot have a mapping after it (look at the indentation of this line and the next)',
    ],
    ['a list', '[1]', 'f.yaml:1:1: must be a mapping, got a list'],
    [
      'an unclosed list',
      'seed: [1',
      'f.yaml:1:9: Flow sequence in block collection must be sufficiently indented and end with a ]',
    ],
    ['a tab', 'seed:\n\t- 1', 'f.yaml:2:1: a tab indents this line (YAML is indented by spaces)'],
    ['an unknown alias', 'seed: *x', 'f.yaml:1:7: no anchor &x comes before the alias *x'],
  ])('%s', (_, text, error) => {
    expect(messageOf(() => parsePredict(text, 'f.yaml', [], testFacts))).toBe(error);
  });
});
