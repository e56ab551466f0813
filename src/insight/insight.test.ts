import { describe, expect, it } from 'vitest';
import { loadWorkload } from '../config/buildWorkload.ts';
import { catalogFacts } from '../config/facts.ts';
import { parsePredict } from '../config/loadPredict.ts';
import type { PredictConfig } from '../config/predictConfig.ts';
import { metricValue } from '../metrics/metricNames.ts';
import { errorBandOf } from '../study/errorBand.ts';
import { predict } from '../study/prediction.ts';
import { compare } from './comparison.ts';
import { intervalsOf, withoutBlock } from './confidence.ts';
import { explain } from './explanation.ts';
import { Laboratory } from './laboratory.ts';

const deployment = (workers: string, more = 'router: {policy: round_robin}'): PredictConfig =>
  parsePredict(
    `
traffic: {source: {type: preset, name: chat, requests: 400}, load: {type: poisson, requests_per_second: 8}}
engine: {model: Qwen/Qwen3-8B, hardware: h100_sxm, context_length: 8192, workers: ${workers}}
evaluation: {slo: {ttft_ms: {p95: 1000}, tpot_ms: {p95: 40}}}
${more}`,
    'test.yaml',
    [],
    catalogFacts,
  );

const small = deployment(
  '{aggregated: {parallelism: {replicas: 2, tensor: 1}, kv_cache: {capacity: {memory_fraction: 0.3}}}}',
);

async function laboratoryOf(config: PredictConfig, budget?: number): Promise<Laboratory> {
  const traffic = { ...config.traffic, load: { type: 'trace_timestamps', speedup: 1, spread: 'none' } as const };
  return new Laboratory(await loadWorkload(traffic, config.seed, '.', 8192), catalogFacts, 'test', budget);
}

describe('compare', () => {
  it.each([
    [
      'another shape and router',
      '{aggregated: {parallelism: {replicas: 1, tensor: 2}}}',
      'router: {policy: least_loaded}',
    ],
    ['prefill and decode apart', '{prefill: {}, decode: {}}', 'router: {policy: round_robin}'],
  ])('splits the difference to %s into parts that sum to it', async (_, workers, more) => {
    const other = deployment(workers, more);
    const found = compare(await laboratoryOf(small), small, other)!;
    expect(found.links.length).toBeGreaterThan(0);
    for (const metric of found.metrics) {
      const total = found.links.reduce((sum, { by }) => sum + by[metric], 0);
      expect(total).toBeCloseTo(metricValue(found.b, metric) - metricValue(found.a, metric), 6);
    }
  });

  it('tells the KV pages of a shape from the time of its passes', async () => {
    const tight = deployment('{aggregated: {parallelism: {tensor: 1}, kv_cache: {capacity: {memory_fraction: 0.3}}}}');
    const wide = deployment('{aggregated: {parallelism: {tensor: 2}, kv_cache: {capacity: {memory_fraction: 0.3}}}}');
    const { links } = compare(await laboratoryOf(tight), tight, wide)!;
    expect(links.map(({ change }) => change.replace(/\d{3,}/g, 'N'))).toEqual([
      'aggregated: KV pages of a rank N -> N',
      'aggregated: TP1 hN_sxm -> TP2 hN_sxm, time of a pass',
    ]);
  });

  it('finds nothing between a deployment and itself', async () => {
    const { links, sentence } = compare(await laboratoryOf(small), small, small)!;
    expect([links, sentence]).toEqual([[], 'p99 TTFT is the same.']);
  });
});

