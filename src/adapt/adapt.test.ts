import { expect, test } from 'vitest';
import { RandomStream } from '../base/random.ts';
import { catalogFacts } from '../config/facts.ts';
import { parsePredict, parseRecommend } from '../config/loadPredict.ts';
import { writeYaml } from '../config/writeYaml.ts';
import { WorkloadBuilder } from '../workload/workloadBuilder.ts';
import { adapt } from './adapt.ts';

const HALF_S = 600;

/** Four stretches of ten minutes: many requests, few, many, few. */
function workload() {
  const random = new RandomStream(3, 'two moods');
  const builder = new WorkloadBuilder('moods', 16);
  let nowS = 0;
  while (nowS < 4 * HALF_S) {
    builder.add({ arrivalNs: Math.round(nowS * 1e9), inputTokens: random.integer(200, 600), outputTokens: 20 });
    nowS += random.exponential(Math.floor(nowS / HALF_S) % 2 === 0 ? 1 / 6 : 1);
  }
  return builder.build();
}

/** A prompt of 400 tokens takes 0.41 s, so one replica does two requests a second, if it takes them one by one. */
const goal = (extra = '') =>
  parseRecommend(
    `traffic: {source: {type: trace, path: moods.jsonl}}
engine: {model: Qwen/Qwen3-8B, hardware: h100_sxm, mode: aggregated, context_length: 4096, workers: {aggregated: {
  parallelism: {tensor: 1},
  startup: {provisioning_seconds: 20, load_gb_per_second: null, warmup_seconds: 10},
  scheduler: {max_batched_tokens: 512},
  timing: {type: linear, base_ms: 10, per_prefill_token_ms: 1, per_sequence_ms: 0.1, per_context_token_ms: 0.0001}}}}
router: {policy: least_loaded}
evaluation: {slo: {ttft_ms: {p95: 2000}}}
optimization: {constraints: {max_candidate_gpus: 16}}
${extra}`,
    'goal.yaml',
    [],
    catalogFacts,
  );

const OPTIONS = { version: 'test', configHash: 'hash', windowS: 150, trainShare: 0.5 };

const adapted = adapt(goal(), workload(), catalogFacts, OPTIONS);

test('a workload of two moods is followed, at less than the best static deployment costs', () => {
  const { segments, switches, scores, train, test: scored } = adapted;
  expect([train.to_s, scored.from_s].map((s) => Math.round(s / 10))).toEqual([120, 120]);
  expect(segments.map(({ from_s, to_s }) => [from_s, Math.round(to_s / 10) * 10])).toEqual([
    [0, 600],
    [600, 1200],
  ]);
  expect(segments[1].reason).toMatch(/^requests\/s/);
  // There, and back as it begins again.
  expect(switches.map(({ at_s }) => Math.round(at_s / 10))).toEqual([60, 120]);
  const { schedule, best_static: fixed, best_autoscaled: scaled, hindsight } = scores;
  expect(schedule!.in_training!.met && fixed!.in_training!.met).toBe(true);
  expect(schedule!.usd).toBeLessThan(0.8 * fixed!.usd);
  expect(scaled!.scale_events).toBeGreaterThan(0);
  // Both are what running costs, switches included: the sum of estimates comes near the simulated figure.
  for (const each of [schedule!, hindsight!]) {
    expect(each.estimated_usd! / each.usd).toBeGreaterThan(0.9);
    expect(each.estimated_usd! / each.usd).toBeLessThan(1.1);
  }
});

test('over time each adds up to what its one simulation says', () => {
  const { scores, windows, test: scored } = adapted;
  expect(windows.test.map(({ requests }) => requests).reduce((sum, each) => sum + each)).toBe(scored.requests);
  for (const [name, { course, gpu_hours, attained_ratio }] of Object.entries(scores).map(
    ([name, score]) => [name, score!] as const,
  )) {
    const good = windows.test.reduce((sum, { requests }, at) => sum + requests * (course.attained_ratios[at] ?? 0), 0);
    expect(good / scored.requests, name).toBeCloseTo(attained_ratio, 12);
    // GPU time up to the end of the stretch; what is left then is the last answers.
    const gpuS = course.gpus.reduce((sum, { time_s, gpus }, at) => {
      const untilS = Math.min(scored.to_s, course.gpus[at + 1]?.time_s ?? scored.to_s);
      return sum + gpus * Math.max(0, untilS - time_s);
    }, 0);
    expect(gpu_hours * 3600 - gpuS, name).toBeGreaterThanOrEqual(0);
    expect(gpu_hours * 3600 - gpuS, name).toBeLessThan(16 * 10);
  }
  expect(scores.schedule!.course.timetable.map(({ from_s }) => Math.round(from_s / 10))).toEqual([120, 180]);
  expect(scores.schedule!.in_training!.course.timetable.map(({ from_s }) => Math.round(from_s / 10))).toEqual([0, 60]);
  expect(scores.best_static!.course.gpus).toHaveLength(1);
});

test('what is chosen can be written down and read again', () => {
  for (const score of Object.values(adapted.scores)) {
    expect(parsePredict(writeYaml(score!.config), 'again.yaml', [], catalogFacts)).toEqual(score!.config);
  }
});

test('a goal without an SLO, or without times, is refused in one line', () => {
  const refused = (change: object) => () =>
    adapt({ ...goal(), ...change } as ReturnType<typeof goal>, workload(), catalogFacts, OPTIONS);
  expect(refused({ goal: { ...goal().goal, slo: null } })).toThrow(/evaluation.slo: required/);
  expect(refused({ traffic: { ...goal().traffic, load: { type: 'concurrency', concurrency: 3 } } })).toThrow(
    /closed loop/,
  );
});
