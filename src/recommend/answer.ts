import type { PredictConfig } from '../config/predictConfig.ts';
import type { RecommendConfig } from '../config/recommendConfig.ts';
import type { Report } from '../metrics/report.ts';
import { hypervolumeShare } from '../search/hypervolume.ts';
import { nonDominated } from '../search/pareto.ts';
import type { SettledTrial } from '../study/trial.ts';
import type { CandidateSpace } from './candidateSpace.ts';
import { violationsOf } from './constraints.ts';
import { gpusOf, loadOf, shapeName, withLoadMultiplied } from './deployment.ts';
import { goalOf } from './goal.ts';
import { comparePicks, objectiveValues, pickBest } from './pick.ts';
import type {
  BaselineComparison,
  Evaluated,
  Goal,
  Point,
  Recommendation,
  Tried,
  ViolationCount,
} from './recommendation.ts';
import type { RefusalCounts, RefusalKind } from './refusal.ts';
import type { TrialResult } from './trialTask.ts';
import { type CutShort, whyOf } from './why.ts';

interface Frame {
  readonly configHash: string;
  readonly version: string;
  readonly space: CandidateSpace;
  /** Candidates that a bound ruled out, by name of the bound. */
  readonly ruledOut: readonly RefusalCounts[];
  /** Candidates that describe the same deployment as one that was simulated. */
  readonly duplicates: number;
  /** The user's own deployment, at every load of a ladder. */
  readonly baselines: readonly { readonly config: PredictConfig; readonly result: TrialResult }[];
  readonly truncated: boolean;
  readonly threads: number;
  readonly wallMs: number;
}

interface Short extends CutShort {
  readonly candidate: number;
  readonly reachedNs: number;
  readonly order: number;
}

/** Collects what the trials found, in the order of enumeration, and makes the recommendation of it. */
export class Answer {
  readonly #config: RecommendConfig;
  readonly #goal: Goal;
  readonly #evaluated: Evaluated[] = [];
  #short: Short[] = [];
  readonly #limitless = new Set<Evaluated>();
  readonly #failures = new Map<string, number>();
  /** Candidates tried on a slice of the workload so far, and no further. */
  readonly #sliced = new Set<number>();
  #simulations = 0;
  #passes = 0;
  #simulationMs = 0;

  constructor(config: RecommendConfig) {
    this.#config = config;
    this.#goal = goalOf(config);
  }

  /** Simulated passes so far. */
  get passes(): number {
    return this.#passes;
  }

  /** A trial on a slice of the workload: work that was done, not an answer. */
  addSlice(candidate: number, trial: SettledTrial<TrialResult>): void {
    this.#sliced.add(candidate);
    if (trial.status === 'failed') this.#simulations += 1;
    else this.#count(trial.result);
  }

  /** A trial on the whole workload. */
  add(candidate: number, config: PredictConfig, trial: SettledTrial<TrialResult>): void {
    this.#sliced.delete(candidate);
    if (trial.status === 'failed') {
      this.#simulations += 1;
      this.#failures.set(trial.message, (this.#failures.get(trial.message) ?? 0) + 1);
      return;
    }
    const { evaluation } = trial.result;
    this.#count(trial.result);
    if (evaluation.status === 'short') {
      const { lostBound, reachedNs } = evaluation;
      this.#short.push({ candidate, config, lostBound, reachedNs, gpus: gpusOf(config), order: this.#short.length });
      return;
    }
    const evaluated = this.#judge(config, trial.result.multiplier, evaluation.report);
    this.#evaluated.push(evaluated);
    if (trial.result.limitless) this.#limitless.add(evaluated);
  }

