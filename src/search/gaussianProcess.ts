import { exp, log } from '../base/math.ts';

export interface Prediction {
  readonly mean: number;
  /** Standard deviation of the value itself, its own roughness (the noise) included. */
  readonly deviation: number;
}

/** What a fit learns beside the data: one length per coordinate, and how rough values are (share of their variance). */
export interface Hyperparameters {
  readonly lengths: readonly number[];
  readonly noise: number;
}

const NOISES = [1e-4, 1e-3, 1e-2, 0.05, 0.2];
const SHORTEST = 0.125;
const LONGEST = 16;
/** Points that hyperparameters are chosen on: the cost grows with the cube. */
const CHOICE_POINTS = 80;

/**
 * Gaussian-process regression with a Matern 5/2 kernel and one length per coordinate (Rasmussen and Williams, 2006,
 * algorithm 2.1 and section 5.4.1), the signal's variance profiled out of the likelihood.
 */
export class GaussianProcess {
  readonly hyperparameters: Hyperparameters;
  /** Coordinates divided by their lengths, point after point. */
  readonly #x: Float64Array;
  readonly #count: number;
  readonly #scales: Float64Array;
  readonly #factor: Float64Array;
  readonly #weights: Float64Array;
  readonly #offset: number;
  readonly #variance: number;
  /** The point that is forecast, and its covariances with the others. */
  readonly #point: Float64Array;
  readonly #row: Float64Array;

