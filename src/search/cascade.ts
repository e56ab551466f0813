import { RandomStream } from '../base/random.ts';
import { Belief, type Prospect, type Result } from './belief.ts';
import { type Front, frontOf, uncovered, worth } from './front.ts';
import { Naps } from './naps.ts';
import { exhaustive } from './sequential.ts';
import { spreadSample } from './spreadSample.ts';
import { type Problem, type Strategy, shuffled, type TrialAsk, type TrialOutcome } from './strategy.ts';

/** Spaces up to this size are tried whole: a model has nothing to save there. */
const SMALL_SPACE = 64;
/** Trials of the first sample, all at the lowest level. */
const SMALLEST_DESIGN = 64;
const LARGEST_DESIGN = 256;
/** Candidates for each one sampled, between those. */
const PER_SAMPLE = 16;
/**
 * Candidates for each one that is tried in full whatever it looks like, and how many there are at least and at most; of each
 * family at least FEWEST_OF_FAMILY. What formulas and slices get wrong (the filling and draining of a closed loop, say)
 * differs over the space, and must have been seen all over it.
 */
const PER_CALIBRATION = 100;
const FEWEST_CALIBRATIONS = 16;
const MOST_CALIBRATIONS = 48;
const FEWEST_OF_FAMILY = 8;
/** Slices are used where their error is below this share of the sketch's: they cost, and the sketch does not. */
const TELLING = 0.5;
/** A level between is used where a trial there costs less than this share of a full one. */
const CHEAP = 0.25;
const GENERATION = 16;
/** Of one generation, trials of the last level and of those between: they cost most, so they are asked few at a time. */
const FULL_TRIALS = 2;
const MIDDLE_TRIALS = 4;
/** So many times as many in large spaces, where choosing takes longer than the trials. */
const BREADTH = 2;
/** A candidate is tried as long as this many standard deviations in its favour would put it on the frontier. */
const OPTIMISM = 1.2;
/** The same for candidates not tried yet. */
const CURIOSITY = 1.5;
/** The same before the end, for the neighbours of the pick and for a few others: one in so many, at least and at most. */
const DOUBT = 3;
const PER_DOUBTFUL = 100;
const FEWEST_DOUBTFUL = 6;
const MOST_DOUBTFUL = 12;
/** Full trials in a row that leave the frontier as it is, before the search believes it; cheap ones count for less. */
const PATIENCE = 12;
/** Candidates for each one of them, where that is more. */
const PER_PATIENCE = 75;
const MOST_PATIENCE = 24;
/** The same as long as nothing feasible has been found. */
const STUBBORNNESS = 100;
/** Candidates one move from the frontier that are tried on the smallest slice before the end, and in full after it. */
const MOST_AROUND = 256;
const MOST_AROUND_FULL = 64;
/** Generations from one look at the candidates not tried yet to the next. */
const SURVEY = 3;
/** Candidates looked at in one generation; all of them in spaces up to this size. */
const POOL = 4000;
const RANDOM_POOL = 1000;

interface Option extends Prospect {
  /** What it could add to the frontier. */
  readonly merit: number;
}

/**
 * Optimism in the face of what is not known, over trials of growing length. A sample of the space is tried at the lowest
 * level; regressions forecast every other candidate, and what a full trial would add to what a short one gave. Whoever
 * could, at `OPTIMISM` standard deviations, stick out of the frontier as it is believed to be by more than the
 * problem's resolution is tried at its next level. When nobody could, or `PATIENCE` full trials' work has changed
 * nothing, all that is one move from the pick and might beat it is tried in full (in large spaces, what is one move from
 * any of the frontier); the search ends when that is in vain.
 */
export class Cascade implements Strategy {
  readonly #problem: Problem;
  readonly #random: RandomStream;
  readonly #full: number;
  /** Too large for every candidate to be forecast each time. */
  readonly #isLarge: boolean;
  readonly #breadth: number;
  readonly #belief: Belief;
  readonly #generations: Iterator<TrialAsk[], void>;
  /** In large spaces only: of others every candidate is looked at every time. */
  readonly #naps = new Naps();
  /** Full trials since the last that changed the frontier. */
  #unchanged = 0;
  /** Full trials that changed it. */
  #additions = 0;
  #fullTrials = 0;
  #fullWork = 0;

