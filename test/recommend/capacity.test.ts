/** The highest load held, against a scan over loads written plainly. */
import { describe, expect, it } from 'vitest';
import { catalogFacts } from '../../src/config/facts.ts';
import type { PredictConfig } from '../../src/config/predictConfig.ts';
import { enumerateCandidates } from '../../src/recommend/candidates.ts';
import { memoryPlanner } from '../../src/recommend/memoryRefusal.ts';
import { answerTo, goalFrom, predicted } from './support.ts';

const ENGINE = `
engine: {mode: aggregated, model: meta-llama/Llama-3.1-8B, hardware: l40s, workers: {aggregated: {parallelism: {replicas: {choices: [1, 2]}, tensor: {choices: [1, 2]}}, scheduler: {max_batched_tokens: 2048}}}}
router: {policy: least_loaded}
evaluation: {slo: {ttft_ms: {p95: 600}, tpot_ms: {p95: 60}}}
optimization: {objectives: [output_tokens_per_s, usd_per_hour], constraints: {max_candidate_gpus: 2}}`;

/** So that every edge lies within the six doublings of the search. */
const RATE = 8;

const POISSON = `
traffic: {source: {type: preset, name: chat, requests: 600}, load: {type: poisson, requests_per_second: ${RATE}}}${ENGINE}`;

const TOLERANCE = 1.03;

function at(config: PredictConfig, factor: number): PredictConfig {
  const { load } = config.traffic;
  if (load.type === 'concurrency') throw new Error('no rate');
  const heavier =
    load.type === 'trace_timestamps'
      ? { ...load, speedup: load.speedup * factor }
      : { ...load, requests_per_second: load.requests_per_second * factor };
  return { ...config, traffic: { ...config.traffic, load: heavier } };
}

describe('capacity', () => {
  it('is the edge that a scan over loads finds, for every deployment', async () => {
    const goal = goalFrom(POISSON);
    expect(goal.goal.kind).toBe('capacity');
    const found = await answerTo(goal, { threads: 2 });
    const configs = [...enumerateCandidates(goal, catalogFacts, memoryPlanner(catalogFacts)).configs()];
    expect(found.points).toHaveLength(configs.length);
    const highest: number[] = [];
    for (const [index, config] of configs.entries()) {
      // Up from well below in steps of the tolerance, to the first load that misses.
      let load = 0.5;
      while ((await predicted(at(config, load * TOLERANCE))).slo.met) load *= TOLERANCE;
      expect(load).toBeGreaterThan(0.5);
      const { load: answered } = found.points[index];
      expect(answered).toBeGreaterThan(load / TOLERANCE);
      expect(answered).toBeLessThan(load * TOLERANCE * TOLERANCE);
      highest.push(found.points[index].objectives[0]);
    }
    expect(found.pick?.summary.throughput.output_tokens_per_s).toBe(Math.max(...highest));
  });

  it('holds at the answer, misses just above it, says the multiplier it is at, and keeps clear books', async () => {
    const found = await answerTo(goalFrom(POISSON));
    for (const each of found.frontier) {
      const report = await predicted(each.config);
      expect([report.slo.met, report.result_hash]).toEqual([true, each.summary.result_hash]);
      expect((await predicted(at(each.config, TOLERANCE))).slo.met).toBe(false);
      const { load } = each.config.traffic;
      expect(each.load.type).toBe('multiplier');
      expect(load.type === 'poisson' && load.requests_per_second / RATE).toBeCloseTo(each.load.value, 12);
    }
    const { tried } = found;
    expect(tried.full + tried.short).toBe(tried.enumerated - tried.bounded_out - tried.no_memory - tried.illegal);
    expect(tried.simulations).toBeGreaterThan(5 * tried.full);
  });
});
