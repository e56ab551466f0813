import { describe, expect, it } from 'vitest';
import { handmadeRun } from '../../test/support/handmadeRun.ts';
import { loadWorkload } from '../config/buildWorkload.ts';
import { catalogFacts } from '../config/facts.ts';
import { parsePredict } from '../config/loadPredict.ts';
import { contextLengthOf } from '../config/replicaSpec.ts';
import { startRun } from '../study/prediction.ts';
import { violationsOf } from './constraints.ts';
import { lostBound } from './earlyStop.ts';
import { evaluate } from './evaluate.ts';

const NO_CONSTRAINTS = { min_candidate_gpus: 1, max_candidate_gpus: 8, max_usd_per_hour: null, rules: [] };

/** Runs to the end, looking often; returns the first bound given up on the way, how far the run was, and the verdict. */
async function watch(rate: number, slo: string) {
  const config = parsePredict(
    `
traffic: {source: {type: preset, name: rag, requests: 150}, load: {type: poisson, requests_per_second: ${rate}}}
engine: {model: meta-llama/Llama-3.1-8B, hardware: l40s, workers: {aggregated: {}}}
evaluation: {slo: ${slo}}`,
    'test.yaml',
    [],
    catalogFacts,
  );
  const workload = await loadWorkload(config.traffic, config.seed, '.', contextLengthOf(config, catalogFacts));
  const run = startRun(config, workload, { facts: catalogFacts, version: 'test', clockMs: () => 0 });
  let lost: string | null = null;
  let lostAtPass = 0;
  while (!run.advance(40)) {
    const { timeNs, passes } = run.simulation.status();
    if (lost === null) {
      lost = lostBound(config.evaluation.slo, run.simulation.result().log, workload, timeNs);
      if (lost !== null) lostAtPass = passes;
    }
  }
  const report = run.report();
  return {
    lost,
    share: lostAtPass / report.passes,
    violations: violationsOf(report, config, NO_CONSTRAINTS, config.evaluation.slo),
  };
}

describe('lostBound', () => {
  it('gives up only bounds that the whole run breaks, in every statistic and metric', async () => {
    let given = 0;
    let kept = 0;
    for (const rate of [0.5, 2, 8]) {
      for (const metric of ['ttft_ms', 'tpot_ms', 'e2e_ms']) {
        for (const statistic of ['p50', 'p90', 'p95', 'p99', 'max']) {
          const bound = { ttft_ms: 1200, tpot_ms: 45, e2e_ms: 9000 }[metric];
          const { lost, violations } = await watch(rate, `{${metric}: {${statistic}: ${bound}}}`);
          if (lost === null) kept += 1;
          else {
            given += 1;
            expect(violations).toContain(lost);
          }
        }
      }
    }
    expect(given).toBeGreaterThan(5);
    expect(kept).toBeGreaterThan(5);
  });

  it('leaves the warm-up of a closed loop its lateness', async () => {
    const context = { facts: catalogFacts, version: 'test', clockMs: () => 0 };
    const outcomes: string[] = [];
    for (const bound of [100, 400, 1500, 6000, 1e6]) {
      const config = parsePredict(
        `
traffic: {source: {type: preset, name: code, requests: 20000}, load: {concurrency: 64}}
engine: {model: meta-llama/Llama-3.1-8B, hardware: l40s, workers: {aggregated: {}}}
evaluation: {slo: {ttft_ms: {p90: ${bound}}}}`,
        'test.yaml',
        [],
        catalogFacts,
      );
      expect(config.evaluation.window.warmup).toEqual({ requests: 128 });
      const workload = await loadWorkload(config.traffic, config.seed, '.', contextLengthOf(config, catalogFacts));
      const stopped = evaluate(config, workload, context, true);
      const whole = evaluate(config, workload, context, false);
      if (whole.status !== 'full') throw new Error('a whole run was cut short');
      outcomes.push(stopped.status);
      if (stopped.status === 'short') expect(whole.report.slo.met).toBe(false);
    }
    expect(outcomes[0]).toBe('short');
    expect(outcomes.at(-1)).toBe('full');
  });

  it('notices a hopeless overload well before the end', async () => {
    const { lost, share } = await watch(20, '{ttft_ms: {p95: 300}}');
    expect(lost).toBe('p95_ttft_ms <= 300');
    expect(share).toBeLessThan(0.5);
  });

  it('says nothing about means, which a late recovery can save', async () => {
    expect((await watch(20, '{ttft_ms: {mean: 1}}')).lost).toBeNull();
  });

  it('does not hold a class to a general bound that its own replaces', () => {
    const chat = Array.from({ length: 30 }, () => ({ arrivalMs: 0, prefillMs: 50, gapsMs: [10] }));
    const batch = Array.from({ length: 30 }, () => ({ arrivalMs: 0, prefillMs: 900, gapsMs: [10], class: 1 }));
    const { result, workload } = handmadeRun([...chat, ...batch], { durationMs: 5000, classNames: ['chat', 'batch'] });
    const general = { ttft_ms: { p95: 100 } };
    expect(lostBound(general, result.log, workload, 5e9)).toBe('p95_ttft_ms <= 100');
    expect(
      lostBound({ ...general, classes: { batch: { ttft_ms: { p95: 1000 } } } }, result.log, workload, 5e9),
    ).toBeNull();
    expect(
      lostBound({ ...general, classes: { batch: { e2e_ms: { p95: 1 } } } }, result.log, workload, 5e9),
    ).not.toBeNull();
  });

  it('does not count a value that equals its bound as late', () => {
    // 33.3 ms is 33,300,000 ns, a shade above 33.3 * 1e6 in floating point.
    const requests = Array.from({ length: 40 }, () => ({ arrivalMs: 0, prefillMs: 33.3, gapsMs: [33.3] }));
    const { result, workload } = handmadeRun(requests, { durationMs: 1000 });
    result.log.firstTokenNs.fill(33_300_000);
    result.log.lastTokenNs.fill(66_600_000);
    expect(33.3 * 1e6).toBeLessThan(33_300_000);
    expect(lostBound({ ttft_ms: { p95: 33.3 }, tpot_ms: { max: 33.3 } }, result.log, workload, 1e9)).toBeNull();
    expect(lostBound({ ttft_ms: { p95: 33.2 } }, result.log, workload, 1e9)).toBe('p95_ttft_ms <= 33.2');
  });
});
