/** What is said of candidates without simulating them, against whole spaces simulated: no figure below its bound. */
import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/base/random.ts';
import { loadWorkload } from '../../src/config/buildWorkload.ts';
import { catalogFacts } from '../../src/config/facts.ts';
import { metricValue } from '../../src/metrics/metricNames.ts';
import type { Report } from '../../src/metrics/report.ts';
import { enumerateCandidates } from '../../src/recommend/candidates.ts';
import { sharedBounds } from '../../src/recommend/constraints.ts';
import { bestPossible, floorsOf, impossibleBound, isExact, sidesOf } from '../../src/recommend/floors.ts';
import { memoryPlanner } from '../../src/recommend/memoryRefusal.ts';
import { lossOf, SearchProblem } from '../../src/recommend/searchProblem.ts';
import { goalFrom, predicted } from './support.ts';

const METRICS = [
  ...['mean', 'p50', 'p95', 'max'].flatMap((statistic) =>
    ['ttft', 'tpot', 'e2e'].map((name) => `${statistic}_${name}_ms`),
  ),
  'usd_per_hour',
  'usd_per_month',
  'gpus_peak',
  'gpus_mean',
];
const THROUGHPUTS = ['output_tokens_per_s', 'output_tokens_per_s_per_gpu', 'output_tokens_per_s_per_user'];

const CHAT = 'source: {type: preset, name: chat, requests: 80}';
const SPACES = [
  `
traffic: {${CHAT}, load: {type: poisson, requests_per_second: 4}}
engine: {model: Qwen/Qwen3-8B, hardware: {choices: [l40s, h100_sxm]}, quantization: {choices: [bf16, fp8]}}
evaluation: {slo: {tpot_ms: {p95: 12}, ttft_ms: {p95: 300}}}
optimization: {constraints: {max_candidate_gpus: 3}}`,
  `
traffic: {${CHAT}, load: {concurrency: {choices: [1, 8, 32]}}}
engine: {mode: aggregated, model: Qwen/Qwen3-30B-A3B, hardware: h100_sxm}
evaluation: {slo: {tpot_ms: {p95: 2}}}
optimization: {constraints: {max_candidate_gpus: 4}}`,
];

describe('floors', () => {
  it.each(SPACES)('are never undercut, and rule out nothing feasible: space %#', async (yaml) => {
    const goal = goalFrom(yaml);
    const space = enumerateCandidates(goal, catalogFacts, memoryPlanner(catalogFacts));
    let ruledOut = 0;
    let tightest = 0;
    for (const config of space.configs()) {
      const workload = await loadWorkload(config.traffic, config.seed, '.', 8192);
      const shortest = Math.min(...workload.outputTokens);
      const floors = floorsOf(sidesOf(config, workload, catalogFacts), config.traffic.load, shortest);
      const report = await predicted(config);
      for (const metric of METRICS) {
        const [bound, value] = [bestPossible(metric, floors)!, metricValue(report, metric)];
        if (isExact(metric)) expect(value).toBeCloseTo(bound, 6);
        else expect(value).toBeGreaterThanOrEqual(bound);
      }
      for (const metric of THROUGHPUTS) {
        expect(metricValue(report, metric)).toBeLessThanOrEqual(bestPossible(metric, floors)!);
      }
      tightest = Math.max(tightest, floors.tpotMs / report.latency.tpot_ms.p50);
      if (impossibleBound(sharedBounds(goal.goal.slo), floors) === null) continue;
      ruledOut += 1;
      expect(report.slo.met).toBe(false);
    }
    // Bounds that rule out nothing, or lie far below, would say nothing.
    expect(ruledOut).toBeGreaterThan(0);
    expect(tightest).toBeGreaterThan(0.5);
  });
});

describe('a random space', () => {
  const random = new RandomStream(7, 'floors');
  const one = <T>(list: readonly T[]): T => list[random.integer(0, list.length - 1)];
  const goals = Array.from({ length: 5 }, () => {
    const isLadder = random.integer(0, 1) === 0;
    const load = isLadder ? 'concurrency: {choices: [1, 4, 16]}' : 'type: poisson, requests_per_second: 3';
    const throughputs = '[output_tokens_per_s_per_gpu, output_tokens_per_s_per_user]';
    const objectives = one(['[usd_per_hour, p95_e2e_ms]', isLadder ? throughputs : '[p95_tpot_ms, gpus_peak]']);
    const model = one(['Qwen/Qwen3-8B', 'meta-llama/Llama-3.1-8B']);
    return `
traffic: {source: {type: preset, name: ${one(['chat', 'code'])}, requests: 60}, load: {${load}}}
engine: {mode: ${one(['aggregated', 'disaggregated'])}, model: ${model}, hardware: {choices: [l40s, h100_sxm]}}
optimization: {objectives: ${objectives}, constraints: {max_candidate_gpus: 3}}`;
  });

  it.each(goals)('has no frontier member that its floors rule out or put out of reach: %#', async (yaml) => {
    const open = goalFrom(yaml);
    const space = enumerateCandidates(open, catalogFacts, memoryPlanner(catalogFacts));
    const reports: Report[] = [];
    for (const config of space.configs()) reports.push(await predicted(config));
    const workload = await loadWorkload(space.config(0).traffic, open.seed, '.', 8192);
    expect(space.size).toBeGreaterThan(3);
    // Bounds that one candidate just holds, or just misses: where ruling out is a close thing.
    for (const { latency } of reports) {
      const slo = { tpot_ms: { p95: latency.tpot_ms.p95 * one([0.9, 1]) }, ttft_ms: { p50: latency.ttft_ms.p50 } };
      const problem = new SearchProblem({ ...open, goal: { ...open.goal, slo } }, space, [1], workload, catalogFacts);
      const losses = reports.map((report) =>
        open.goal.objectives.map(({ metric, direction }) => lossOf(metricValue(report, metric), direction)),
      );
      const feasible = reports.flatMap((report, candidate) =>
        report.latency.tpot_ms.p95 <= slo.tpot_ms.p95 && report.latency.ttft_ms.p50 <= slo.ttft_ms.p50
          ? [candidate]
          : [],
      );
      for (const candidate of feasible) {
        const floor = problem.floor(candidate);
        expect(floor).not.toBeNull();
        floor!.forEach((least, k) => {
          expect(least).toBeLessThanOrEqual(losses[candidate][k] + 1e-9);
        });
      }
    }
  });
});
