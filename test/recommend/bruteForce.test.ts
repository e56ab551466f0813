/** The search against an exhaustive one written plainly: every candidate predicted to its end, frontier and pick by hand. */
import { describe, expect, it } from 'vitest';
import { catalogFacts } from '../../src/config/facts.ts';
import type { PredictConfig } from '../../src/config/predictConfig.ts';
import type { Report } from '../../src/metrics/report.ts';
import { enumerateCandidates } from '../../src/recommend/candidates.ts';
import { memoryPlanner } from '../../src/recommend/memoryRefusal.ts';
import type { Evaluated } from '../../src/recommend/recommendation.ts';
import { answerTo, goalFrom, predicted } from './support.ts';

interface Goal {
  readonly name: string;
  readonly yaml: string;
  /** Objectives as figures to be minimised, read from the report by hand. */
  readonly costs: readonly ((report: Report) => number)[];
  readonly isFeasible: (report: Report) => boolean;
  readonly candidates: number;
  /** Runs are long enough for hopeless ones to be stopped early. */
  readonly isLong?: boolean;
}

const CHAT = 'source: {type: preset, name: chat, requests: 150}';
const rates = (values: string): string => `{${CHAT}, load: {type: poisson, requests_per_second: ${values}}}`;

const GOALS: readonly Goal[] = [
  {
    name: 'one load, two GPU types, prices against latency',
    yaml: `
traffic: ${rates('12')}
engine: {mode: aggregated, model: meta-llama/Llama-3.1-8B, hardware: {choices: [l4, l40s]}}
evaluation: {slo: {ttft_ms: {p95: 200}, tpot_ms: {p95: 25}}}
optimization: {objectives: [usd_per_hour, p95_ttft_ms], constraints: {max_candidate_gpus: 3}}`,
    costs: [(report) => report.cost.usd_per_hour, (report) => report.latency.ttft_ms.p95],
    isFeasible: (report) => report.slo.met,
    candidates: 27,
    isLong: true,
  },
  {
    name: 'both modes, bounds on price, fewest GPUs and a metric',
    yaml: `
traffic: ${rates('6')}
engine:
  model: meta-llama/Llama-3.1-8B
  hardware: l40s
  quantization: {choices: [bf16, fp8]}
  workers:
    aggregated: {parallelism: {tensor: 1}, scheduler: {max_batched_tokens: 8192}}
    prefill: {parallelism: {tensor: 1}}
    decode: {parallelism: {tensor: 1}}
router: {policy: least_loaded}
evaluation: {slo: {ttft_ms: {p95: 400}}}
optimization:
  objectives: [p95_e2e_ms, usd_per_hour, p95_tpot_ms]
  constraints: {min_candidate_gpus: 2, max_candidate_gpus: 6, max_usd_per_hour: 4, rules: [{metric: p95_tpot_ms, max: 24}]}`,
    costs: [
      (report) => report.latency.e2e_ms.p95,
      (report) => report.cost.usd_per_hour,
      (report) => report.latency.tpot_ms.p95,
    ],
    isFeasible: (report) => report.slo.met && report.latency.tpot_ms.p95 <= 24,
    candidates: 10,
  },
  {
    name: 'long runs of which some are stopped early',
    yaml: `
traffic: {source: {type: preset, name: chat, requests: 2500}, load: {type: poisson, requests_per_second: 8}}
engine: {mode: aggregated, model: meta-llama/Llama-3.1-8B, hardware: {choices: [l4, l40s]}, workers: {aggregated: {scheduler: {max_batched_tokens: 8192}}}}
router: {policy: {choices: [least_loaded, prefix_aware]}}
evaluation: {slo: {ttft_ms: {p95: 900, p50: 100}, tpot_ms: {p95: 24}, e2e_ms: {p99: 20000}}}
optimization: {objectives: [usd_per_hour, mean_ttft_ms], constraints: {max_candidate_gpus: 4}}`,
    costs: [(report) => report.cost.usd_per_hour, (report) => report.latency.ttft_ms.mean],
    isFeasible: (report) => report.slo.met,
    candidates: 20,
    isLong: true,
  },
  {
    name: 'a ladder of rates',
    yaml: `
traffic: ${rates('{choices: [2, 8, 24]}')}
engine: {mode: aggregated, model: meta-llama/Llama-3.1-8B, hardware: l40s, workers: {aggregated: {scheduler: {max_batched_tokens: 2048}}}}
router: {policy: round_robin}
evaluation: {slo: {tpot_ms: {p95: 40}}}
optimization: {constraints: {max_candidate_gpus: 4}}`,
    costs: [
      (report) => -report.throughput.output_tokens_per_s_per_gpu,
      (report) => -report.throughput.output_tokens_per_s_per_user,
    ],
    isFeasible: (report) => report.slo.met,
    candidates: 21,
  },
  {
    name: 'a ladder of concurrencies for a mixture of experts, with attention data parallelism',
    yaml: `
traffic: {${CHAT}, load: {type: concurrency, concurrency: {choices: [4, 32]}}}
engine: {mode: aggregated, model: Qwen/Qwen3-30B-A3B, hardware: h100_sxm, workers: {aggregated: {scheduler: {max_batched_tokens: 8192}}}}
router: {policy: least_loaded}
optimization: {constraints: {max_candidate_gpus: 4}}`,
    costs: [
      (report) => -report.throughput.output_tokens_per_s_per_gpu,
      (report) => -report.throughput.output_tokens_per_s_per_user,
    ],
    isFeasible: () => true,
    candidates: 26,
  },
];

