import { expect, test } from 'vitest';
import { RandomStream } from '../base/random.ts';
import { catalogFacts } from '../config/facts.ts';
import { parseRecommend } from '../config/loadPredict.ts';
import { WorkloadBuilder } from '../workload/workloadBuilder.ts';
import { adapt } from './adapt.ts';
import { configOf, type Deployment } from './deployment.ts';
import { Rehearsal } from './rehearsal.ts';
import { shapesOf } from './shapes.ts';
import { Scissors } from './windows.ts';

const DAY_S = 600;

/** Two days of ten minutes and two nights: a prompt of 6,000 tokens a second, then two of 100. */
function workload() {
  const random = new RandomStream(5, 'long and short');
  const builder = new WorkloadBuilder('long and short', 16);
  let nowS = 0;
  while (nowS < 4 * DAY_S) {
    const isDay = Math.floor(nowS / DAY_S) % 2 === 0;
    builder.add({ arrivalNs: Math.round(nowS * 1e9), inputTokens: isDay ? 6000 : 100, outputTokens: 100 });
    nowS += random.exponential(isDay ? 1 : 0.5);
  }
  return builder.build();
}

/**
 * A pass takes 10 ms and 0.05 ms a prompt token. By day a prompt stops the answers beside it for 0.3 s, of the 1.2 s that 100 tokens may
 * take: two of them are too many. By night it is 5 ms, and one replica does.
 */
const WORKER = `{
  parallelism: {tensor: 1},
  startup: {provisioning_seconds: 20, load_gb_per_second: null, warmup_seconds: 10},
  scheduler: {max_batched_tokens: 8192},
  timing: {type: linear, base_ms: 10, per_prefill_token_ms: 0.05, per_sequence_ms: 0.01, per_context_token_ms: 0}}`;
const GOAL = parseRecommend(
  `traffic: {source: {type: trace, path: days.jsonl}}
engine: {model: Qwen/Qwen3-8B, hardware: h100_sxm, mode: {choices: [aggregated, disaggregated]}, context_length: 8192, workers: {
  aggregated: ${WORKER}, prefill: ${WORKER}, decode: ${WORKER}}}
router: {policy: least_loaded}
evaluation: {slo: {ttft_ms: {p95: 3000}, tpot_ms: {p95: 12}}}
optimization: {constraints: {max_candidate_gpus: 6}}`,
  'goal.yaml',
  [],
  catalogFacts,
);

test('prefill and decode stand apart by day, where long prompts would break the pace of answers, and not by night', () => {
  const { switches, segments, scores } = adapt(GOAL, workload(), catalogFacts, {
    version: 'test',
    configHash: 'hash',
    windowS: 150,
    trainShare: 0.5,
  });
  expect(segments.map(({ deployment }) => deployment!.includes('prefill'))).toEqual([true, false]);
  expect(switches).toHaveLength(2);
  expect(scores.schedule!.met).toBe(true);
  expect(scores.schedule!.usd).toBeLessThan(scores.best_static!.usd);

  // Both simulated by hand: by day aggregated replicas on as many GPUs miss the SLO, by night one of them keeps it for less than the split takes.
  const scissors = new Scissors(workload());
  const rehearsal = new Rehearsal(scissors, catalogFacts, 'test');
  const [aggregated, split] = ['TP1 h100_sxm', 'prefill'].map(
    (name) => shapesOf(GOAL, catalogFacts).find((shape) => shape.name.startsWith(name))!,
  );
  const run = (deployment: Deployment, from: number) =>
    rehearsal.run(configOf(deployment), from * DAY_S * 1e9, (from + 1) * DAY_S * 1e9);
  const fewest = segments[0].fewest[split.name]!;
  const gpus = fewest.reduce((sum, count) => sum + count);
  expect(run({ shape: split, replicas: fewest }, 0).slo.met).toBe(true);
  for (let replicas = 1; replicas <= gpus; replicas++) {
    expect(run({ shape: aggregated, replicas: [replicas] }, 0).slo.met, `${replicas} by day`).toBe(false);
  }
  const [one, two] = [run({ shape: aggregated, replicas: [1] }, 1), run({ shape: split, replicas: [1, 1] }, 1)];
  expect([one.slo.met, two.slo.met]).toEqual([true, true]);
  expect(one.cost.usd).toBeLessThan(0.6 * two.cost.usd);
});
