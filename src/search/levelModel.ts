import { exp, log } from '../base/math.ts';
import { GaussianProcess, type Hyperparameters, type Prediction } from './gaussianProcess.ts';
import type { Problem, TrialOutcome } from './strategy.ts';

/** What a full trial of a candidate is expected to give. */
export interface Forecast {
  readonly losses: readonly Prediction[];
  readonly margin: Prediction;
}

/** Points of one fit: the latest ones; they cluster where the search is. */
const MOST_POINTS = 120;
/** Below this many pairs of levels a fit of the difference says less than their spread. */
const FEWEST_PAIRS = 6;
/** What the margin of a trial that was cut short is taken to be. */
const LOST_MARGIN = 0.2;
/** Assumed relative difference between levels until pairs have been seen. */
const PRIOR_DEVIATION = 0.15;

interface Rows {
  readonly x: Float64Array[];
  /** What the sketch says; 0 where it says nothing. */
  readonly sketch: number[];
  readonly y: number[];
}

/** One regression that is refitted as rows come in, its hyperparameters chosen anew whenever rows grew by a third. */
class Fit {
  #process: GaussianProcess | null = null;
  #hyperparameters: Hyperparameters | undefined;
  #chosenAt = 0;
  /** Rows are learned as what is left beside so many times the sketch. */
  #slope = 0;
  /** The value of all rows, if it is one. */
  #constant: number | null = null;

