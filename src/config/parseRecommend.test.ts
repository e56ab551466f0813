import { describe, expect, test } from 'vitest';
import { messageOf } from '../../test/support/messageOf.ts';
import { testFacts } from '../../test/support/testFacts.ts';
import { candidateConfig } from './candidateConfig.ts';
import { type GoalFlags, goalOverrides } from './goalFlags.ts';
import { parsePredict, parseRecommend } from './loadPredict.ts';
import { domainsOfMode, type RecommendConfig } from './recommendConfig.ts';

const GOOD = `traffic:
  source: {type: synthetic, input_tokens: 1000, output_tokens: 100}
  load: {type: poisson, requests_per_second: 3}
engine:
  model: test/dense
  hardware: {choices: [h100_sxm, b200_sxm]}
  workers:
    aggregated:
      parallelism: {tensor: {choices: [2, 4]}, replicas: {range: {min: 1, max: 9, step: 2, scale: log}}}
      kv_cache: {dtype: fp8}
evaluation:
  slo: {ttft_ms: {p95: 1500}}
optimization:
  objectives: [usd_per_hour]
`;

const parse = (text: string) => parseRecommend(text, 'f.yaml', [], testFacts);
/** The first value of every domain. */
const aggregated = (config: RecommendConfig) => ({
  ...Object.fromEntries(domainsOfMode(config, 'aggregated').map(({ path, values }) => [path, values[0]])),
  'engine.mode': 'aggregated',
});
const valuesOf = (config: RecommendConfig, path: string) => config.domains.find((each) => each.path === path)?.values;

describe('domains', () => {
  test('the user decides what is written, defaults fill the rest', () => {
    const config = parse(GOOD);
    const at = 'engine.workers.aggregated';
    expect(config.hardware).toEqual(['h100_sxm', 'b200_sxm']);
    expect(valuesOf(config, 'engine.mode')).toEqual(['aggregated', 'disaggregated']);
    expect(valuesOf(config, `${at}.parallelism.tensor`)).toEqual([2, 4]);
    expect(valuesOf(config, `${at}.parallelism.replicas`)).toEqual([1, 2, 4, 8]);
    expect(valuesOf(config, 'engine.workers.decode.parallelism.replicas')).toEqual([1, 2, 3, 4, 6, 8, 12, 16, 24, 32]);
    expect(valuesOf(config, 'engine.workers.decode.scheduler.max_batched_tokens')).toBeUndefined();
    expect(valuesOf(config, `${at}.parallelism.moe_expert`)).toBeUndefined();
    const paths = config.domains.map((each) => each.path);
    expect(new Set(paths).size).toBe(paths.length);
    expect(domainsOfMode(config, 'aggregated').map((each) => each.role)).not.toContain('prefill');
  });

  test('mixture-of-experts models also vary expert and attention parallelism', () => {
    const config = parse(GOOD.replace('test/dense', 'test/moe'));
    expect(valuesOf(config, 'engine.workers.prefill.parallelism.attention_data')).toEqual([1, 2, 4, 8]);
    expect(valuesOf(config, 'engine.workers.prefill.parallelism.moe_expert')).toEqual([1, 2, 4, 8, 16, 32, 64]);
  });

  test('the engine may vary; a knob of one of them is refused to candidates of the others', () => {
    const several = (engine: string, scheduler = '') =>
      parse(
        GOOD.replace('  hardware: {', `  ${engine}\n  hardware: {`).replace(
          '    aggregated:\n',
          `    aggregated:\n${scheduler === '' ? '' : `      scheduler: {${scheduler}}\n`}`,
        ),
      );
    const both = several('backend: {choices: [vllm, sglang]}', 'polling_interval: {choices: [1, 10]}');
    expect(valuesOf(both, 'engine.backend')).toEqual(['vllm', 'sglang']);
    const first = aggregated(both);
    const candidate = (backend: string) => candidateConfig(both, { ...first, 'engine.backend': backend }, testFacts);
    expect(candidate('sglang').engine).toMatchObject({ backend: 'sglang', backend_version: '0.5.12' });
    expect(messageOf(() => candidate('vllm'))).toContain('polling_interval: vLLM has no such setting');
    expect(messageOf(() => several('backend: vllm', 'polling_interval: {choices: [1, 10]}'))).toContain(
      'engine.workers.aggregated.scheduler.polling_interval: vLLM has no such setting',
    );
    expect(messageOf(() => several('backend: {choices: [vllm, sglang]}\n  backend_version: "0.19.0"'))).toContain(
      'engine.backend_version: is the version of one engine, and engine.backend has several',
    );
  });

  test('linear ranges include both ends and nothing beyond', () => {
    const ranged = (range: string) =>
      valuesOf(
        parse(GOOD.replace('{min: 1, max: 9, step: 2, scale: log}', range)),
        'engine.workers.aggregated.parallelism.replicas',
      );
    expect(ranged('{min: 2, max: 8, step: 3}')).toEqual([2, 5, 8]);
    expect(ranged('{min: 2, max: 4}')).toEqual([2, 3, 4]);
    expect(ranged('{min: 3, max: 3}')).toEqual([3]);
  });

  test('a fixed mode drops the other mode', () => {
    const config = parse(GOOD.replace('  model:', '  mode: disaggregated\n  model:'));
    expect(config.domains.map((each) => each.role)).not.toContain('aggregated');
    expect(valuesOf(config, 'engine.mode')).toEqual(['disaggregated']);
  });

  test('without a load, synthetic requests climb a ladder of concurrencies', () => {
    const config = parse(
      GOOD.replace('  load: {type: poisson, requests_per_second: 3}\n', '').replace(
        'optimization:\n  objectives: [usd_per_hour]\n',
        '',
      ),
    );
    expect(config.goal.kind).toBe('load_ladder');
    expect(valuesOf(config, 'traffic.load.concurrency')?.[0]).toBe(1);
    expect(config.traffic.load).toEqual({ type: 'concurrency', concurrency: 1 });
    expect(config.goal.objectives.map((each) => each.metric)).toEqual([
      'output_tokens_per_s_per_gpu',
      'output_tokens_per_s_per_user',
    ]);
  });
});

