/** What the answer says about itself: comparisons, sentences, counts, and the same words for any number of threads. */
import { describe, expect, it } from 'vitest';
import { catalogFacts } from '../../src/config/facts.ts';
import { parsePredict } from '../../src/config/loadPredict.ts';
import type { PredictConfig } from '../../src/config/predictConfig.ts';
import { percent } from '../../src/recommend/why.ts';
import { formatPercent } from '../../src/report/format.ts';
import { answerTo, goalFrom, predicted, timeless } from './support.ts';

const engine = (hardware: string, tensor = 1, replicas = 1, more = ''): string =>
  `engine: {model: meta-llama/Llama-3.1-8B, hardware: ${hardware}, workers: {aggregated: {parallelism: {tensor: ${tensor}, replicas: ${replicas}}}}${more}}`;

function baseline(text: string, more = ''): PredictConfig {
  const traffic = 'traffic: {source: {type: preset, name: code}, load: {type: poisson, requests_per_second: 1}}';
  return parsePredict(`seed: 77\n${traffic}\n${text}\n${more}`, 'own.yaml', [], catalogFacts);
}

const GOAL = `
seed: 5
traffic: {source: {type: preset, name: chat, requests: 200}, load: {type: poisson, requests_per_second: 20}}
engine: {mode: aggregated, model: meta-llama/Llama-3.1-8B, hardware: l40s, workers: {aggregated: {scheduler: {max_batched_tokens: {choices: [2048, 8192]}}}}}
router: {policy: {choices: [round_robin, least_loaded]}}
evaluation: {slo: {tpot_ms: {p95: 26}}, window: {warmup: {requests: 20}}}
cost: {usd_per_gpu_hour: 2}
optimization: {objectives: [usd_per_hour, p95_ttft_ms], constraints: {max_candidate_gpus: 4}}`;

describe('a baseline', () => {
  it('is judged as the candidates are: traffic, seed, SLO, window and prices', async () => {
    const found = await answerTo(goalFrom(GOAL), { baseline: baseline(engine('l40s')) });
    const { config, summary, violations, feasible } = found.baseline!;
    const candidate = found.pick!.config;
    expect([config.traffic, config.seed, config.evaluation]).toEqual([candidate.traffic, 5, candidate.evaluation]);
    expect(summary.cost.usd_per_hour).toBe(2);
    expect(summary.slo.met).toBe(feasible);
    expect([feasible, violations]).toEqual([false, ['p95_tpot_ms <= 26']]);
    expect(found.why.join(' ')).toContain('Against the baseline, 1x TP1 l40s, which misses p95_tpot_ms <= 26');
    expect((await predicted(config)).result_hash).toBe(summary.result_hash);
  });

  it('keeps prices of its own', async () => {
    const own = baseline(engine('l40s'), 'cost: {usd_per_gpu_hour: 3}');
    const found = await answerTo(goalFrom(GOAL), { baseline: own });
    expect(found.baseline?.summary.cost.usd_per_hour).toBe(3);
  });

  it('that is the pick is called so', async () => {
    const found = await answerTo(goalFrom(GOAL));
    const again = await answerTo(goalFrom(GOAL), { baseline: found.pick!.config });
    expect(again.baseline?.id).toBe(found.pick?.id);
    expect(again.baseline?.change).toEqual({ usd_per_hour: 0, p95_ttft_ms: 0 });
    expect(again.why).toContain('The baseline is the pick itself.');
  });

  it('that does not fit its GPUs is refused with what is missing', async () => {
    const large = baseline(engine('l40s').replace('8B', '70B'));
    const refused = answerTo(goalFrom(GOAL), { baseline: large });
    await expect(refused).rejects.toThrow(
      /^--baseline engine\.workers\.aggregated: .*does not fit on 1 x l40s.*tensor 8 fits/,
    );
  });

  it('climbs the whole ladder and stands at the rung that suits it best', async () => {
    const ladder = GOAL.replace('poisson, requests_per_second: 20', 'concurrency, concurrency: {choices: [1, 4, 12]}')
      .replace('objectives: [usd_per_hour, p95_ttft_ms], ', '')
      .replace('p95: 26', 'p95: 33');
    const found = await answerTo(goalFrom(ladder), { baseline: baseline(engine('l40s')) });
    expect(found.baseline?.load).toEqual({ type: 'concurrency', value: 12 });
    expect(found.baseline?.feasible).toBe(true);
  });
});