/** As good everywhere and better somewhere. */
function beats(a: readonly number[], b: readonly number[]): boolean {
  return a.every((value, k) => value <= b[k]) && a.some((value, k) => value < b[k]);
}

function gpusOf({ engine }: PredictConfig): number {
  let gpus = 0;
  for (const pools of Object.values(engine.workers)) {
    for (const { parallelism } of pools ?? []) {
      gpus += parallelism.replicas * parallelism.tensor * parallelism.attention_data;
    }
  }
  return gpus;
}

describe.each(GOALS)('$name', ({ yaml, costs, isFeasible, candidates, isLong = false }) => {
  it('has the frontier and the pick of trying everything', async () => {
    const goal = goalFrom(yaml);
    const found = await answerTo(goal, { threads: 2 });
    const configs = [...enumerateCandidates(goal, catalogFacts, memoryPlanner(catalogFacts)).configs()];
    expect(configs).toHaveLength(candidates);

    const all: { config: PredictConfig; report: Report; values: number[] }[] = [];
    for (const config of configs) {
      const report = await predicted(config);
      all.push({ config, report, values: costs.map((cost) => cost(report)) });
    }
    const feasible = all.filter(({ report }) => isFeasible(report));
    expect(feasible.length).toBeGreaterThan(0);
    const frontier = feasible.filter((mine) => !feasible.some((other) => beats(other.values, mine.values)));
    const valuesOf = (values: readonly number[]): string => values.join(' ');
    const shown = found.frontier.map(({ summary }) => valuesOf(costs.map((cost) => cost(summary))));
    expect([...shown].sort()).toEqual([...new Set(frontier.map(({ values }) => valuesOf(values)))].sort());
    // Best first in the first objective, and then worse in the first only for better in another.
    const firsts = found.frontier.map(({ summary }) => costs[0](summary));
    expect(firsts).toEqual([...firsts].sort((a, b) => a - b));

    const [best] = [...feasible].sort(
      (a, b) =>
        a.values[0] - b.values[0] ||
        Math.floor(100 * (b.report.slo.worst_slack ?? 0)) - Math.floor(100 * (a.report.slo.worst_slack ?? 0)) ||
        gpusOf(a.config) - gpusOf(b.config) ||
        a.values.map((value, k) => value - b.values[k]).find((difference) => difference !== 0) ||
        (a.report.config_hash < b.report.config_hash ? -1 : 1),
    );
    // Of deployments that simulate alike (one replica, whatever routes to it) one stands for all.
    expect(found.pick?.summary.result_hash).toBe(best.report.result_hash);
    expect(found.pick?.gpus).toBe(gpusOf(best.config));

    const inDetail = [found.pick, found.runner_up, ...found.frontier].filter(
      (each): each is Evaluated => each !== null,
    );
    for (const { config, summary } of inDetail) {
      const again = await predicted(config);
      expect([again.result_hash, again.timeline_hash]).toEqual([summary.result_hash, summary.timeline_hash]);
    }

    const { tried } = found;
    expect(tried.short > 0).toBe(isLong);
    expect([tried.failed, tried.not_run, tried.simulations]).toEqual([0, 0, tried.short + tried.full]);
    const refused = tried.illegal + tried.no_memory + tried.bounded_out;
    expect(tried.enumerated).toBe(tried.short + tried.full + tried.duplicate + refused);
    expect(found.points).toHaveLength(tried.full);
    const twins = new Set(feasible.map(({ report }) => report.result_hash)).size;
    expect(found.points.filter((point) => point.feasible).length).toBeGreaterThanOrEqual(twins);
  });
});
