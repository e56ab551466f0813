import { exp, log } from '../base/math.ts';
import { type Front, frontOf, uncovered, worth } from './front.ts';
import { type Forecast, LevelModel } from './levelModel.ts';
import type { Problem, TrialOutcome } from './strategy.ts';

export interface Result {
  readonly candidate: number;
  readonly losses: readonly number[];
}

/** A candidate not known in full, as it would be if what is not known of it were in its favour. */
export interface Prospect {
  readonly candidate: number;
  readonly losses: readonly number[];
  readonly margin: number;
  readonly forecast: Forecast;
}

/** A level is left out where a trial there would cost more than this share of a full one. */
const WORTHWHILE = 0.4;

/** Forecasts whose errors say how far to trust the next ones, and how many good ones are assumed to begin with. */
const JUDGED = 16;
const PRIOR_JUDGED = 8;

/** Below this many candidates tried at both levels errors are not compared. */
const FEWEST_COMPARED = 4;

function spread(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}

/** What is known of the candidates, and what is believed of the others. */
export class Belief {
  readonly #problem: Problem;
  readonly #full: number;
  /** By family. */
  readonly #levels = new Map<number, readonly number[]>();
  readonly #models = new Map<number, LevelModel>();
  readonly #outcomes: TrialOutcome[] = [];
  /** Coordinates of those tried in full. */
  readonly #points = new Set<string>();
  /** Highest trial of each candidate. */
  readonly #known = new Map<number, TrialOutcome>();
  /** By objective: squared errors of forecasts of full trials, in their own deviations. */
  readonly #squares: number[][];
  #scales: readonly number[];
  #hasResults = false;

  constructor(problem: Problem) {
    this.#problem = problem;
    this.#full = problem.levels.length - 1;
    this.#squares = Array.from({ length: problem.objectives }, () => []);
    this.#scales = this.#humility();
  }

