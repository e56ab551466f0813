import { type Front, frontOf, uncovered, worth } from './front.ts';
import { type Forecast, LevelModel } from './levelModel.ts';
import type { Problem, TrialOutcome } from './strategy.ts';

/** A candidate not known in full, as it would be if what is not known of it were in its favour. */
export interface Prospect {
  readonly candidate: number;
  /** The level it would be tried at. */
  readonly level: number;
  readonly losses: readonly number[];
  readonly margin: number;
  readonly forecast: Forecast;
}

/** What is known of the candidates, and what is believed of the others. */
export class Belief {
  readonly #problem: Problem;
  readonly #full: number;
  /** By family. */
  readonly #levels = new Map<number, readonly number[]>();
  readonly #models = new Map<number, LevelModel>();
  readonly #outcomes: TrialOutcome[] = [];
  /** Highest trial of each candidate. */
  readonly #known = new Map<number, TrialOutcome>();

  constructor(problem: Problem) {
    this.#problem = problem;
    this.#full = problem.levels.length - 1;
  }

  tell(outcome: TrialOutcome): void {
    const { candidate, level } = outcome;
    this.#outcomes.push(outcome);
    const before = this.#known.get(candidate);
    if (before === undefined || before.level < level) this.#known.set(candidate, outcome);
    this.#models.get(this.#problem.family(candidate))?.add(outcome);
  }

  /** From now on a family is forecast, from trials at these levels. */
  use(family: number, levels: readonly number[]): void {
    const model = new LevelModel(this.#problem, levels);
    this.#levels.set(family, levels);
    this.#models.set(family, model);
    for (const outcome of this.#outcomes) if (this.#problem.family(outcome.candidate) === family) model.add(outcome);
  }

  refit(): void {
    for (const model of this.#models.values()) model.refit();
  }

  get tried(): Iterable<number> {
    return this.#known.keys();
  }

  isTried(candidate: number): boolean {
    return this.#known.has(candidate);
  }

  /** Sum of the work of these candidates' trials at a level. */
  workOf(candidates: readonly number[], level: number): number {
    const wanted = new Set(candidates);
    return this.#outcomes
      .filter((outcome) => outcome.level === level && wanted.has(outcome.candidate))
      .reduce((sum, { work }) => sum + work, 0);
  }

  /** Losses of whoever is known to be feasible. */
  results(): { candidate: number; losses: readonly number[] }[] {
    return [...this.#known.values()].flatMap(({ candidate, level, losses, margin }) =>
      level === this.#full && losses !== null && margin <= 0 ? [{ candidate, losses }] : [],
    );
  }

  /**
   * null for whoever is known in full, or has no use or no family that is forecast.
   * @param optimism standard deviations in its favour.
   */
  prospect(candidate: number, optimism: number, loosely = false): Prospect | null {
    const floor = this.#problem.floor(candidate);
    const known = this.#known.get(candidate);
    if (floor === null || known?.level === this.#full || known?.losses === null) return null;
    const family = this.#problem.family(candidate);
    const forecast = this.#models.get(family)?.forecast(candidate, loosely);
    if (forecast === undefined) return null;
    const levels = this.#levels.get(family)!;
    const level = known === undefined ? 0 : levels[levels.indexOf(known.level) + 1];
    return {
      candidate,
      level,
      losses: forecast.losses.map(({ mean, deviation }, k) => Math.max(floor[k], mean - optimism * deviation)),
      margin: forecast.margin.mean - optimism * forecast.margin.deviation,
      forecast,
    };
  }

  /** Full results, and what candidates tried in part are expected to give: those that none of the others covers. */
  front(tried: readonly Prospect[]): { candidate: number; losses: readonly number[] }[] {
    const partial = tried
      .filter(({ forecast }) => forecast.margin.mean <= 0)
      .map(({ candidate, forecast }) => ({ candidate, losses: forecast.losses.map(({ mean }) => mean) }));
    return uncovered([...this.results(), ...partial]);
  }

  /** Candidates tried, those that stick out of the believed frontier most first. */
  leaders(tried: readonly Prospect[]): number[] {
    const means = tried.map(({ candidate, forecast }) => ({
      candidate,
      losses: forecast.losses.map(({ mean }) => mean),
      margin: forecast.margin.mean,
    }));
    const feasible = [...this.results(), ...means.filter(({ margin }) => margin <= 0)];
    if (feasible.length === 0) {
      return means.sort((a, b) => a.margin - b.margin || a.candidate - b.candidate).map(({ candidate }) => candidate);
    }
    const front: Front = frontOf(
      feasible.map(({ losses }) => losses),
      this.#problem.objectives,
    );
    return feasible
      .map(({ candidate, losses }, index) => ({
        candidate,
        excess: worth(losses, front, this.#problem.resolution, index),
      }))
      .sort((a, b) => b.excess - a.excess || a.candidate - b.candidate)
      .map(({ candidate }) => candidate);
  }
}
