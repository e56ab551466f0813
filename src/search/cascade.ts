import { RandomStream } from '../base/random.ts';
import { type Forecast, LevelModel } from './levelModel.ts';
import { exhaustive } from './sequential.ts';
import { type Problem, type Strategy, shuffled, type TrialAsk, type TrialOutcome } from './strategy.ts';

/** Spaces up to this size are tried whole: a model has nothing to save there. */
const SMALL_SPACE = 64;
/** Trials of the first sample, all at the lowest level. */
const SMALLEST_DESIGN = 64;
const LARGEST_DESIGN = 256;
/** Candidates for each one sampled, between those. */
const PER_SAMPLE = 16;
const GENERATION = 16;
/** Of one generation, trials of the last level and of those between: they cost most, so they are asked few at a time. */
const FULL_TRIALS = 2;
const MIDDLE_TRIALS = 4;
/** A candidate is tried as long as this many standard deviations in its favour would put it on the frontier. */
const OPTIMISM = 1.2;
/** The same for candidates not tried yet: the smallest trial is cheap, and what it finds may change every forecast. */
const CURIOSITY = 2;
/** Sticking out of the frontier by less than this share of its range does not matter. */
const SHARE_OF_RANGE = 0.006;
/** Full trials in a row that leave the frontier as it is, before the search believes it. */
const PATIENCE = 14;
/** Candidates looked at in one generation; all of them in spaces up to this size. */
const POOL = 4000;
const RANDOM_POOL = 1000;

interface Known {
  readonly outcome: TrialOutcome;
}

interface Prospect {
  readonly candidate: number;
  readonly level: number;
  /** At `OPTIMISM`. */
  readonly losses: readonly number[];
  readonly margin: number;
  readonly forecast: Forecast;
  improvement: number;
}

/**
 * Optimism in the face of what is not known, over trials of growing length. A sample of the space is tried at the lowest
 * level; regressions forecast every other candidate, and what a full trial would add to what a short one gave. Whoever
 * could, at `OPTIMISM` standard deviations, stick out of the frontier as it is believed to be by more than the
 * problem's resolution is tried at its next level. The search ends when nobody could, or when `PATIENCE` full trials in
 * a row have changed nothing.
 */
export class Cascade implements Strategy {
  readonly #problem: Problem;
  readonly #random: RandomStream;
  readonly #models = new Map<number, LevelModel>();
  /** Highest trial of each candidate. */
  readonly #known = new Map<number, Known>();
  readonly #full: number;
  #front: (readonly number[])[] = [];
  #unchanged = 0;
  #started = false;

  constructor(problem: Problem, seed: number) {
    this.#problem = problem;
    this.#full = problem.levels.length - 1;
    this.#random = new RandomStream(seed, 'search.cascade');
  }