describe('candidates', () => {
  test('resolve as the same values in a predict file would', () => {
    const config = parse(GOOD);
    const assignment = {
      'engine.mode': 'disaggregated',
      'engine.hardware': 'b200_sxm',
      'router.policy': 'prefix_aware',
      'engine.workers.prefill.parallelism.replicas': 2,
      'engine.workers.prefill.parallelism.tensor': 1,
      'engine.workers.prefill.scheduler.max_batched_tokens': 2048,
      'engine.workers.decode.parallelism.replicas': 1,
      'engine.workers.decode.parallelism.tensor': 8,
    };
    const predict = `traffic:
  source: {type: synthetic, input_tokens: 1000, output_tokens: 100}
  load: {type: poisson, requests_per_second: 3}
engine:
  model: test/dense
  hardware: b200_sxm
  workers:
    prefill: {parallelism: {replicas: 2}, scheduler: {max_batched_tokens: 2048}}
    decode: {parallelism: {tensor: 8}}
router: {policy: prefix_aware}
evaluation:
  slo: {ttft_ms: {p95: 1500}}
`;
    expect(candidateConfig(config, assignment, testFacts)).toEqual(parsePredict(predict, 'p.yaml', [], testFacts));
  });

  test('keep what is no domain', () => {
    const assignment = { 'engine.mode': 'aggregated', 'engine.hardware': 'h100_sxm' };
    const { engine } = candidateConfig(parse(GOOD), assignment, testFacts);
    expect(engine.workers.aggregated![0].kv_cache.dtype).toBe('fp8');
  });

  test('illegal ones say why', () => {
    const assignment = {
      'engine.mode': 'aggregated',
      'engine.hardware': 'h100_sxm',
      'engine.workers.aggregated.parallelism.tensor': 3,
    };
    expect(messageOf(() => candidateConfig(parse(GOOD), assignment, testFacts))).toBe(
      'engine.workers.aggregated.parallelism.tensor: must divide the 32 attention heads of test/dense, got 3',
    );
  });
});

