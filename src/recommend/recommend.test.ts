import { describe, expect, it } from 'vitest';
import { loadWorkload } from '../config/buildWorkload.ts';
import { catalogFacts } from '../config/facts.ts';
import { parsePredict, parseRecommend } from '../config/loadPredict.ts';
import { contextLengthOf } from '../config/replicaSpec.ts';
import { metricValue } from '../metrics/metricNames.ts';
import { predict } from '../study/prediction.ts';
import { enumerateCandidates } from './candidates.ts';
import { memoryPlanner } from './memoryRefusal.ts';
import { recommend } from './recommend.ts';
import type { Recommendation } from './recommendation.ts';

const context = { facts: catalogFacts, version: 'test', clockMs: () => 0 };
const READ_AS_IS = { type: 'trace_timestamps', speedup: 1, spread: 'none' } as const;

async function answer(yaml: string, threads = 1, extra: object = {}): Promise<Recommendation> {
  const config = parseRecommend(yaml, 'goal.yaml', [], catalogFacts);
  const asItIs = { ...config.traffic, load: READ_AS_IS };
  const source = await loadWorkload(asItIs, config.seed, '.', 131072);
  return recommend(config, source, catalogFacts, { threads, version: 'test', ...extra });
}

/** What must be equal between two runs: everything but how long they took. */
function timeless(recommendation: Recommendation): unknown {
  const { elapsed: _, ...rest } = recommendation;
  return JSON.parse(JSON.stringify(rest, (key, value) => (key === 'wall_ms' ? 0 : value)));
}

const small = (slo: string, more = ''): string => `
traffic: {source: {type: preset, name: chat, requests: 150}, load: {type: poisson, requests_per_second: 12}}
engine: {model: meta-llama/Llama-3.1-8B, hardware: {choices: [l4, l40s]}}
evaluation: {slo: ${slo}}
optimization: {objectives: [usd_per_hour, p95_ttft_ms], constraints: {max_candidate_gpus: 3}}
${more}`;