  ask(): TrialAsk[] {
    if (!this.#started) {
      this.#started = true;
      return this.#design();
    }
    if (this.#unchanged >= PATIENCE) return [];
    for (const model of this.#models.values()) model.refit();
    return this.#choose(this.#prospects());
  }

  tell(outcomes: readonly TrialOutcome[]): void {
    for (const outcome of outcomes) {
      const { candidate, level, losses, margin } = outcome;
      this.#known.set(candidate, { outcome });
      this.#modelOf(candidate).add(outcome);
      if (level < this.#full) continue;
      const front = frontOf(this.#front, this.#problem.objectives);
      const adds = losses !== null && margin <= 0 && this.#worth(losses, front) > 1;
      this.#unchanged = adds ? 0 : this.#unchanged + 1;
      if (losses !== null && margin <= 0) this.#front.push(losses);
    }
  }

  /** Every family in equal parts, in random order. */
  #design(): TrialAsk[] {
    const byFamily = new Map<number, number[]>();
    const wanted = Math.min(LARGEST_DESIGN, Math.max(SMALLEST_DESIGN, this.#problem.size / PER_SAMPLE));
    const order =
      this.#problem.size <= POOL
        ? shuffled(this.#problem.size, this.#random)
        : Array.from({ length: 20 * wanted }, () => this.#random.integer(0, this.#problem.size - 1));
    for (const candidate of new Set(order)) {
      if (this.#problem.floor(candidate) === null) continue;
      const family = this.#problem.family(candidate);
      const members = byFamily.get(family) ?? [];
      if (members.length === 0) byFamily.set(family, members);
      members.push(candidate);
    }
    const share = Math.ceil(wanted / byFamily.size);
    return [...byFamily.values()].flatMap((members) =>
      members.slice(0, share).map((candidate) => ({ candidate, level: 0 })),
    );
  }

  #modelOf(candidate: number): LevelModel {
    const family = this.#problem.family(candidate);
    let model = this.#models.get(family);
    if (model === undefined) {
      model = new LevelModel(this.#problem);
      this.#models.set(family, model);
    }
    return model;
  }

  #prospects(): Prospect[] {
    return this.#pool().flatMap((candidate): Prospect[] => {
      const floor = this.#problem.floor(candidate);
      if (floor === null) return [];
      const known = this.#known.get(candidate)?.outcome;
      if (known?.level === this.#full || known?.losses === null) return [];
      const forecast = this.#modelOf(candidate).forecast(candidate);
      const hope = known === undefined ? CURIOSITY : OPTIMISM;
      const losses = forecast.losses.map(({ mean, deviation }, k) => Math.max(floor[k], mean - hope * deviation));
      const margin = forecast.margin.mean - hope * forecast.margin.deviation;
      return [{ candidate, level: (known?.level ?? -1) + 1, losses, margin, forecast, improvement: 0 }];
    });
  }

  /** Candidates worth a forecast: all of a small space, else those tried, those near the frontier, and some at random. */
  #pool(): number[] {
    if (this.#problem.size <= POOL) return Array.from({ length: this.#problem.size }, (_, candidate) => candidate);
    const pool = new Set<number>(this.#known.keys());
    for (const candidate of this.#leaders()) {
      if (pool.size >= POOL) break;
      for (const neighbour of this.#problem.neighbours(candidate)) pool.add(neighbour);
    }
    for (let n = 0; n < RANDOM_POOL; n++) pool.add(this.#random.integer(0, this.#problem.size - 1));
    return [...pool];
  }

  /** Candidates tried, those that stick out of the believed frontier most first. */
  #leaders(): number[] {
    const tried = [...this.#known.values()].filter(({ outcome }) => outcome.losses !== null);
    const believed = tried.map(({ outcome }) => {
      const { candidate } = outcome;
      if (outcome.level === this.#full) return { candidate, losses: outcome.losses!, margin: outcome.margin };
      const { losses, margin } = this.#modelOf(candidate).forecast(candidate);
      return { candidate, losses: losses.map(({ mean }) => mean), margin: margin.mean };
    });
    const feasible = believed.filter(({ margin }) => margin <= 0);
    if (feasible.length === 0) {
      return believed
        .sort((a, b) => a.margin - b.margin || a.candidate - b.candidate)
        .map(({ candidate }) => candidate);
    }
    const front = frontOf(
      feasible.map(({ losses }) => losses),
      this.#problem.objectives,
    );
    return feasible
      .map((each, index) => ({
        ...each,
        excess: this.#worth(each.losses, front, index),
      }))
      .sort((a, b) => b.excess - a.excess || a.candidate - b.candidate)
      .map(({ candidate }) => candidate);
  }

  #choose(prospects: readonly Prospect[]): TrialAsk[] {
    const believed = this.#believedFront(prospects);
    const front = frontOf(
      believed.map(({ losses }) => losses),
      this.#problem.objectives,
    );
    const own = new Map(believed.map(({ candidate }, index) => [candidate, index]));
    const hopeful =
      believed.length === 0
        ? // Nothing seems feasible: whoever is nearest to it.
          prospects.map((each) => ({ ...each, improvement: -each.margin }))
        : prospects.filter((each) => {
            if (each.margin > 0) return false;
            each.improvement = this.#worth(each.losses, front, own.get(each.candidate));
            return each.improvement > 1;
          });
    const quota = this.#problem.levels.map((_, level): number =>
      level === this.#full ? FULL_TRIALS : level === 0 ? GENERATION : MIDDLE_TRIALS,
    );
    const ranked = [...hopeful].sort((a, b) => b.improvement - a.improvement || a.candidate - b.candidate);
    const chosen: Prospect[] = [];
    // Those that another choice would not already make superfluous come first.
    for (const strict of [true, false]) {
      for (const each of ranked) {
        if (chosen.length >= GENERATION || quota[each.level] === 0 || chosen.includes(each)) continue;
        const rivals = chosen.filter(({ level }) => level === each.level).map(({ losses }) => losses);
        if (strict && believed.length > 0 && this.#worth(each.losses, { points: rivals, range: front.range }) <= 1)
          continue;
        quota[each.level] -= 1;
        chosen.push(each);
      }
    }
    return chosen.map(({ candidate, level }) => ({ candidate, level }));
  }

  /** Full results, and what candidates tried in part are expected to give. */
  #believedFront(prospects: readonly Prospect[]): { candidate: number; losses: readonly number[] }[] {
    const full = [...this.#known.values()].flatMap(({ outcome: { candidate, level, losses, margin } }) =>
      level === this.#full && losses !== null && margin <= 0 ? [{ candidate, losses }] : [],
    );
    const partial = prospects
      .filter(({ level, forecast }) => level > 0 && forecast.margin.mean <= 0)
      .map(({ candidate, forecast }) => ({ candidate, losses: forecast.losses.map(({ mean }) => mean) }));
    return nonDominatedOnly([...full, ...partial]);
  }

  /**
   * How much a candidate would add to a front, in units that matter: by how much it sticks out (the least it would have
   * to lose in every objective to be covered), as a share of the front's range; or by how much it is the best in the
   * first objective, which decides the pick. Up to 1 does not matter.
   */
  #worth(losses: readonly number[], front: Front, except = -1): number {
    let least = Number.POSITIVE_INFINITY;
    let first = Number.POSITIVE_INFINITY;
    for (let index = 0; index < front.points.length; index++) {
      if (index === except) continue;
      const other = front.points[index];
      let gain = Number.NEGATIVE_INFINITY;
      for (let k = 0; k < losses.length; k++) gain = Math.max(gain, (other[k] - losses[k]) / front.range[k]);
      if (gain < least) least = gain;
      if (other[0] < first) first = other[0];
    }
    return Math.max(least / SHARE_OF_RANGE, (first - losses[0]) / this.#problem.resolution);
  }
}

interface Front {
  readonly points: readonly (readonly number[])[];
  readonly range: readonly number[];
}

/** A front of one point has no range; then, and for a flat objective, a tenth stands for it. */
const LEAST_RANGE = 0.1;

function frontOf(points: readonly (readonly number[])[], objectives: number): Front {
  const range = Array.from({ length: objectives }, (_, k) => {
    const along = points.map((point) => point[k]);
    return Math.max(LEAST_RANGE, along.length === 0 ? 0 : Math.max(...along) - Math.min(...along));
  });
  return { points, range };
}

function nonDominatedOnly<T extends { readonly losses: readonly number[] }>(all: readonly T[]): T[] {
  const sorted = [...all].sort((a, b) => {
    for (let k = 0; k < a.losses.length; k++) if (a.losses[k] !== b.losses[k]) return a.losses[k] - b.losses[k];
    return 0;
  });
  const kept: T[] = [];
  for (const each of sorted) {
    if (!kept.some(({ losses }) => losses.every((loss, k) => loss <= each.losses[k]))) kept.push(each);
  }
  return kept;
}

/** The default: everything where the space is small, the cascade where it is not. */
export function cascade(problem: Problem, seed: number): Strategy {
  return problem.size <= SMALL_SPACE ? exhaustive(problem) : new Cascade(problem, seed);
}