describe('goals', () => {
  const goal = (objectives: string, text = GOOD) => parse(text.replace('[usd_per_hour]', objectives)).goal;

  test('one objective gets a partner, so that there is a frontier', () => {
    expect(goal('[usd_per_hour]').objectives).toEqual([
      { metric: 'usd_per_hour', direction: 'minimize' },
      { metric: 'p95_e2e_ms', direction: 'minimize' },
    ]);
    expect(goal('[p95_e2e_ms]').objectives[1].metric).toBe('usd_per_hour');
    expect(goal('[p95_ttft_ms, gpus_mean]').objectives.map((each) => each.metric)).toEqual([
      'p95_ttft_ms',
      'gpus_mean',
    ]);
  });

  test('a throughput at a given load is a capacity, which needs an SLO', () => {
    expect(goal('[output_tokens_per_s]').kind).toBe('capacity');
    expect(goal('[usd_per_hour]').kind).toBe('given_load');
    expect(
      messageOf(() => goal('[output_tokens_per_s]', GOOD.replace('  slo: {ttft_ms: {p95: 1500}}', '  slo: {}'))),
    ).toBe(
      'f.yaml:14:16 optimization.objectives.0: at a given load, output_tokens_per_s is the highest load held within ' +
        'evaluation.slo, and there is none (set evaluation.slo, or take another objective)',
    );
  });
});

describe('mistakes', () => {
  test.each([
    [
      'an unknown metric',
      '[usd_per_hour]',
      '[usd_per_our]',
      'f.yaml:14:16 optimization.objectives.0: unknown metric "usd_per_our" (did you mean "usd_per_hour"?)',
    ],
    [
      'the wrong direction',
      '[usd_per_hour]',
      '[{metric: usd_per_hour, direction: maximize}]',
      'f.yaml:14:50 optimization.objectives.0.direction: must be minimize for usd_per_hour, got "maximize"',
    ],
    [
      'an unknown choice of GPU',
      'b200_sxm',
      'b20_sxm',
      'f.yaml:6:34 engine.hardware.choices.1: unknown hardware "b20_sxm" (did you mean "b200_sxm"?)',
    ],
    [
      'an empty choice',
      '[2, 4]',
      '[]',
      'f.yaml:9:39 engine.workers.aggregated.parallelism.tensor.choices: must not be empty',
    ],
    [
      'a bad value in a choice',
      '[2, 4]',
      '[2, 0]',
      'f.yaml:9:43 engine.workers.aggregated.parallelism.tensor.choices.1: must be at least 1, got 0',
    ],
    [
      'a range upside down',
      'min: 1, max: 9',
      'min: 9, max: 1',
      'f.yaml:9:80 engine.workers.aggregated.parallelism.replicas.range.max: must be at least min (9), got 1',
    ],
    [
      'a log step that stands still',
      'step: 2',
      'step: 1',
      'f.yaml:9:89 engine.workers.aggregated.parallelism.replicas.range.step: must be greater than 1 on a log scale, got 1',
    ],
    [
      'a domain misspelt',
      '{choices: [2, 4]}',
      '{choice: [2, 4]}',
      'f.yaml:9:30 engine.workers.aggregated.parallelism.tensor.choice: unknown key (did you mean "choices"?)',
    ],
    [
      'a domain of a fact',
      'input_tokens: 1000',
      'input_tokens: {choices: [1]}',
      'f.yaml:2:29 traffic.source.input_tokens.type: required: one of fixed, uniform, lognormal',
    ],
    [
      'fewer GPUs than at least',
      'objectives:',
      'constraints: {min_candidate_gpus: 9, max_candidate_gpus: 8}\n  objectives:',
      'f.yaml:14:60 optimization.constraints.max_candidate_gpus: must be at least min_candidate_gpus (9), got 8',
    ],
    [
      'a rule about nothing',
      'objectives:',
      'constraints: {rules: [{max: 8}]}\n  objectives:',
      'f.yaml:14:25 optimization.constraints.rules.0: must have exactly one of metric and knob',
    ],
    [
      'a rule about a name',
      'objectives:',
      'constraints: {rules: [{knob: engine.model, max: 8}]}\n  objectives:',
      'f.yaml:14:32 optimization.constraints.rules.0.knob: must be the path of a number, got "engine.model"',
    ],
  ])('%s', (_, find, replace, error) => {
    expect(GOOD).toContain(find);
    expect(messageOf(() => parse(GOOD.replace(find, replace)))).toBe(error);
  });
});

