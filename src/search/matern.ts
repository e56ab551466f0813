import { exp } from '../base/math.ts';

/** Steps of the table to one. */
const STEPS = 64;
/** Beyond this e^-r is nothing. */
const FURTHEST = 32;

const TABLE = Float64Array.from({ length: FURTHEST * STEPS + 1 }, (_, step) => exp(-step / STEPS));

/** e^-r by a table and four terms of its series: within 1e-11 of the truth. */
function decay(r: number): number {
  if (r >= FURTHEST) return 0;
  const step = Math.floor(r * STEPS);
  const f = r - step / STEPS;
  return TABLE[step] * (1 - f * (1 - f * (1 / 2 - f * (1 / 6 - f / 24))));
}

/** The Matern 5/2 covariance of two points at this distance, squared; 1 at 0. */
export function matern52(squared: number): number {
  const r = Math.sqrt(5 * squared);
  return (1 + r + (r * r) / 3) * decay(r);
}

/** Points with their coordinates divided by lengths, one after the other, each filled up with zeros to a multiple of four. */
export class ScaledPoints {
  readonly count: number;
  readonly #scales: Float64Array;
  readonly #width: number;
  readonly #all: Float64Array;
  /** One more point, that of the last `covariances`. */
  readonly #other: Float64Array;

  constructor(points: readonly Float64Array[], lengths: readonly number[]) {
    this.count = points.length;
    this.#scales = Float64Array.from(lengths, (length) => 1 / length);
    this.#width = 4 * Math.ceil(lengths.length / 4);
    this.#all = new Float64Array(this.count * this.#width);
    this.#other = new Float64Array(this.#width);
    points.forEach((point, i) => {
      this.#scaleInto(this.#all, i * this.#width, point);
    });
  }

  /** The lower half of the n x n matrix of covariances of these points. */
  matrix(noise: number): Float64Array {
    const n = this.count;
    const matrix = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < i; j++) matrix[i * n + j] = matern52(this.#squaredDistance(this.#all, i * this.#width, j));
      matrix[i * n + i] = 1 + noise;
    }
    return matrix;
  }

  /** Covariances of another point with these. */
  covariances(point: Float64Array, into: Float64Array): void {
    this.#scaleInto(this.#other, 0, point);
    for (let i = 0; i < this.count; i++) into[i] = matern52(this.#squaredDistance(this.#other, 0, i));
  }

  #scaleInto(into: Float64Array, at: number, point: Float64Array): void {
    for (let k = 0; k < this.#scales.length; k++) into[at + k] = point[k] * this.#scales[k];
  }

  /** In four partial sums that do not wait for each other. */
  #squaredDistance(from: Float64Array, at: number, i: number): number {
    const [all, width] = [this.#all, this.#width];
    const first = i * width;
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    for (let k = 0; k < width; k += 4) {
      const d0 = from[at + k] - all[first + k];
      const d1 = from[at + k + 1] - all[first + k + 1];
      const d2 = from[at + k + 2] - all[first + k + 2];
      const d3 = from[at + k + 3] - all[first + k + 3];
      s0 += d0 * d0;
      s1 += d1 * d1;
      s2 += d2 * d2;
      s3 += d3 * d3;
    }
    return s0 + s1 + (s2 + s3);
  }
}