describe('recommend', () => {
  const yaml = small('{ttft_ms: {p95: 200}, tpot_ms: {p95: 25}}');

  it('finds what simulating every candidate to its end finds', async () => {
    const config = parseRecommend(yaml, 'goal.yaml', [], catalogFacts);
    const configs = [...enumerateCandidates(config, catalogFacts, memoryPlanner(catalogFacts)).configs()];
    const reports = [];
    for (const candidate of configs) {
      const workload = await loadWorkload(
        candidate.traffic,
        candidate.seed,
        '.',
        contextLengthOf(candidate, catalogFacts),
      );
      reports.push(predict(candidate, workload, context).report);
    }
    const found = await answer(yaml);
    const feasible = reports.filter(({ slo }) => slo.met);
    expect(feasible.length).toBeGreaterThan(0);
    expect(feasible.length).toBeLessThan(reports.length);
    expect(found.points.filter((point) => point.feasible).length + found.tried.duplicate).toBeGreaterThanOrEqual(
      feasible.length,
    );
    expect(found.tried.enumerated).toBe(
      found.tried.full +
        found.tried.short +
        found.tried.duplicate +
        found.tried.illegal +
        found.tried.no_memory +
        found.tried.bounded_out,
    );
    expect(found.pick?.summary.cost.usd_per_hour).toBe(Math.min(...feasible.map(({ cost }) => cost.usd_per_hour)));
    const front = feasible.filter(
      (mine) =>
        !feasible.some(
          (other) =>
            metricValue(other, 'usd_per_hour') <= metricValue(mine, 'usd_per_hour') &&
            metricValue(other, 'p95_ttft_ms') <= metricValue(mine, 'p95_ttft_ms') &&
            (metricValue(other, 'usd_per_hour') < metricValue(mine, 'usd_per_hour') ||
              metricValue(other, 'p95_ttft_ms') < metricValue(mine, 'p95_ttft_ms')),
        ),
    );
    const valuesOf = (report: Recommendation['frontier'][number]['summary']): string =>
      `${report.cost.usd_per_hour} ${report.latency.ttft_ms.p95}`;
    expect(found.frontier.map(({ summary }) => valuesOf(summary)).sort()).toEqual(
      [...new Set(front.map(valuesOf))].sort(),
    );
    for (const { config: candidate, summary } of found.frontier) {
      const workload = await loadWorkload(
        candidate.traffic,
        candidate.seed,
        '.',
        contextLengthOf(candidate, catalogFacts),
      );
      expect(predict(candidate, workload, context).report.result_hash).toBe(summary.result_hash);
    }
  });

  it('answers the same on one thread and on two', async () => {
    expect(timeless(await answer(yaml, 2))).toEqual(timeless(await answer(yaml, 1)));
  });

  it('answers the same on one thread and on two when the budget ends the search', async () => {
    const cut = small('{ttft_ms: {p95: 400}}', 'optimizer: {max_passes: 200000}');
    const alone = await answer(cut, 1);
    expect(alone.truncated).toBe(true);
    expect(alone.tried.passes).toBeGreaterThanOrEqual(200000);
    expect(timeless(await answer(cut, 2))).toEqual(timeless(alone));
  });

  it('says what kills most when nothing is feasible, and shows the nearest misses', async () => {
    const found = await answer(small('{ttft_ms: {p95: 60}}'));
    expect(found.pick).toBeNull();
    expect(found.violations[0]).toMatchObject({ rule: 'p95_ttft_ms <= 60' });
    expect(found.why[0]).toContain('p95_ttft_ms <= 60 kills most');
    expect(found.frontier.length).toBeGreaterThan(0);
    expect(found.why[1]).toContain('The nearest is');
  });

  it('compares with a baseline on the same workload', async () => {
    const own = parsePredict(
      `
traffic: {source: {type: preset, name: code}, load: {type: poisson, requests_per_second: 1}}
engine: {model: meta-llama/Llama-3.1-8B, hardware: h100_sxm, workers: {aggregated: {parallelism: {replicas: 2}}}}`,
      'own.yaml',
      [],
      catalogFacts,
    );
    const found = await answer(yaml, 1, { baseline: own });
    expect(found.baseline?.summary.requests.submitted).toBe(found.pick?.summary.requests.submitted);
    expect(found.baseline?.shape).toBe('2x TP1 h100_sxm');
    const ratio = found.pick!.summary.cost.usd_per_hour / found.baseline!.summary.cost.usd_per_hour;
    expect(found.baseline?.change?.usd_per_hour).toBeCloseTo(ratio - 1, 12);
  });

  it('climbs a ladder of concurrencies: more users, more tokens per GPU, fewer per user', async () => {
    const found = await answer(`
traffic: {source: {type: preset, name: chat, requests: 120}, load: {type: concurrency, concurrency: {choices: [1, 4, 16]}}}
engine: {mode: aggregated, model: meta-llama/Llama-3.1-8B, hardware: l40s, workers: {aggregated: {parallelism: {replicas: 1, tensor: 1}, scheduler: {max_batched_tokens: 8192}}}}
`);
    expect(found.goal.kind).toBe('load_ladder');
    expect(found.frontier.map(({ load }) => load)).toEqual([16, 4, 1].map((value) => ({ type: 'concurrency', value })));
  });

  it('finds the highest load each deployment holds, which itself holds and a tenth more does not', async () => {
    const found = await answer(`
traffic: {source: {type: preset, name: chat, requests: 1200}, load: {type: poisson, requests_per_second: 4}}
engine: {mode: aggregated, model: meta-llama/Llama-3.1-8B, hardware: l40s, workers: {aggregated: {parallelism: {replicas: {choices: [1, 2]}, tensor: 1}, scheduler: {max_batched_tokens: 2048}}}}
router: {policy: least_loaded}
evaluation: {slo: {ttft_ms: {p95: 300}, tpot_ms: {p95: 60}}}
optimization: {objectives: [output_tokens_per_s, usd_per_hour]}
`);
    expect(found.goal.kind).toBe('capacity');
    const pick = found.pick!;
    expect(pick.gpus).toBe(2);
    expect(pick.summary.slo.met).toBe(true);
    const { load } = pick.config.traffic;
    if (load.type !== 'poisson') throw new Error('the load changed its kind');
    // Close to the limit attainment is no monotone function of the load: a request more or less decides.
    const heavier = {
      ...pick.config.traffic,
      load: { ...load, requests_per_second: load.requests_per_second * 1.1 },
    };
    const config = { ...pick.config, traffic: heavier };
    const workload = await loadWorkload(heavier, config.seed, '.', contextLengthOf(config, catalogFacts));
    expect(predict(config, workload, context).report.slo.met).toBe(false);
  });
});