  /**
   * Candidates stopped early that held out longest, when nothing is feasible and nothing ran to its end: they are to be
   * simulated once more, to the end. Their first simulation no longer counts as the answer.
   */
  takeNearestMisses(count: number): number[] {
    if (this.#evaluated.length > 0) return [];
    const nearest = [...this.#short].sort((a, b) => b.reachedNs - a.reachedNs || a.order - b.order).slice(0, count);
    this.#short = this.#short.filter((each) => !nearest.includes(each));
    return nearest.map(({ candidate }) => candidate);
  }

  #count({ simulations, passes, simulationMs }: TrialResult): void {
    this.#simulations += simulations;
    this.#passes += passes;
    this.#simulationMs += simulationMs;
  }

  recommendation(frame: Frame): Recommendation {
    const { objectives } = this.#goal;
    const directions = objectives.map(({ direction }) => direction);
    const values = this.#evaluated.map((candidate) => objectiveValues(candidate, objectives));
    const someFeasible = this.#evaluated.some(({ feasible }) => feasible);
    const pool = this.#evaluated.map((_, index) => index).filter((i) => !someFeasible || this.#evaluated[i].feasible);
    const frontier = this.#oneOfEach(
      nonDominated(
        pool.map((i) => values[i]),
        directions,
      ).map((place) => pool[place]),
      values,
    );
    const { pick, runnerUp } = pickBest(this.#evaluated, objectives);
    const baseline = this.#baseline(frame.baselines, pick);
    const violations = this.#violations();
    const failures = ranked(this.#failures).map(([message, candidates]) => ({ message, candidates }));
    return {
      schema_version: 1,
      dynosim_version: frame.version,
      config_hash: frame.configHash,
      seed: this.#config.seed,
      goal: this.#goal,
      frontier: frontier.map((i) => this.#evaluated[i]),
      pick,
      runner_up: runnerUp,
      why: whyOf({
        goal: this.#goal,
        pick,
        runnerUp,
        baseline,
        limitless: pick !== null && this.#limitless.has(pick),
        frontier: frontier.map((i) => this.#evaluated[i]),
        evaluated: this.#evaluated,
        short: this.#short,
        violations,
        refusals: refusalsOf(frame),
        failures,
      }),
      baseline,
      tried: this.#tried(frame),
      reasons: refusalsOf(frame),
      failures,
      violations,
      points: this.#points(values, new Set(frontier)),
      hypervolume: this.#hypervolume(values, pool, frontier, directions),
      truncated: frame.truncated,
      elapsed: { wall_ms: frame.wallMs, simulation_ms: this.#simulationMs, threads: frame.threads },
    };
  }

  /** Candidates that a goal cannot tell apart (two token budgets that are never reached, say) are shown as the better pick. */
  #oneOfEach(frontier: readonly number[], values: readonly (readonly number[])[]): number[] {
    const best = new Map<string, number>();
    for (const index of frontier) {
      const key = values[index].join(' ');
      const known = best.get(key);
      const [mine, theirs] = [this.#evaluated[index], this.#evaluated[known ?? index]];
      if (known === undefined || comparePicks(mine, theirs, this.#goal.objectives) < 0) best.set(key, index);
    }
    return [...best.values()];
  }

  #judge(asked: PredictConfig, multiplier: number, summary: Report): Evaluated {
    const config = multiplier === 1 ? asked : withLoadMultiplied(asked, multiplier);
    const violations = violationsOf(summary, config, this.#config.constraints, this.#goal.slo);
    return {
      id: summary.config_hash.slice(0, 12),
      shape: shapeName(config),
      config,
      summary,
      gpus: gpusOf(config),
      load: loadOf(config, this.#goal.kind === 'load_ladder', multiplier),
      feasible: violations.length === 0,
      violations,
      files: {},
    };
  }

  #violations(): ViolationCount[] {
    const broken = new Map<string, number>();
    const rules = [
      ...this.#evaluated.flatMap(({ violations }) => violations),
      ...this.#short.map((each) => each.lostBound),
    ];
    for (const rule of rules) broken.set(rule, (broken.get(rule) ?? 0) + 1);
    return ranked(broken).map(([rule, candidates]) => ({ rule, candidates }));
  }

  #tried(frame: Frame): Tried {
    const refused = (kind: RefusalKind): number =>
      refusalsOf(frame)
        .filter((each) => each.kind === kind)
        .reduce((sum, { candidates }) => sum + candidates, 0);
    const [full, short] = [this.#evaluated.length, this.#short.length + this.#sliced.size];
    const { enumerated } = frame.space;
    const [illegal, no_memory, bounded_out] = [refused('illegal'), refused('no_memory'), refused('bounded_out')];
    const failed = [...this.#failures.values()].reduce((sum, candidates) => sum + candidates, 0);
    return {
      enumerated,
      illegal,
      no_memory,
      bounded_out,
      duplicate: frame.duplicates,
      short,
      full,
      failed,
      not_run: enumerated - illegal - no_memory - bounded_out - frame.duplicates - full - short - failed,
      simulations: this.#simulations,
      passes: this.#passes,
    };
  }

  #points(values: readonly (readonly number[])[], frontier: ReadonlySet<number>): Point[] {
    return this.#evaluated.map(({ id, shape, config, gpus, load, feasible }, index) => ({
      id,
      shape,
      mode: config.engine.mode,
      gpus,
      load: load.value,
      feasible,
      on_frontier: frontier.has(index),
      objectives: values[index],
    }));
  }

  #hypervolume(
    values: readonly (readonly number[])[],
    pool: readonly number[],
    frontier: readonly number[],
    directions: readonly ('minimize' | 'maximize')[],
  ): number | null {
    const finite = pool.map((i) => values[i]).filter((value) => value.every(Number.isFinite));
    if (finite.length === 0 || directions.length < 2 || directions.length > 3) return null;
    const extreme = (wanted: 'minimize' | 'maximize') =>
      directions.map((direction, k) =>
        finite.reduce(
          (best, value) => (direction === wanted ? Math.min(best, value[k]) : Math.max(best, value[k])),
          direction === wanted ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY,
        ),
      );
    const points = frontier.map((i) => values[i]);
    return hypervolumeShare(points, directions, extreme('minimize'), extreme('maximize'));
  }

  #baseline(baselines: Frame['baselines'], pick: Evaluated | null): BaselineComparison | null {
    const [judged] = baselines
      .flatMap(({ config, result }) =>
        result.evaluation.status === 'short' ? [] : [this.#judge(config, result.multiplier, result.evaluation.report)],
      )
      .sort((a, b) => comparePicks(a, b, this.#goal.objectives));
    if (judged === undefined) return null;
    if (pick === null) return { ...judged, change: null };
    const mine = objectiveValues(pick, this.#goal.objectives);
    const theirs = objectiveValues(judged, this.#goal.objectives);
    return {
      ...judged,
      change: Object.fromEntries(
        this.#goal.objectives.map(({ metric }, k) => [metric, (mine[k] - theirs[k]) / theirs[k]]),
      ),
    };
  }
}

function refusalsOf({ space, ruledOut }: Frame): RefusalCounts[] {
  return [...space.refusals, ...ruledOut].sort((a, b) => b.candidates - a.candidates);
}

/** Most frequent first, ties in alphabetical order. */
function ranked(counts: ReadonlyMap<string, number>): [string, number][] {
  return [...counts].sort(([nameA, a], [nameB, b]) => b - a || (nameA < nameB ? -1 : 1));
}