describe('flags', () => {
  const fromFlags = (flags: GoalFlags) => parseRecommend(null, '', goalOverrides(flags), testFacts);
  const WORKLOAD = { model: 'test/dense', gpu: 'h100_sxm,b200_sxm', isl: '1000', osl: '100', rps: '3' };

  test('say the same as a file', () => {
    const text = GOOD.replace(/ {2}workers:[\s\S]*?fp8}\n/, '').replace('[usd_per_hour]', '[{metric: usd_per_hour}]');
    const flags = { ...WORKLOAD, ttftP95: '1500', minimize: ['usd_per_hour'] };
    expect(fromFlags(flags)).toEqual(parse(text));
  });

  test('change what a file says', () => {
    const config = parseRecommend(
      GOOD,
      'f.yaml',
      goalOverrides({ maxGpus: '8', concurrency: '1,4', tpotP95: '20' }),
      testFacts,
    );
    expect(config.constraints.max_candidate_gpus).toBe(8);
    expect(valuesOf(config, 'traffic.load.concurrency')).toEqual([1, 4]);
    expect(config.goal.slo).toEqual({ ttft_ms: { p95: 1500 }, tpot_ms: { p95: 20 } });
  });

  test.each<[GoalFlags, string]>([
    [{ ...WORKLOAD, gpu: 'h10_sxm' }, '--gpu: unknown hardware "h10_sxm" (did you mean "h100_sxm"?)'],
    [{ ...WORKLOAD, model: 'nobody/none' }, '--model: unknown model "nobody/none"'],
    [{ ...WORKLOAD, rps: 'x' }, '--rps: must be a number, got "x"'],
    [{ ...WORKLOAD, rps: '0' }, '--rps: must be greater than 0, got 0'],
    [{ ...WORKLOAD, osl: '1.5' }, '--osl: must be a whole number, got 1.5'],
    [{ ...WORKLOAD, osl: undefined }, '--osl: required with --isl'],
    [{ ...WORKLOAD, preset: 'chat' }, '--isl/--osl: cannot be combined with --preset: one workload at a time'],
    [
      { ...WORKLOAD, concurrency: '4' },
      '--concurrency: cannot be combined with --rps: requests arrive at a rate, or as others finish',
    ],
    [
      { ...WORKLOAD, isl: undefined, osl: undefined, preset: 'cat' },
      '--preset: must be one of chat, code, rag, agent, got "cat" (did you mean "chat"?)',
    ],
    [{ ...WORKLOAD, ttftP95: '-1' }, '--ttft-p95: must be greater than 0, got -1'],
    [{ ...WORKLOAD, maxGpus: '0' }, '--max-gpus: must be at least 1, got 0'],
    [
      { ...WORKLOAD, minimize: ['usd_per_houre'] },
      '--minimize: unknown metric "usd_per_houre" (did you mean "usd_per_hour"?)',
    ],
    [{ ...WORKLOAD, maximize: ['p95_ttft_ms'] }, '--maximize: must be minimize for p95_ttft_ms, got "maximize"'],
  ])('%j', (flags, error) => {
    expect(messageOf(() => fromFlags(flags))).toBe(error);
  });
});