  tell(outcome: TrialOutcome): void {
    const { candidate, level } = outcome;
    if (level === this.#full && outcome.losses !== null) this.#judgeForecast(outcome.candidate, outcome.losses);
    this.#outcomes.push(outcome);
    if (level === this.#full) this.#points.add(this.#problem.features(candidate).join(' '));
    if (level === this.#full && outcome.losses !== null && outcome.margin <= 0) this.#hasResults = true;
    const before = this.#known.get(candidate);
    if (before === undefined || before.level < level) this.#known.set(candidate, outcome);
    this.#models.get(this.#problem.family(candidate))?.add(outcome);
  }

  /** How far off the forecast was of what has now been found, in its own deviations. */
  #judgeForecast(candidate: number, losses: readonly number[]): void {
    const forecast = this.#models.get(this.#problem.family(candidate))?.forecast(candidate);
    forecast?.losses.forEach(({ mean, deviation }, k) => {
      if (deviation > 0) this.#squares[k].push(((losses[k] - mean) / deviation) ** 2);
    });
  }

  /** By objective: what deviations have to be multiplied by to be as large as the errors seen of late; at least 1. */
  #humility(): number[] {
    return this.#squares.map((squares) => {
      const latest = squares.slice(-JUDGED);
      const sum = latest.reduce((total, square) => total + Math.min(square, 9 ** 2), PRIOR_JUDGED);
      return Math.max(1, Math.sqrt(sum / (latest.length + PRIOR_JUDGED)));
    });
  }

  /** From now on a family is forecast, from trials at these levels. */
  use(family: number, levels: readonly number[]): void {
    const model = new LevelModel(this.#problem, levels);
    this.#levels.set(family, levels);
    this.#models.set(family, model);
    for (const outcome of this.#outcomes) if (this.#problem.family(outcome.candidate) === family) model.add(outcome);
  }

  refit(): void {
    this.#scales = this.#humility();
    for (const model of this.#models.values()) model.refit();
  }

  get tried(): Iterable<number> {
    return this.#known.keys();
  }

  isTried(candidate: number): boolean {
    return this.#known.has(candidate);
  }

  /** Whether one with the very same coordinates was tried in full: it is expected to give the same. */
  hasTwin(candidate: number): boolean {
    return this.#points.has(this.#problem.features(candidate).join(' '));
  }

  /** The first of those with the very same coordinates. */
  oneOfTwins<T extends { readonly candidate: number }>(all: readonly T[]): T[] {
    const points = new Set<string>();
    return all.filter(({ candidate }) => {
      const point = this.#problem.features(candidate).join(' ');
      const isNew = !points.has(point);
      points.add(point);
      return isNew;
    });
  }

  /** Whether nothing is left to be found out: tried in full, or of no use. */
  isSettled(candidate: number): boolean {
    const known = this.#known.get(candidate);
    return known !== undefined && (known.level === this.#full || known.losses === null);
  }

  /** Sum of the work of these candidates' trials at a level. */
  workOf(candidates: readonly number[], level: number): number {
    const wanted = new Set(candidates);
    return this.#outcomes
      .filter((outcome) => outcome.level === level && wanted.has(outcome.candidate))
      .reduce((sum, { work }) => sum + work, 0);
  }

  /**
   * How far the lowest level is off what full trials give, as a share of how far the sketch is: the mean over objectives
   * that are not known beforehand, of those tried at both. 0 where too few are to compare.
   */
  sliceError(candidates: readonly number[]): number {
    const wanted = new Set(candidates);
    const at = (level: number): Map<number, readonly number[]> =>
      new Map(
        this.#outcomes.flatMap((outcome) =>
          outcome.level === level && wanted.has(outcome.candidate) && outcome.losses !== null
            ? [[outcome.candidate, outcome.losses]]
            : [],
        ),
      );
    const [low, full] = [at(0), at(this.#full)];
    const both = [...full.keys()].filter((candidate) => low.has(candidate));
    if (both.length < FEWEST_COMPARED) return 0;
    const ratios = this.#problem.exact.flatMap((isExact, k) => {
      if (isExact) return [];
      const sketch = both.map((candidate) => this.#problem.sketch(candidate)?.[k] ?? Number.NaN);
      const guess = sketch.some(Number.isNaN) ? sketch.map(() => 0) : sketch;
      const truth = both.map((candidate) => full.get(candidate)![k]);
      const offBy = (values: readonly number[]): number => spread(truth.map((value, n) => value - values[n]));
      return [offBy(both.map((candidate) => low.get(candidate)![k])) / Math.max(offBy(guess), 1e-9)];
    });
    return exp(ratios.reduce((sum, ratio) => sum + log(Math.max(ratio, 1e-9)), 0) / Math.max(1, ratios.length));
  }

  get hasResults(): boolean {
    return this.#hasResults;
  }

  /** Losses of whoever is known to be feasible. */
  results(): Result[] {
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
    if (floor === null || this.isSettled(candidate)) return null;
    const family = this.#problem.family(candidate);
    const forecast = this.#models.get(family)?.forecast(candidate, loosely);
    if (forecast === undefined) return null;
    return {
      candidate,
      losses: forecast.losses.map(({ mean, deviation }, k) =>
        Math.max(floor[k], mean - optimism * deviation * this.#scales[k]),
      ),
      margin: forecast.margin.mean - optimism * forecast.margin.deviation,
      forecast,
    };
  }

  /** The level a candidate would be tried at next. */
  nextLevel(candidate: number): number {
    const family = this.#problem.family(candidate);
    const levels = this.#levels.get(family)!;
    const work = this.#models.get(family)!.workOf(candidate);
    const known = this.#known.get(candidate);
    // The last one seen may be a level not in use: then all of those in use are above it.
    let at = known === undefined ? 0 : levels.indexOf(known.level) + 1;
    while (at < levels.length - 1 && work[at] > WORTHWHILE * work[levels.length - 1]) at += 1;
    return levels[at];
  }

  /** Full results, and what candidates tried in part are expected to give: those that none of the others covers. */
  front(tried: readonly Prospect[]): Result[] {
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