  refit({ x, sketch, y: given }: Rows): void {
    if (x.length < 2) return;
    this.#slope = slopeOf(sketch, given);
    const y = given.map((value, index) => value - this.#slope * sketch[index]);
    this.#constant = y.every((value) => value === y[0]) ? y[0] : null;
    if (this.#constant !== null) return;
    const [latestX, latestY] = [x.slice(-MOST_POINTS), y.slice(-MOST_POINTS)];
    if (x.length >= this.#chosenAt * 1.33 || this.#hyperparameters === undefined) {
      this.#process = GaussianProcess.fit(latestX, latestY, this.#hyperparameters);
      this.#hyperparameters = this.#process.hyperparameters;
      this.#chosenAt = x.length;
    } else this.#process = GaussianProcess.with(latestX, latestY, this.#hyperparameters);
  }

  predict(point: Float64Array, loosely: boolean, sketch = 0): Prediction | null {
    const rest =
      this.#constant === null ? this.#process?.predict(point, loosely) : { mean: this.#constant, deviation: 0 };
    return rest === undefined ? null : { ...rest, mean: rest.mean + this.#slope * sketch };
  }
}

/** Least squares; 0 where the sketch says nothing, or the opposite. */
function slopeOf(sketch: readonly number[], y: readonly number[]): number {
  const n = y.length;
  const [meanX, meanY] = [sketch, y].map((values) => values.reduce((sum, value) => sum + value, 0) / n);
  let [xx, xy] = [0, 0];
  for (let i = 0; i < n; i++) {
    xx += (sketch[i] - meanX) ** 2;
    xy += (sketch[i] - meanX) * (y[i] - meanY);
  }
  return xx > 0 ? Math.max(0, xy / xx) : 0;
}

/**
 * Learns from trials of all levels what a full trial gives (Kennedy and O'Hagan, 2000): one regression of the lowest
 * level over the coordinates, and one of the difference from each level to the next, which is the measured error of the
 * cheaper trial. One instance for each family.
 */
export class LevelModel {
  readonly #problem: Problem;
  /** Levels in use, ascending; everything below counts among these. */
  readonly #levels: readonly number[];
  /** Losses, the margin, the logarithm of the work. */
  readonly #outputs: number;
  readonly #margin: number;
  /** By candidate and level, the latest last. */
  readonly #seen = new Map<number, (Float64Array | undefined)[]>();
  /** By level and output; level 0 are values, level l differences from l - 1 to l. */
  readonly #fits: Fit[][];
  #pairs: readonly Rows[][];
  #isNew = false;

  /** @param levels of the problem that are in use: the lowest, the last, and perhaps some between. */
  constructor(problem: Problem, levels: readonly number[]) {
    this.#problem = problem;
    this.#levels = levels;
    this.#margin = problem.objectives;
    this.#outputs = problem.objectives + 2;
    this.#fits = levels.map(() => Array.from({ length: this.#outputs }, () => new Fit()));
    this.#pairs = this.#noRows();
  }

  #noRows(): Rows[][] {
    return this.#levels.map(() => Array.from({ length: this.#outputs }, () => ({ x: [], sketch: [], y: [] })));
  }

  /** Outcomes in any order; those of levels not in use teach nothing. */
  add({ candidate, level: given, losses, margin, work }: TrialOutcome): void {
    const level = this.#levels.indexOf(given);
    if (level < 0) return;
    const seen = this.#seen.get(candidate) ?? [];
    // A trial that was cut short tells only that its margin is lost.
    seen[level] =
      losses === null
        ? new Float64Array(this.#outputs).fill(Number.NaN).fill(LOST_MARGIN, this.#margin, this.#margin + 1)
        : Float64Array.from([...losses, margin, log(Math.max(work, 1))]);
    this.#seen.delete(candidate);
    this.#seen.set(candidate, seen);
    this.#isNew = true;
  }

  refit(): void {
    if (!this.#isNew) return;
    this.#isNew = false;
    const rows = this.#noRows();
    for (const [candidate, seen] of this.#seen) {
      const values = this.#filled(candidate, seen);
      values.forEach((own, level) => {
        const below = level === 0 ? null : values[level - 1];
        // A difference of which one side was made up says nothing.
        if (seen[level] === undefined && level > 0) return;
        const point = below === null ? this.#problem.features(candidate) : this.#point(candidate, below);
        rows[level].forEach(({ x, sketch, y }, output) => {
          const value = own[output] - (below?.[output] ?? 0);
          if (Number.isNaN(value)) return;
          x.push(point);
          sketch.push(level === 0 ? this.#sketch(candidate, output) : 0);
          y.push(value);
        });
      });
    }
    this.#pairs = rows;
    for (const [level, fits] of this.#fits.entries()) {
      for (const [output, fit] of fits.entries()) {
        if (!this.#isExact(output) && (level === 0 || rows[level][output].x.length >= FEWEST_PAIRS)) {
          fit.refit(rows[level][output]);
        }
      }
    }
  }

  /** Values up to the highest level seen; those of levels left out follow from the next known one by what is believed of the differences. */
  #filled(candidate: number, seen: readonly (Float64Array | undefined)[]): Float64Array[] {
    const values: Float64Array[] = [];
    for (let level = seen.length - 1; level >= 0; level--) {
      const above = values[level + 1];
      values[level] =
        seen[level] ??
        above.map((value, output) => value - this.#step(level + 1, output, this.#point(candidate, above), true).mean);
    }
    return values;
  }

  /** @param loosely deviations are upper bounds, at a fraction of the cost. */
  forecast(candidate: number, loosely = false): Forecast {
    const seen = this.#seen.get(candidate);
    const top = seen === undefined ? -1 : seen.length - 1;
    const floor = this.#problem.floor(candidate);
    const base = Array.from({ length: this.#margin + 1 }, (_, output): Prediction => {
      if (this.#isExact(output)) return { mean: floor?.[output] ?? Number.POSITIVE_INFINITY, deviation: 0 };
      if (top >= 0) return { mean: seen![top]![output], deviation: 0 };
      return this.#lowest(candidate, output, loosely) ?? { mean: 0, deviation: 1 };
    });
    // What is added above the highest level seen is judged by the coordinates and by the margin seen, or guessed, there.
    const point = this.#point(
      candidate,
      base.map(({ mean }) => mean),
    );
    const predictions = base.map((prediction, output): Prediction => {
      if (this.#isExact(output)) return prediction;
      let { mean } = prediction;
      let variance = prediction.deviation ** 2;
      for (let level = Math.max(top, 0) + 1; level < this.#levels.length; level++) {
        const step = this.#step(level, output, point, loosely);
        mean += step.mean;
        variance += step.deviation ** 2;
      }
      return { mean, deviation: Math.sqrt(variance) };
    });
    return { losses: predictions.slice(0, this.#margin), margin: predictions[this.#margin] };
  }

  /** Expected work of a trial at each level above those seen; 0 below. */
  workOf(candidate: number): number[] {
    const seen = this.#seen.get(candidate);
    const top = seen === undefined ? -1 : seen.length - 1;
    const output = this.#margin + 1;
    const work = this.#levels.map(() => 0);
    let mean = top < 0 ? (this.#lowest(candidate, output, true)?.mean ?? 0) : seen![top]![output];
    if (top < 0) work[0] = exp(mean);
    const margin = top < 0 ? (this.#lowest(candidate, this.#margin, true)?.mean ?? 0) : seen![top]![this.#margin];
    const point = this.#point(candidate, { [this.#margin]: margin });
    for (let level = Math.max(top, 0) + 1; level < this.#levels.length; level++) {
      mean += this.#step(level, output, point, true).mean;
      work[level] = exp(mean);
    }
    return work;
  }

  #step(level: number, output: number, point: Float64Array, loosely: boolean): Prediction {
    const fitted = this.#fits[level][output].predict(point, loosely);
    if (fitted !== null) return fitted;
    const { y } = this.#pairs[level][output];
    const n = y.length;
    const mean = n === 0 ? 0 : y.reduce((sum, value) => sum + value, 0) / n;
    const spread = y.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    // The prior counts as three observations.
    return { mean, deviation: Math.sqrt((spread + 3 * PRIOR_DEVIATION ** 2) / (n + 3)) };
  }

  /** Coordinates joined by how loaded the candidate was below: overload grows with the length of a trial. */
  #point(candidate: number, below: { readonly [output: number]: number }): Float64Array {
    const features = this.#problem.features(candidate);
    const point = new Float64Array(features.length + 1);
    point.set(features);
    point[features.length] = Math.max(-2, Math.min(2, below[this.#margin]));
    return point;
  }

  #lowest(candidate: number, output: number, loosely: boolean): Prediction | null {
    return this.#fits[0][output].predict(this.#problem.features(candidate), loosely, this.#sketch(candidate, output));
  }

  #sketch(candidate: number, output: number): number {
    const value = this.#problem.sketch(candidate)?.[output] ?? 0;
    return Number.isNaN(value) ? 0 : value;
  }

  #isExact(output: number): boolean {
    return output < this.#problem.objectives && this.#problem.exact[output];
  }
}
