import { log } from '../base/math.ts';
import { factorise, solveLower, solveTransposed, squareOf } from './cholesky.ts';
import { ScaledPoints } from './matern.ts';

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
  readonly #points: ScaledPoints;
  readonly #factor: Float64Array;
  readonly #weights: Float64Array;
  readonly #offset: number;
  readonly #variance: number;
  /** Of the point that is forecast: its covariances with the others, and those by the factor. */
  readonly #row: Float64Array;
  readonly #half: Float64Array;

  private constructor(x: readonly Float64Array[], y: ArrayLike<number>, hyperparameters: Hyperparameters) {
    const n = x.length;
    this.hyperparameters = hyperparameters;
    this.#points = new ScaledPoints(x, hyperparameters.lengths);
    let sum = 0;
    for (let i = 0; i < n; i++) sum += y[i];
    this.#offset = sum / n;
    this.#factor = this.#points.matrix(hyperparameters.noise);
    factorise(this.#factor, n);
    const centred = Float64Array.from({ length: n }, (_, i) => y[i] - this.#offset);
    this.#half = solveLower(this.#factor, centred, n, new Float64Array(n));
    this.#weights = solveTransposed(this.#factor, this.#half, n);
    this.#variance = Math.max(squareOf(this.#half, n) / n, 1e-12);
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
    const [row, weights, n] = [this.#row, this.#weights, this.#points.count];
    this.#points.covariances(point, row);
    let mean = this.#offset;
    for (let i = 0; i < n; i++) mean += row[i] * weights[i];
    if (loosely) return { mean, deviation: Math.sqrt(this.#variance * (1 + this.hyperparameters.noise)) };
    const explained = squareOf(solveLower(this.#factor, row, n, this.#half), n);
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
  const factor = new ScaledPoints(x, lengths).matrix(noise);
  factorise(factor, n);
  const quadratic = squareOf(solveLower(factor, y, n, new Float64Array(n)), n);
  let logDeterminant = 0;
  for (let i = 0; i < n; i++) logDeterminant += 2 * log(factor[i * n + i]);
  return -0.5 * n * log(Math.max(quadratic / n, 1e-12)) - 0.5 * logDeterminant;
}
