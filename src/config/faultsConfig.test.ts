import { describe, expect, test } from 'vitest';
import { simulate } from '../../test/support/lawfulSimulation.ts';
import { messageOf } from '../../test/support/messageOf.ts';
import { OUTCOME } from '../engine/requestLog.ts';
import { buildScenario } from './buildScenario.ts';
import { catalogFacts } from './facts.ts';
import { parsePredict } from './loadPredict.ts';
import { patienceSpecOf } from './patienceConfig.ts';
import { generateWorkload, shapeWorkload } from './shapeWorkload.ts';
import { writeYaml } from './writeYaml.ts';

const text = (sections: string, workers = 'aggregated: {parallelism: {tensor: 4, replicas: 3}}') => `traffic:
  source: {type: synthetic, input_tokens: 2000, output_tokens: 100, requests: 60}
  load: {type: poisson, requests_per_second: 20}
engine: {model: meta-llama/Llama-3.1-70B, quantization: fp8, hardware: h100_sxm, context_length: 8192, workers: {
  ${workers}}}
${sections}
`;
const parse = (sections: string, workers?: string) => parsePredict(text(sections, workers), 'f.yaml', [], catalogFacts);

function build(sections: string) {
  const config = parse(sections);
  if (config.traffic.source.type === 'trace') throw new Error('the source is synthetic');
  const workload = shapeWorkload(generateWorkload(config.traffic.source, 0), config.traffic, 0, 1000);
  return buildScenario(config, workload, catalogFacts).scenario;
}