  private constructor(x: readonly Float64Array[], y: ArrayLike<number>, hyperparameters: Hyperparameters) {
    const n = x.length;
    this.hyperparameters = hyperparameters;
    this.#count = n;
    this.#scales = Float64Array.from(hyperparameters.lengths, (length) => 1 / length);
    this.#x = Float64Array.from(x.flatMap((each) => [...each].map((value, k) => value * this.#scales[k])));
    let sum = 0;
    for (let i = 0; i < n; i++) sum += y[i];
    this.#offset = sum / n;
    this.#factor = factorOf(x, this.#scales, hyperparameters.noise);
    const centred = Float64Array.from({ length: n }, (_, i) => y[i] - this.#offset);
    this.#weights = solveTransposed(this.#factor, solveLower(this.#factor, centred, n), n);
    let quadratic = 0;
    for (let i = 0; i < n; i++) quadratic += centred[i] * this.#weights[i];
    this.#variance = Math.max(quadratic / n, 1e-12);
    this.#point = new Float64Array(this.#scales.length);
    this.#row = new Float64Array(n);
  }

  /** @param start where the choice of hyperparameters begins; a fit to a little less data is a good one. */
  static fit(x: readonly Float64Array[], y: ArrayLike<number>, start?: Hyperparameters): GaussianProcess {
    const first = start ?? { lengths: Array.from(x[0], () => 1), noise: 1e-2 };
    return new GaussianProcess(x, y, chooseHyperparameters(x, y, first));
  }

  /** A fit with hyperparameters already chosen. */
  static with(x: readonly Float64Array[], y: ArrayLike<number>, hyperparameters: Hyperparameters): GaussianProcess {
    return new GaussianProcess(x, y, hyperparameters);
  }

  /** @param loosely the deviation is that before any data, an upper bound: at a fraction of the cost. */
  predict(point: Float64Array, loosely = false): Prediction {
    const n = this.#count;
    const [row, at, x, scales, weights] = [this.#row, this.#point, this.#x, this.#scales, this.#weights];
    const width = scales.length;
    for (let k = 0; k < width; k++) at[k] = point[k] * scales[k];
    let mean = this.#offset;
    for (let i = 0, first = 0; i < n; i++, first += width) {
      let squared = 0;
      for (let k = 0; k < width; k++) {
        const difference = at[k] - x[first + k];
        squared += difference * difference;
      }
      row[i] = matern52(squared);
      mean += row[i] * weights[i];
    }
    if (loosely) return { mean, deviation: Math.sqrt(this.#variance * (1 + this.hyperparameters.noise)) };
    const half = solveLower(this.#factor, row, n);
    let explained = 0;
    for (let i = 0; i < n; i++) explained += half[i] * half[i];
    const share = Math.max(0, 1 - explained) + this.hyperparameters.noise;
    return { mean, deviation: Math.sqrt(this.#variance * share) };
  }
}

/** Coordinate ascent of the log likelihood on doublings of each length and a few noises: two rounds, deterministic. */
function chooseHyperparameters(
  allX: readonly Float64Array[],
  allY: ArrayLike<number>,
  start: Hyperparameters,
): Hyperparameters {
  // The latest points are the ones that matter: they are near the frontier.
  const from = Math.max(0, allX.length - CHOICE_POINTS);
  const x = allX.slice(from);
  const n = x.length;
  const y = Float64Array.from({ length: n }, (_, i) => allY[from + i]);
  const mean = y.reduce((sum, value) => sum + value, 0) / n;
  const centred = y.map((value) => value - mean);
  const lengths = [...start.lengths];
  let noise = start.noise;
  let best = likelihood(x, centred, lengths, noise);
  for (let round = 0; round < 2; round++) {
    for (const candidate of NOISES) {
      if (candidate === noise) continue;
      const value = likelihood(x, centred, lengths, candidate);
      if (value > best) [best, noise] = [value, candidate];
    }
    for (let k = 0; k < lengths.length; k++) {
      for (const factor of [0.5, 2]) {
        for (;;) {
          const before = lengths[k];
          const next = before * factor;
          if (next < SHORTEST || next > LONGEST) break;
          lengths[k] = next;
          const value = likelihood(x, centred, lengths, noise);
          if (value <= best) {
            lengths[k] = before;
            break;
          }
          best = value;
        }
      }
    }
  }
  return { lengths, noise };
}

function likelihood(x: readonly Float64Array[], y: Float64Array, lengths: readonly number[], noise: number): number {
  const n = x.length;
  const factor = factorOf(
    x,
    Float64Array.from(lengths, (length) => 1 / length),
    noise,
  );
  const half = solveLower(factor, y, n);
  let quadratic = 0;
  let logDeterminant = 0;
  for (let i = 0; i < n; i++) {
    quadratic += half[i] * half[i];
    logDeterminant += 2 * log(factor[i * n + i]);
  }
  return -0.5 * n * log(Math.max(quadratic / n, 1e-12)) - 0.5 * logDeterminant;
}

function matern52(squared: number): number {
  const r = Math.sqrt(5 * squared);
  return (1 + r + (r * r) / 3) * exp(-r);
}

function squaredDistance(a: Float64Array, b: Float64Array, scales: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < scales.length; k++) {
    const difference = (a[k] - b[k]) * scales[k];
    sum += difference * difference;
  }
  return sum;
}

/** Lower Cholesky factor of the kernel matrix, row by row. */
function factorOf(x: readonly Float64Array[], scales: Float64Array, noise: number): Float64Array {
  const n = x.length;
  const factor = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = i === j ? 1 + noise : matern52(squaredDistance(x[i], x[j], scales));
      const [rowI, rowJ] = [i * n, j * n];
      for (let k = 0; k < j; k++) sum -= factor[rowI + k] * factor[rowJ + k];
      factor[rowI + j] = i === j ? Math.sqrt(Math.max(sum, 1e-10)) : sum / factor[rowJ + j];
    }
  }
  return factor;
}

function solveLower(factor: Float64Array, right: Float64Array, n: number): Float64Array {
  const solution = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let sum = right[i];
    const row = i * n;
    for (let k = 0; k < i; k++) sum -= factor[row + k] * solution[k];
    solution[i] = sum / factor[row + i];
  }
  return solution;
}

function solveTransposed(factor: Float64Array, right: Float64Array, n: number): Float64Array {
  const solution = new Float64Array(n);
  for (let i = n - 1; i >= 0; i--) {
    let sum = right[i];
    for (let k = i + 1; k < n; k++) sum -= factor[k * n + i] * solution[k];
    solution[i] = sum / factor[i * n + i];
  }
  return solution;
}
