import { canonicalJson } from '../base/canonicalJson.ts';
import type { Facts } from '../config/facts.ts';
import type { PredictConfig } from '../config/predictConfig.ts';
import type { Algorithm, RecommendConfig } from '../config/recommendConfig.ts';
import { cascade } from '../search/cascade.ts';
import { exhaustive, randomOrder } from '../search/sequential.ts';
import type { Strategy, TrialAsk, TrialOutcome } from '../search/strategy.ts';
import type { Executor } from '../study/executor.ts';
import type { Trial } from '../study/trial.ts';
import type { Workload } from '../workload/workload.ts';
import { Answer } from './answer.ts';
import type { CandidateSpace } from './candidateSpace.ts';
import { sharedBounds } from './constraints.ts';
import { impossibleBound } from './floors.ts';
import { type RefusalCounts, RefusalTally } from './refusal.ts';
import { sameDeployment } from './sameDeployment.ts';
import { SearchProblem } from './searchProblem.ts';
import { onSlice, sliceSizes } from './slices.ts';
import type { TrialJob, TrialResult } from './trialTask.ts';

/** What a search is told while it runs, and what ends it. */
export interface SearchHooks {
  /** After each trial: how many candidates are done, of at most how many. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Stops the search; what finished is kept and the answer says `truncated`. */
  readonly signal?: AbortSignal;
}

/** When nothing is feasible: candidates simulated to the end, those that held out longest, to show the nearest misses. */
const NEAREST_MISSES = 8;

/** One search under way: a strategy's asks become trials, their outcomes its answer. */
export class Search {
  readonly answer: Answer;
  readonly #config: RecommendConfig;
  readonly #space: CandidateSpace;
  readonly #hooks: SearchHooks;
  readonly #executor: Executor<TrialJob, TrialResult>;
  readonly #problem: SearchProblem;
  /** Requests of the slices, by level; the level above is the whole workload. */
  readonly #slices: readonly number[];
  /** Outcomes by deployment and level. */
  readonly #known = new Map<string, TrialResult | null>();
  /** Candidates simulated, and those that another one stands for. */
  readonly #tried = new Set<number>();
  readonly #duplicates = new Set<number>();
  readonly #budget: number;
  /** Some trials fell to other shards. */
  #isPart = false;