describe('a faults section', () => {
  test('becomes what the cluster reads, nodes as the replicas on them', () => {
    const { faults, maxInFlight } = build(`router: {max_in_flight: 50}
faults:
  max_retries: 2
  crashes: [{pool: aggregated, replica: 2, at_seconds: 1.5}, {node: 0, at_seconds: 2, down_seconds: 60}]
  random_crashes: {of: node, mean_up_seconds: 3600, down_seconds: 30}
  stragglers: [{pool: aggregated, replica: 1, factor: 1.5}]`);
    expect(maxInFlight).toBe(50);
    expect(faults).toEqual({
      crashes: [
        { worker: 2, atNs: 1.5e9, downNs: Number.POSITIVE_INFINITY },
        { worker: 0, atNs: 2e9, downNs: 60e9 },
        { worker: 1, atNs: 2e9, downNs: 60e9 },
      ],
      random: { meanUpNs: 3600e9, downNs: 30e9, nodesOf: [[0], [0], [1]] },
      stragglers: [{ worker: 1, factor: 1.5, atNs: 0, untilNs: Number.POSITIVE_INFINITY }],
      retries: 2,
    });
    expect(build('faults: {policy: fail}').faults).toEqual({ crashes: [], stragglers: [], retries: 0 });
  });

  test('comes back from the YAML it is written as', () => {
    for (const section of [
      'faults: {policy: fail}',
      'faults: {random_crashes: {mean_up_seconds: 5, down_seconds: 1}, stragglers: [{node: 1, factor: 2}]}',
    ]) {
      const config = parse(section);
      expect(parsePredict(writeYaml(config), 'g.yaml', [], catalogFacts)).toEqual(config);
    }
  });

  test.each([
    ['{pool: decode, at_seconds: 1}', '7:20 faults.crashes.0.pool: no pool is called "decode" (pools: aggregated)'],
    [
      '{pool: aggregated, at_seconds: 1}',
      '7:13 faults.crashes.0: pool aggregated has 3 replicas (say which: replica: 0)',
    ],
    [
      '{pool: aggregated, replica: 3, at_seconds: 1}',
      '7:41 faults.crashes.0.replica: must be less than the 3 of pool aggregated, got 3',
    ],
    ['{node: 2, at_seconds: 1}', '7:20 faults.crashes.0.node: must be less than the 2 nodes, got 2'],
    ['{node: 0, replica: 1, at_seconds: 1}', '7:13 faults.crashes.0: names both a node and a replica (keep one)'],
    ['{at_seconds: 1}', '7:13 faults.crashes.0: names nobody (pool and replica, or node)'],
    ['{node: 0, at_seconds: -1}', '7:35 faults.crashes.0.at_seconds: must be at least 0, got -1'],
  ])('refuses the crash %s in one line', (crash, message) => {
    expect(messageOf(() => parse(`faults:\n  crashes: [${crash}]`))).toBe(`f.yaml:${message}`);
  });

  test('is refused where nobody would read it', () => {
    expect(messageOf(() => parse('faults: {policy: fail, max_retries: 2}'))).toContain('nothing is retried');
  });

  test('slows links, of a node or of a replica, for a while', () => {
    const { faults } = build(`network: {}
faults: {slow_links: [{node: 1, factor: 0.1, at_seconds: 2, for_seconds: 3}, {pool: aggregated, replica: 2, factor: 0.5, at_seconds: 0}]}`);
    expect(faults?.slowLinks).toEqual([
      { of: { node: 1 }, factor: 0.1, atNs: 2e9, untilNs: 5e9 },
      { of: { worker: 2 }, factor: 0.5, atNs: 0, untilNs: Number.POSITIVE_INFINITY },
    ]);
    const drawn = build(`network: {}
faults: {random_slow_links: {mean_up_seconds: 60, for_seconds: 2, factor: 0.5}, random_stragglers: {mean_up_seconds: 30, for_seconds: 1, factor: 2}}`);
    expect(drawn.faults).toMatchObject({
      randomSlowLinks: { of: 'node', meanUpNs: 60e9, lengthNs: 2e9, factor: 0.5 },
      randomStragglers: { meanUpNs: 30e9, lengthNs: 1e9, factor: 2 },
    });
    const unlinked = 'faults: {random_slow_links: {mean_up_seconds: 60, for_seconds: 2, factor: 0.5}}';
    expect(messageOf(() => parse(unlinked))).toContain('faults.random_slow_links: there are no links to be slow');
    expect(messageOf(() => parse('faults: {slow_links: [{node: 1, factor: 1, at_seconds: 2}]}'))).toBe(
      'f.yaml:6:22 faults.slow_links: there are no links to be slow (add a network section: network: {})',
    );
  });

  test('knows clients that do not wait, and hand-overs that take too long', () => {
    const clients = '{first_token_seconds: 5, whole_seconds: 60, abandoned_share: 0.1}';
    const config = parsePredict(
      text('').replace('\nengine:', `\n  patience: ${clients}\nengine:`),
      'f.yaml',
      [],
      catalogFacts,
    );
    expect(patienceSpecOf(config.traffic.patience!)).toEqual({
      firstTokenNs: 5e9,
      wholeNs: 60e9,
      abandoned: { share: 0.1, meanNs: 10e9 },
    });
    expect(parsePredict(writeYaml(config), 'g.yaml', [], catalogFacts)).toEqual(config);
  });

  test('loses what was inside, and says so', () => {
    const section = (policy: string) =>
      `faults: {policy: ${policy}, crashes: [{node: 0, at_seconds: 1.5, down_seconds: 1}]}`;
    const retried = simulate(build(section('retry')));
    expect(retried.losses.crashes).toBe(2);
    expect(retried.losses.retriedRequests).toBeGreaterThan(0);
    const failed = simulate(build(section('fail')));
    expect(failed.losses.retriedRequests).toBe(0);
    const failures = failed.log.outcome.reduce((sum, outcome) => sum + Number(outcome === OUTCOME.failed), 0);
    expect(failures).toBe(failed.losses.lostAttempts);
    expect(failures).toBeGreaterThan(0);
    expect(simulate(build('router: {max_in_flight: 1}')).losses.shed).toBeGreaterThan(0);
    const shedAbove = (usage: string) => simulate(build(`router: {max_kv_usage: ${usage}}`)).losses.shed;
    expect(shedAbove('1')).toBe(0);
    expect(shedAbove('0.000001')).toBeGreaterThan(0);
  });
});