describe('the answer', () => {
  it('is the same for one, two and three threads, and when repeated', async () => {
    const goal = goalFrom(GOAL);
    const first = timeless(await answerTo(goal));
    for (const threads of [1, 2, 3]) expect(timeless(await answerTo(goal, { threads }))).toEqual(first);
  });

  it('names what the next smaller fleet misses, and that is so', async () => {
    const goal = goalFrom(
      GOAL.replace('tpot_ms: {p95: 26}', 'ttft_ms: {p95: 185}, tpot_ms: {p95: 26}').replace(
        'hardware: l40s, workers: {aggregated: {',
        'hardware: l40s, workers: {aggregated: {parallelism: {tensor: 1}, ',
      ),
    );
    const found = await answerTo(goal);
    const { pick, why } = found;
    expect(pick!.gpus).toBeGreaterThan(1);
    const sentence = why.find((each) => each.startsWith('With '));
    const [, fewer, instead, missed] = /^With (\d+) GPUs instead of (\d+) it misses (.*)\.$/.exec(sentence ?? '') ?? [];
    expect(Number(instead)).toBe(pick!.gpus);
    const [worker] = pick!.config.engine.workers.aggregated!;
    const smaller = { ...worker, parallelism: { ...worker.parallelism, replicas: Number(fewer) } };
    const config = { ...pick!.config, engine: { ...pick!.config.engine, workers: { aggregated: [smaller] } } };
    const { latency, slo } = await predicted(config);
    expect(slo.met).toBe(false);
    expect(missed.includes('p95_ttft_ms <= 185')).toBe(latency.ttft_ms.p95 > 185);
    expect(missed.includes('p95_tpot_ms <= 26')).toBe(latency.tpot_ms.p95 > 26);
  });

  it('says when slack puts the pick beside the frontier', async () => {
    const goal = goalFrom(
      GOAL.replace('[usd_per_hour, p95_ttft_ms]', '[gpus_peak, p95_ttft_ms]').replace(
        'max_candidate_gpus: 4',
        'min_candidate_gpus: 4, max_candidate_gpus: 4',
      ),
    );
    const { pick, frontier, why } = await answerTo(goal);
    const isOn = frontier.some(({ id }) => id === pick?.id);
    expect(why.some((each) => each.startsWith('It is not on the frontier'))).toBe(!isOn);
    for (const { summary } of frontier) {
      const percents = (slack: number): number => Math.floor(100 * slack);
      expect(percents(summary.slo.worst_slack!)).toBeLessThanOrEqual(percents(pick!.summary.slo.worst_slack!));
    }
  });

  it('counts a candidate once when nothing is feasible and the nearest are simulated again', async () => {
    const goal = goalFrom(`
traffic: {source: {type: preset, name: chat, requests: 2500}, load: {type: poisson, requests_per_second: 8}}
${engine('l40s', 1, 1).replace('tensor: 1, replicas: 1', 'tensor: 1')}
router: {policy: {choices: [least_loaded, round_robin, random]}}
evaluation: {slo: {ttft_ms: {p95: 25}}}
optimizer: {algorithm: exhaustive}
optimization: {constraints: {max_candidate_gpus: 4}}`);
    const { pick, tried, points, violations, why } = await answerTo(goal, { threads: 2 });
    expect(pick).toBeNull();
    expect(tried.short).toBeGreaterThan(0);
    expect(points).toHaveLength(tried.full);
    const { enumerated, illegal, no_memory, bounded_out, duplicate, short, full, failed, not_run } = tried;
    expect(illegal + no_memory + bounded_out + duplicate + short + full + failed + not_run).toBe(enumerated);
    expect(tried.simulations).toBe(short + 2 * full);
    expect(violations).toEqual([{ rule: 'p95_ttft_ms <= 25', candidates: short + full }]);
    expect(why[0]).toBe(
      `p95_ttft_ms <= 25 kills most: ${short + full} of ${short + full} simulated candidates break it.`,
    );
  });

  it('says why simulations failed', async () => {
    // A warm-up as long as the workload leaves nothing to measure, which only the end of a simulation can tell.
    const goal = goalFrom(GOAL.replace('warmup: {requests: 20}', 'warmup: {requests: 200}'));
    for (const threads of [1, 2]) {
      const { pick, tried, failures, why } = await answerTo(goal, { threads });
      expect(pick).toBeNull();
      const { enumerated, bounded_out, no_memory, illegal, duplicate } = tried;
      expect(tried.failed).toBe(enumerated - bounded_out - no_memory - illegal - duplicate);
      expect(failures).toEqual([{ message: expect.stringContaining('evaluation.window'), candidates: tried.failed }]);
      expect(why[0]).toContain(failures[0].message);
    }
  });

  it('counts what an interrupt left undone', async () => {
    const control = new AbortController();
    const onProgress = (done: number): void => {
      if (done === 5) control.abort();
    };
    const { tried, truncated, points } = await answerTo(goalFrom(GOAL), { signal: control.signal, onProgress });
    expect([truncated, tried.full, points.length]).toEqual([true, 5, 5]);
    const { enumerated, bounded_out, no_memory, illegal, duplicate } = tried;
    expect(tried.not_run).toBe(enumerated - bounded_out - no_memory - illegal - duplicate - 5);
    expect(tried.not_run).toBeGreaterThan(0);
  });

  it('prints percentages as the tables do', () => {
    for (let share = -12.5; share < 12.5; share += 0.00037) expect(percent(share)).toBe(formatPercent(share));
    for (const share of [0, 1, 0.5, 0.99999, -0.00001, 0.9, 0.1]) expect(percent(share)).toBe(formatPercent(share));
  });
});