  constructor(problem: Problem, seed: number) {
    this.#problem = problem;
    this.#full = problem.levels.length - 1;
    this.#isLarge = problem.size > POOL;
    this.#breadth = this.#isLarge ? BREADTH : 1;
    this.#random = new RandomStream(seed, 'search.cascade');
    this.#belief = new Belief(problem);
    this.#generations = this.#search();
  }

  ask(): TrialAsk[] {
    return this.#generations.next().value ?? [];
  }

  tell(outcomes: readonly TrialOutcome[]): void {
    for (const outcome of outcomes) {
      const { level, losses, margin, work } = outcome;
      const isFull = level === this.#full;
      if (isFull) {
        this.#fullWork += work;
        this.#fullTrials += 1;
      }
      const adds =
        isFull && losses !== null && margin <= 0 && this.#worth(losses, this.#frontOf(this.#belief.results())) > 1;
      if (adds) {
        this.#unchanged = 0;
        this.#additions += 1;
      } else if (isFull || this.#isLarge) {
        // Cheap ones in vain say little of where the costly ones are. In a large space some slice always seems worth it.
        this.#unchanged += this.#fullWork > 0 ? Math.min(1, (work * this.#fullTrials) / this.#fullWork) : 1;
      }
      this.#belief.tell(outcome);
    }
  }

  *#search(): Generator<TrialAsk[], void> {
    yield* this.#open();
    for (;;) {
      this.#unchanged = 0;
      yield* this.#follow();
      const before = this.#additions;
      const unseen = this.#aroundUnseen();
      if (unseen.length > 0) {
        yield unseen;
        this.#belief.refit();
      }
      const swept = this.#lastLook();
      if (swept.length === 0) return;
      yield swept;
      if (this.#additions === before) return;
    }
  }