  constructor(
    config: RecommendConfig,
    source: Workload,
    facts: Facts,
    space: CandidateSpace,
    hooks: SearchHooks,
    executor: Executor<TrialJob, TrialResult>,
  ) {
    this.#config = config;
    this.#space = space;
    this.#hooks = hooks;
    this.#executor = executor;
    this.answer = new Answer(config);
    this.#budget = config.optimizer.max_passes ?? Number.POSITIVE_INFINITY;
    const requests = Math.min(source.count, config.traffic.stop.requests ?? source.count);
    this.#slices = space.size === 0 ? [] : slicesOf(config, space, requests);
    const levels = [...this.#slices.map((size) => size / requests), 1];
    this.#problem = new SearchProblem(config, space, levels, source, facts);
  }

  duplicates(): number {
    return [...this.#duplicates].filter((candidate) => !this.#tried.has(candidate)).length;
  }

  /** Candidates that a bound on what a pass can take rules out, by bound; those simulated all the same are not counted. */
  ruledOut(): RefusalCounts[] {
    const tally = new RefusalTally();
    const bounds = sharedBounds(this.#config.goal.slo);
    for (let candidate = 0; candidate < this.#space.size; candidate++) {
      if (this.#tried.has(candidate) || this.#duplicates.has(candidate)) continue;
      const bound = impossibleBound(bounds, this.#problem.floorsOf(candidate));
      if (bound !== null) tally.add({ kind: 'bounded_out', reason: `${bound} is shorter than the passes it takes` }, 1);
    }
    return tally.counts();
  }

  /** Simulates the user's own deployment at every load that the candidates are tried at. */
  async baselines(own: PredictConfig): Promise<{ config: PredictConfig; result: TrialResult }[]> {
    const found: { config: PredictConfig; result: TrialResult }[] = [];
    const jobs = onGoal(own, this.#space, this.#config).map((config) => this.#job(config, false));
    await this.#run(jobs, (trial, { config }) => {
      if (trial.status === 'failed') throw new Error(`the baseline failed: ${trial.message}`);
      if (trial.status === 'done') found.push({ config, result: trial.result });
      return true;
    });
    return found;
  }

  /** Returns whether the search was cut off. */
  async candidates(): Promise<boolean> {
    const { algorithm, seed } = this.#config.optimizer;
    const strategy = STRATEGIES[algorithm](this.#problem, seed);
    for (;;) {
      const asks = strategy.ask();
      if (asks.length === 0) return this.#isPart;
      if (this.answer.passes >= this.#budget) return true;
      const outcomes = await this.#generation(asks);
      if (outcomes === null) return true;
      strategy.tell(outcomes);
    }
  }

  /** The outcomes in ask order; null when the budget or the user ended the search. */
  async #generation(asks: readonly TrialAsk[]): Promise<TrialOutcome[] | null> {
    const fresh = new Map<string, { ask: TrialAsk; job: TrialJob }>();
    const keys = asks.map((ask) => {
      const { level, candidate } = ask;
      const whole = this.#space.config(candidate);
      const isSlice = level < this.#slices.length;
      const config = isSlice ? onSlice(whole, this.#slices[level]) : whole;
      const key = `${isSlice ? 'slice' : 'whole'} ${sameDeployment(config)}`;
      if (this.#known.has(key) || fresh.has(key)) {
        if (!this.#tried.has(candidate)) this.#duplicates.add(candidate);
      } else fresh.set(key, { ask, job: this.#job(config, !isSlice) });
      return key;
    });
    const order = [...fresh];
    let told = 0;
    let over = false;
    let cut = false;
    await this.#run(
      order.map(([, { job }]) => job),
      (trial, { config }) => {
        // Past the budget nothing counts, however far the threads have come: the answer must not depend on them.
        if (over) return false;
        const [key, { ask }] = order[told++];
        if (trial.status === 'cancelled') {
          over = true;
          cut = true;
          return false;
        }
        if (trial.status === 'elsewhere') {
          this.#isPart = true;
          this.#known.set(key, null);
          return true;
        }
        this.#tried.add(ask.candidate);
        if (ask.level < this.#slices.length) this.answer.addSlice(ask.candidate, trial);
        else this.answer.add(ask.candidate, config, trial);
        this.#known.set(key, trial.status === 'done' ? trial.result : null);
        this.#hooks.onProgress?.(this.#tried.size, this.#space.size);
        over = this.answer.passes >= this.#budget;
        return !over;
      },
    );
    if (cut || told < order.length) return null;
    return asks.map((ask, index) => this.#problem.outcome(ask, this.#known.get(keys[index])!));
  }

  async nearestMisses(): Promise<void> {
    const candidates = this.answer.takeNearestMisses(NEAREST_MISSES);
    let next = 0;
    await this.#run(
      candidates.map((candidate) => this.#job(this.#space.config(candidate), false)),
      (trial, { config }) => {
        const candidate = candidates[next++];
        if (trial.status === 'done' || trial.status === 'failed') this.answer.add(candidate, config, trial);
        return true;
      },
    );
  }

  #job(config: PredictConfig, stopEarly: boolean): TrialJob {
    return { config, kind: this.#config.goal.kind === 'capacity' ? 'capacity' : 'single', stopEarly };
  }

  async #run(jobs: readonly TrialJob[], onTold: (trial: Trial<TrialResult>, job: TrialJob) => boolean): Promise<void> {
    await this.#executor.run(
      jobs.map((job, index) => ({ id: String(index), job })),
      {
        ...(this.#hooks.signal === undefined ? {} : { signal: this.#hooks.signal }),
        onTold: (trial, { job }) => onTold(trial, job),
      },
    );
  }
}

const STRATEGIES = {
  cascade,
  exhaustive,
  random: randomOrder,
} as const satisfies Record<Algorithm, (problem: SearchProblem, seed: number) => Strategy>;

/** Slices that suit every load of a ladder; none for the strategies that do not use them. */
function slicesOf(config: RecommendConfig, space: CandidateSpace, requests: number): number[] {
  if (config.optimizer.algorithm !== 'cascade') return [];
  return sliceSizes(
    requests,
    space.groups.map((_, group) => space.configOfGroup(group)),
  );
}

/**
 * A deployment as the goal judges it: its traffic (each rung of a ladder), seed, SLO and window, and its prices where
 * the deployment states none of its own.
 */
function onGoal(own: PredictConfig, space: CandidateSpace, { seed, traffic, goal }: RecommendConfig): PredictConfig[] {
  const candidates = space.groups.map((_, group) => space.configOfGroup(group));
  const first = candidates[0] ?? own;
  // A rung's window goes with its load: the warm-up of a closed loop grows with its slots.
  const { window } = first.evaluation;
  const loads = new Map(
    [{ traffic, window }, ...candidates.map((each) => ({ traffic: each.traffic, window: each.evaluation.window }))].map(
      (each) => [canonicalJson(each.traffic), each],
    ),
  );
  return [...loads.values()].map((each) => ({
    ...own,
    seed,
    traffic: each.traffic,
    evaluation: { slo: goal.slo, window: each.window },
    cost: own.cost.usd_per_gpu_hour === null ? first.cost : own.cost,
  }));
}
