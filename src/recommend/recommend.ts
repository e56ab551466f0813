import { canonicalJson } from '../base/canonicalJson.ts';
import { InputError } from '../base/inputError.ts';
import { buildScenario } from '../config/buildScenario.ts';
import { recommendHash } from '../config/configHash.ts';
import type { Facts } from '../config/facts.ts';
import type { PredictConfig } from '../config/predictConfig.ts';
import type { RecommendConfig } from '../config/recommendConfig.ts';
import { shapeWorkload } from '../config/shapeWorkload.ts';
import type { Executor } from '../study/executor.ts';
import type { Trial } from '../study/trial.ts';
import type { Workload } from '../workload/workload.ts';
import { Answer } from './answer.ts';
import { enumerateCandidates } from './candidates.ts';
import { memoryPlanner } from './memoryRefusal.ts';
import type { Recommendation } from './recommendation.ts';
import { type TrialPlace, trialExecutor } from './trialExecutor.ts';
import type { TrialJob, TrialResult } from './trialTask.ts';

export interface RecommendOptions extends TrialPlace {
  /** The user's own deployment, resolved; it is simulated on the goal's traffic and judged by its SLO. */
  readonly baseline?: PredictConfig;
  /** After each candidate: how many are done, of how many. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Stops the search; what finished is kept and the answer says `truncated`. */
  readonly signal?: AbortSignal;
}

/** When nothing is feasible: candidates simulated to the end, those that held out longest, to show the nearest misses. */
const NEAREST_MISSES = 8;

/**
 * Searches the whole space of a goal: refuses what needs no simulation, simulates the rest, answers with frontier and pick.
 * The answer is the same for any number of threads.
 * @throws InputError when the baseline does not fit its GPUs.
 * @param source the requests of `config.traffic.source`, before load and limits.
 */
export async function recommend(
  config: RecommendConfig,
  source: Workload,
  facts: Facts,
  options: RecommendOptions,
): Promise<Recommendation> {
  const startedMs = performance.now();
  const space = enumerateCandidates(config, facts, memoryPlanner(facts));
  if (options.baseline !== undefined) assertFits(options.baseline, source, facts);
  const executor = await trialExecutor(config, source, facts, options.baseline, options);
  const search = new Search(config, options, executor);
  try {
    const baselines = options.baseline === undefined ? [] : await search.baselines(options.baseline, space.configs);
    const truncated = await search.candidates(space.configs);
    if (!truncated) await search.nearestMisses();
    return search.answer.recommendation({
      configHash: goalHash(config, source, facts),
      version: options.version,
      space,
      baselines,
      truncated,
      threads: options.threads,
      wallMs: performance.now() - startedMs,
    });
  } finally {
    await executor.close();
  }
}

/** The `config_hash` of a goal: of its configuration and of the workload at its first load. */
export function goalHash(config: RecommendConfig, source: Workload, facts: Facts): string {
  const { context_length } = config.base.engine as { readonly context_length?: number | null };
  const contextLength = context_length ?? facts.model(config.model).contextLength;
  const { digest } = shapeWorkload(source, config.traffic, config.seed, contextLength);
  return recommendHash(config, digest, facts);
}

/**
 * A deployment as the goal judges it: its traffic (each rung of a ladder), seed, SLO and window, and its prices where
 * the deployment states none of its own.
 */
function onGoal(
  own: PredictConfig,
  candidates: readonly PredictConfig[],
  { seed, traffic, goal }: RecommendConfig,
): PredictConfig[] {
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

/** @throws InputError naming what of the baseline does not fit its GPUs. */
function assertFits(baseline: PredictConfig, source: Workload, facts: Facts): void {
  try {
    buildScenario(baseline, source, facts);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(error.issues.map((issue) => ({ ...issue, file: '--baseline' })));
  }
}

class Search {
  readonly answer: Answer;
  readonly #config: RecommendConfig;
  readonly #options: RecommendOptions;
  readonly #executor: Executor<TrialJob, TrialResult>;

  constructor(config: RecommendConfig, options: RecommendOptions, executor: Executor<TrialJob, TrialResult>) {
    this.#config = config;
    this.#options = options;
    this.#executor = executor;
    this.answer = new Answer(config);
  }

  /** Simulates the user's own deployment at every load that the candidates are tried at. */
  async baselines(
    own: PredictConfig,
    candidates: readonly PredictConfig[],
  ): Promise<{ config: PredictConfig; result: TrialResult }[]> {
    const found: { config: PredictConfig; result: TrialResult }[] = [];
    await this.#run(onGoal(own, candidates, this.#config), false, (trial, config) => {
      if (trial.status === 'failed') throw new Error(`the baseline failed: ${trial.message}`);
      if (trial.status === 'done') found.push({ config, result: trial.result });
      return true;
    });
    return found;
  }

  /** Returns whether the search was cut off. */
  async candidates(configs: readonly PredictConfig[]): Promise<boolean> {
    const budget = this.#config.optimizer.max_passes ?? Number.POSITIVE_INFINITY;
    let spent = false;
    let cancelled = false;
    let done = 0;
    await this.#run(configs, true, (trial, config) => {
      // Past the budget nothing counts, however far the threads have come: the answer must not depend on them.
      if (spent) return false;
      if (trial.status === 'cancelled') cancelled = true;
      else this.answer.add(config, trial);
      done += 1;
      this.#options.onProgress?.(done, configs.length);
      spent = this.answer.passes >= budget && done < configs.length;
      return !spent;
    });
    return spent || cancelled;
  }

  async nearestMisses(): Promise<void> {
    const configs = this.answer.takeNearestMisses(NEAREST_MISSES);
    if (configs.length === 0) return;
    await this.#run(configs, false, (trial, config) => {
      if (trial.status !== 'cancelled') this.answer.add(config, trial);
      return true;
    });
  }

  async #run(
    configs: readonly PredictConfig[],
    stopEarly: boolean,
    onTold: (trial: Trial<TrialResult>, config: PredictConfig) => boolean,
  ): Promise<void> {
    const kind = this.#config.goal.kind === 'capacity' ? 'capacity' : 'single';
    await this.#executor.run(
      configs.map((config, index) => ({ id: String(index), job: { config, kind, stopEarly } })),
      {
        ...(this.#options.signal === undefined ? {} : { signal: this.#options.signal }),
        onTold: (trial, { job }) => onTold(trial, job.config),
      },
    );
  }
}
