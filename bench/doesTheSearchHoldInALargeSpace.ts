/**
 * Is a joint space of more than 100,000 legal deployments over the Mooncake conversation trace searched in two minutes on
 * two cores, and is anything left that is better? Searches, then simulates random legal deployments and everything one
 * knob from the pick, and tells by how much any of them beats the frontier.
 *
 * `npm run bench:large -- --requests 2000 --check 1000`
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { RandomStream } from '../src/base/random.ts';
import { loadWorkload } from '../src/config/buildWorkload.ts';
import { catalogFacts } from '../src/config/facts.ts';
import { parseRecommend } from '../src/config/loadPredict.ts';
import { metricValue } from '../src/metrics/metricNames.ts';
import { enumerateCandidates } from '../src/recommend/candidates.ts';
import { memoryPlanner } from '../src/recommend/memoryRefusal.ts';
import { recommend } from '../src/recommend/recommend.ts';
import { lossOf, SearchProblem } from '../src/recommend/searchProblem.ts';
import { plainFacts } from '../src/recommend/sharedInput.ts';
import { TRIAL_TASK } from '../src/recommend/trialExecutor.ts';
import type { TrialJob, TrialResult } from '../src/recommend/trialTask.ts';
import { Executor, localRunner } from '../src/study/executor.ts';

const { values: flags } = parseArgs({
  options: { requests: { type: 'string' }, check: { type: 'string', default: '1000' } },
});
const data = process.env.DYNOSIM_DATA;
if (data === undefined) throw new Error('needs DYNOSIM_DATA, the folder with traces/mooncake-conversation.jsonl');

const config = parseRecommend(
  `
traffic:
  source: {type: trace, path: ${join(data, 'traces/mooncake-conversation.jsonl')}}
  load: {type: trace_timestamps, spread: uniform}
  ${flags.requests === undefined ? '' : `stop: {requests: ${flags.requests}}`}
engine:
  model: meta-llama/Llama-3.1-70B
  hardware: {choices: [h100_sxm, h200_sxm, b200_sxm]}
  quantization: {choices: [fp8, bf16]}
  workers:
    prefill: {scheduler: {max_batched_tokens: {choices: [4096, 8192, 16384]}}, kv_cache: {dtype: {choices: [auto, fp8]}}}
    decode: {scheduler: {max_sequences: {choices: [64, 256, 1024]}}, kv_cache: {dtype: {choices: [auto, fp8]}}}
evaluation: {slo: {ttft_ms: {p95: 3000}, tpot_ms: {p95: 60}}}
optimization: {objectives: [usd_per_hour, p95_e2e_ms], constraints: {max_candidate_gpus: 32}}`,
  'large.yaml',
  [],
  catalogFacts,
);
const asItIs = {
  ...config.traffic,
  stop: { requests: null, max_virtual_time_seconds: null },
  max_output_tokens: 'exact' as const,
};
const source = await loadWorkload(
  { ...asItIs, load: { type: 'trace_timestamps', speedup: 1, spread: 'none' } },
  config.seed,
  '.',
  catalogFacts.model(config.model).contextLength,
);
const { objectives, slo } = config.goal;

const seconds = (since: number): string => ((performance.now() - since) / 1000).toFixed(1);
const cpuSeconds = (since: NodeJS.CpuUsage): string =>
  (Object.values(process.cpuUsage(since)).reduce((a, b) => a + b) / 1e6).toFixed(1);
const [startedMs, startedCpu] = [performance.now(), process.cpuUsage()];
const found = await recommend(config, source, catalogFacts, {
  threads: 2,
  version: 'bench',
  onSpace: (legal, enumerated) =>
    console.log(`${legal} legal of ${enumerated} candidates, enumerated in ${seconds(startedMs)} s`),
});
const { tried } = found;
console.log(
  `searched in ${seconds(startedMs)} s, ${cpuSeconds(startedCpu)} s of CPU: ${tried.full} whole and ${tried.short} short trials, ${(tried.passes / 1e6).toFixed(1)} M passes`,
);
if (found.pick === null) throw new Error('nothing meets the SLO');
console.log(
  `pick ${found.pick.shape}; frontier of ${found.frontier.length}, from ${found.pick.summary.cost.usd_per_hour} USD/h`,
);

const space = enumerateCandidates(config, catalogFacts, memoryPlanner(catalogFacts));
const problem = new SearchProblem(config, space, [1], source, catalogFacts);
const pickConfig = JSON.stringify(found.pick.config);
const pick = Array.from({ length: space.size }, (_, candidate) => candidate).find(
  (candidate) =>
    problem.floorsOf(candidate).usdPerHour === found.pick!.summary.cost.usd_per_hour &&
    JSON.stringify(space.config(candidate)) === pickConfig,
);
if (pick === undefined) throw new Error('the pick is not in the space');
const random = new RandomStream(1, 'check');
const checked = new Set<number>(problem.neighbours(pick));
console.log(`checking ${checked.size} neighbours of the pick and ${flags.check} at random`);
for (let n = Number(flags.check); n > 0; n--) checked.add(random.integer(0, space.size - 1));

const front = found.frontier.map(({ summary }) =>
  objectives.map(({ metric, direction }) => lossOf(metricValue(summary, metric), direction)),
);
const shared = { source, facts: plainFacts(config, catalogFacts), version: 'bench' };
const executor = new Executor(localRunner<TrialJob, TrialResult>(2, { taskModule: TRIAL_TASK, shared }));
let [feasible, most] = [0, Number.NEGATIVE_INFINITY];
await executor.run(
  [...checked].map((candidate) => ({
    id: String(candidate),
    job: { config: space.config(candidate), kind: 'single', stopEarly: slo !== null } as const,
  })),
  {
    onTold: (trial, { id }) => {
      const { losses, margin } = problem.outcome(
        { candidate: Number(id), level: 0 },
        trial.status === 'done' ? trial.result : null,
      );
      if (losses === null || margin > 0) return true;
      feasible += 1;
      // The least a frontier point is worse in its worst objective: what would have to be given up to be covered.
      const gap = Math.min(...front.map((point) => Math.max(...point.map((loss, k) => loss - losses[k]))));
      if (gap > most) {
        most = gap;
        console.log(
          `  ${(100 * (Math.exp(gap) - 1)).toFixed(2)} % past the frontier: ${JSON.stringify(space.assignment(Number(id)))}`,
        );
      }
      return true;
    },
  },
);
await executor.close();
console.log(
  `${feasible} of ${checked.size} are feasible; the best is ${(100 * (Math.exp(most) - 1)).toFixed(2)} % past the frontier (aim: at most 2 %)`,
);
