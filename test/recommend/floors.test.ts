/** What is said of candidates without simulating them, against whole spaces simulated: no figure below its bound. */
import { describe, expect, it } from 'vitest';
import { loadWorkload } from '../../src/config/buildWorkload.ts';
import { catalogFacts } from '../../src/config/facts.ts';
import { metricValue } from '../../src/metrics/metricNames.ts';
import { enumerateCandidates } from '../../src/recommend/candidates.ts';
import { bestPossible, floorsOf, impossibleBound, isExact, sidesOf } from '../../src/recommend/floors.ts';
import { memoryPlanner } from '../../src/recommend/memoryRefusal.ts';
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
      if (impossibleBound(goal.goal.slo, floors) === null) continue;
      ruledOut += 1;
      expect(report.slo.met).toBe(false);
    }
    // Bounds that rule out nothing, or lie far below, would say nothing.
    expect(ruledOut).toBeGreaterThan(0);
    expect(tightest).toBeGreaterThan(0.5);
  });
});