  /** Until nobody seems worth a trial, or trials have long changed nothing. */
  *#follow(): Generator<TrialAsk[], void> {
    this.#naps.end();
    for (let turn = 0; this.#unchanged < this.#patience(); turn++) {
      this.#belief.refit();
      const survey = turn % SURVEY === 0;
      const chosen = this.#choose(survey);
      if (chosen.length > 0) yield chosen;
      else if (survey) return;
      else turn = -1;
    }
  }

  /** What is near the pick, and those far from all that was tried that the forecasts could be most wrong about. */
  #lastLook(): TrialAsk[] {
    const around = this.#aroundFront();
    if (this.#isLarge) return around;
    const near = new Set(around.map(({ candidate }) => candidate));
    const doubtful = this.#choose(true, DOUBT)
      .filter(({ candidate }) => !near.has(candidate) && !this.#belief.isTried(candidate))
      .slice(0, this.#doubtful());
    return [...around, ...doubtful.map(({ candidate }) => ({ candidate, level: this.#full }))];
  }

  #doubtful(): number {
    return Math.min(MOST_DOUBTFUL, Math.max(FEWEST_DOUBTFUL, Math.floor(this.#problem.size / PER_DOUBTFUL)));
  }

  #patience(): number {
    if (!this.#belief.hasResults) return STUBBORNNESS;
    return Math.min(MOST_PATIENCE, Math.max(PATIENCE, this.#problem.size / PER_PATIENCE));
  }

  /**
   * Whoever is one move from the pick and could be better in the first objective, at `DOUBT` standard deviations. Where
   * the space is too large for every candidate to be forecast, whoever is one move from any of the frontier and could
   * be of it.
   */
  #aroundFront(): TrialAsk[] {
    const results = uncovered(this.#belief.results());
    if (results.length === 0) return [];
    const [pick] = results;
    const front = this.#frontOf(results);
    const around = this.#neighboursOf(this.#isLarge ? results : [pick]).flatMap((candidate) => {
      const prospect = this.#belief.prospect(candidate, DOUBT);
      if (prospect === null) return [];
      const { losses, margin } = prospect;
      const merit = this.#isLarge
        ? margin > 0
          ? 0
          : this.#worth(losses, front)
        : (pick.losses[0] - losses[0]) / this.#problem.resolution;
      return merit > 1 ? [{ candidate, merit }] : [];
    });
    if (this.#isLarge) around.sort((a, b) => b.merit - a.merit || a.candidate - b.candidate);
    return around
      .slice(0, this.#isLarge ? MOST_AROUND_FULL : MOST_AROUND)
      .map(({ candidate }) => ({ candidate, level: this.#full }));
  }

  /** In a large space: whoever is one move from the frontier and was never looked at, on the smallest slice. */
  #aroundUnseen(): TrialAsk[] {
    if (!this.#isLarge) return [];
    const unseen = this.#neighboursOf(uncovered(this.#belief.results())).filter(
      (candidate) => !this.#belief.isTried(candidate) && this.#problem.floor(candidate) !== null,
    );
    return unseen.slice(0, MOST_AROUND).map((candidate) => ({ candidate, level: 0 }));
  }

  #neighboursOf(results: readonly Result[]): number[] {
    return [...new Set(results.flatMap(({ candidate }) => this.#problem.neighbours(candidate)))];
  }

  /** A sample in full and on the smallest level; where that tells enough, a larger one there, and what lies between as far as that is cheap. */
  *#open(): Generator<TrialAsk[], void> {
    const sampled = this.#design();
    const at = (candidates: Iterable<readonly number[]>, level: number): TrialAsk[] =>
      [...candidates].flat().map((candidate) => ({ candidate, level }));
    const calibrations = Math.min(
      MOST_CALIBRATIONS,
      Math.max(FEWEST_CALIBRATIONS, this.#problem.size / PER_CALIBRATION),
    );
    const share = Math.max(FEWEST_OF_FAMILY, Math.ceil(calibrations / sampled.size));
    const calibrating = new Map([...sampled].map(([family, members]) => [family, this.#sample(members, share)]));
    yield at(calibrating.values(), this.#full);
    if (this.#full > 0) yield at(calibrating.values(), 0);
    const short: TrialAsk[] = [];
    for (const [family, members] of calibrating) {
      // Of a space too large to look at whole, many must be seen: there they are used anyway.
      const tells = this.#isLarge || this.#belief.sliceError(members) < TELLING;
      const usesSlices = this.#full > 0 && tells;
      const levels = usesSlices ? this.#levelsWorth(members) : [this.#full];
      if (usesSlices) {
        const others = sampled.get(family)!.filter((candidate) => !members.includes(candidate));
        short.push(...at([others], 0));
        for (const level of levels.slice(1, -1)) short.push(...at([members], level));
      }
      this.#belief.use(family, levels);
    }
    if (short.length > 0) yield short;
  }

  /** The lowest and the last level, and those between whose work, as the two tell, is a small share of a full trial's. */
  #levelsWorth(calibrating: readonly number[]): number[] {
    const { levels } = this.#problem;
    const [least, most] = [0, this.#full].map((level) => this.#belief.workOf(calibrating, level));
    return levels.flatMap((share, level) => {
      const work = least + ((most - least) * (share - levels[0])) / (1 - levels[0]);
      return level === 0 || level === this.#full || work < CHEAP * most ? [level] : [];
    });
  }

  /** Every family in equal parts. */
  #design(): Map<number, number[]> {
    const byFamily = new Map<number, number[]>();
    const wanted = Math.min(LARGEST_DESIGN, Math.max(SMALLEST_DESIGN, this.#problem.size / PER_SAMPLE));
    const order = !this.#isLarge
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
    return new Map([...byFamily].map(([family, members]) => [family, this.#sample(members, share)]));
  }

  #sample(members: readonly number[], size: number): number[] {
    return spreadSample(members, (candidate) => this.#problem.features(candidate), size, this.#random);
  }

  /** @param survey whether to look at candidates not tried yet, too. */
  #choose(survey: boolean, curiosity = CURIOSITY): TrialAsk[] {
    this.#naps.nextTurn();
    const awake = [...this.#belief.tried].filter((candidate) => !this.#naps.has(candidate));
    const begun = awake.flatMap((candidate) => this.#belief.prospect(candidate, OPTIMISM, true) ?? []);
    const believed = this.#belief.front(begun);
    const front = this.#frontOf(believed);
    const own = new Map(believed.map(({ candidate }, index) => [candidate, index]));
    // Nothing seems feasible: whoever is nearest to it.
    const meritOf = ({ candidate, losses, margin }: Prospect): number => {
      if (believed.length === 0) return -margin;
      return margin > 0 ? 0 : this.#worth(losses, front, own.get(candidate));
    };
    // Most are out of reach even if nothing were known about them: a loose forecast is enough to see it.
    const inReach = (candidate: number, optimism: number, loose: Prospect): Option[] => {
      if (believed.length > 0 && meritOf(loose) <= 1) {
        if (this.#isLarge) this.#naps.add(candidate);
        return [];
      }
      const prospect = this.#belief.prospect(candidate, optimism)!;
      const merit = meritOf(prospect);
      return believed.length > 0 && merit <= 1 ? [] : [{ ...prospect, merit }];
    };
    const found = begun.flatMap((loose) => inReach(loose.candidate, OPTIMISM, loose));
    for (const candidate of survey ? this.#pool(begun) : []) {
      if (this.#belief.isTried(candidate) || this.#belief.hasTwin(candidate) || this.#naps.has(candidate)) continue;
      const loose = this.#belief.prospect(candidate, curiosity, true);
      if (loose !== null) found.push(...inReach(candidate, curiosity, loose));
    }
    found.sort((a, b) => b.merit - a.merit || a.candidate - b.candidate);
    const hopeful = this.#belief.oneOfTwins(found);
    const fullTrials = curiosity === DOUBT ? this.#doubtful() : FULL_TRIALS * this.#breadth;
    return this.#generation(hopeful, believed.length > 0 ? front : null, fullTrials);
  }

  /** The best, within the quota of each level; those that another choice would not already make superfluous first. */
  #generation(ranked: readonly Option[], front: Front | null, fullTrials: number): TrialAsk[] {
    const most = GENERATION * this.#breadth;
    const quota = this.#problem.levels.map((_, level): number =>
      level === this.#full ? fullTrials : level === 0 ? most : MIDDLE_TRIALS * this.#breadth,
    );
    const levels = new Map<number, number>();
    const chosen = new Map<Option, number>();
    for (const strict of [true, false]) {
      for (const each of ranked) {
        if (chosen.size >= most) break;
        if (chosen.has(each)) continue;
        const level = levels.get(each.candidate) ?? this.#belief.nextLevel(each.candidate);
        levels.set(each.candidate, level);
        if (quota[level] === 0) continue;
        const rivals = [...chosen].flatMap(([{ losses }, taken]) => (taken === level ? [losses] : []));
        if (strict && front !== null && this.#worth(each.losses, { ...front, points: rivals }) <= 1) continue;
        quota[level] -= 1;
        chosen.set(each, level);
      }
    }
    return [...chosen].map(([{ candidate }, level]) => ({ candidate, level }));
  }

  /** Candidates to look at: all of a small space, else near the frontier or at random. */
  #pool(begun: readonly Prospect[]): number[] {
    if (!this.#isLarge) return Array.from({ length: this.#problem.size }, (_, candidate) => candidate);
    const pool = new Set<number>();
    for (const candidate of this.#belief.leaders(begun)) {
      if (pool.size >= POOL) break;
      for (const neighbour of this.#problem.neighbours(candidate)) pool.add(neighbour);
    }
    for (let n = 0; n < RANDOM_POOL; n++) pool.add(this.#random.integer(0, this.#problem.size - 1));
    return [...pool];
  }

  #frontOf(points: readonly { readonly losses: readonly number[] }[]): Front {
    return frontOf(
      points.map(({ losses }) => losses),
      this.#problem.objectives,
    );
  }

  #worth(losses: readonly number[], front: Front, except?: number): number {
    return worth(losses, front, this.#problem.resolution, except);
  }
}

/** The default: everything where the space is small, the cascade where it is not. */
export function cascade(problem: Problem, seed: number): Strategy {
  return problem.size <= SMALL_SPACE ? exhaustive(problem) : new Cascade(problem, seed);
}