describe('explain', () => {
  it('measures every notch against the deployment, and a coupling as its four corners say', async () => {
    const laboratory = await laboratoryOf(small);
    const found = explain(laboratory, small, deployment('{aggregated: {parallelism: {replicas: 4}}}'), [])!;
    const doubled = found.sensitivities.find(({ label }) => label === 'replicas 2 -> 3')!;
    const three = laboratory.report({
      ...small,
      engine: {
        ...small.engine,
        workers: {
          aggregated: small.engine.workers.aggregated!.map((pool) => ({
            ...pool,
            parallelism: { ...pool.parallelism, replicas: 3 },
          })),
        },
      },
    })!;
    expect(doubled.changes.p95_e2e_ms).toBeCloseTo(three.latency.e2e_ms.p95 / found.summary.latency.e2e_ms.p95 - 1, 12);
    for (const { gain_first, gain_second, gain_together, interaction } of found.couplings) {
      expect(interaction).toBeCloseTo(gain_together / (gain_first * gain_second), 12);
    }
    expect(found.sturdiness.cases.map(({ label }) => label)).toContain('one aggregated replica down');
    expect(found.why_not?.usd_per_month_more).toBeGreaterThan(0);
    expect(found.why_not?.sentence).toMatch(/a month more/);
  });

  it('has nothing to say of a deployment that does not fit', async () => {
    const large = { ...small, engine: { ...small.engine, model: 'meta-llama/Llama-3.1-70B' } };
    expect(explain(await laboratoryOf(small), large, null, [])).toBeNull();
  });
});

describe('intervalsOf', () => {
  it('leaves out each session once, whole, and closes up its time', async () => {
    const workload = (await laboratoryOf(small)).workloadOf(small);
    const parts = Array.from({ length: 12 }, (_, block) => withoutBlock(workload, block));
    // Each request is in all parts but one.
    expect(parts.reduce((sum, { count }) => sum + count, 0)).toBe(11 * workload.count);
    for (const part of parts) {
      const firsts = [...part.arrivalNs].filter((_, request) => part.isFollowUp[request] === 0);
      expect(firsts).toEqual([...firsts].sort((a, b) => a - b));
      const followed = [...part.nextTurn].filter((next) => next >= 0);
      expect(followed).toHaveLength([...part.isFollowUp].filter((flag) => flag === 1).length);
    }
  });

  it('covers the mean of other draws of the same workload about as often as it says', async () => {
    let covered = 0;
    const seeds = [1, 2, 3, 4, 5, 6, 7, 8];
    const means: number[] = [];
    const intervals: (readonly [number, number])[] = [];
    for (const seed of seeds) {
      const config = { ...small, seed };
      const laboratory = await laboratoryOf(config);
      const { mean_ttft_ms } = intervalsOf(laboratory, config, ['mean_ttft_ms']);
      intervals.push(mean_ttft_ms.requests!);
      means.push(mean_ttft_ms.value);
    }
    const truth = means.reduce((sum, mean) => sum + mean, 0) / means.length;
    for (const [low, high] of intervals) if (low <= truth && truth <= high) covered += 1;
    expect(covered).toBeGreaterThanOrEqual(6);
  });

  it('moves with the timing as the error band of a prediction does, and has none where the timing is given', async () => {
    const laboratory = await laboratoryOf(small);
    const { p95_e2e_ms } = intervalsOf(laboratory, small, ['p95_e2e_ms']);
    const workload = laboratory.workloadOf(small);
    const context = { facts: catalogFacts, version: 'test', clockMs: () => 0 };
    const band = errorBandOf(small, workload, context, predict(small, workload, context));
    expect(p95_e2e_ms.timing).toEqual(band.intervals!.p95_e2e_ms);
    const [low, high] = p95_e2e_ms.timing!;
    expect(low).toBeLessThan(p95_e2e_ms.value);
    expect(high).toBeGreaterThan(p95_e2e_ms.value);
    const given = deployment('{aggregated: {timing: {type: fixed, prefill_ms: 20, decode_ms: 5}}}');
    expect(intervalsOf(laboratory, given, ['p95_e2e_ms']).p95_e2e_ms.timing).toBeNull();
  });
});

it('stops looking when its budget is spent, says so, and keeps what it has', async () => {
  const whole = explain(await laboratoryOf(small), small, null, [])!;
  expect(whole.effort.truncated).toBe(false);
  const budget = 4 * whole.summary.passes;
  const part = explain(await laboratoryOf(small, budget), small, null, [])!;
  expect(part.effort.truncated).toBe(true);
  expect(part.summary).toEqual(whole.summary);
  expect(part.sensitivities.length).toBeGreaterThan(0);
  expect(part.sensitivities).toEqual(whole.sensitivities.slice(0, part.sensitivities.length));
  expect(part.effort.simulations).toBeLessThan(whole.effort.simulations / 2);
});
