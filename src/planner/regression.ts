import type { RegressionSpec } from './policySpec.ts';

/** A forward pass as a planner learns from it. */
export interface PassSample {
  readonly ns: number;
  readonly prefillTokens: number;
  readonly decodes: number;
  /** Tokens of KV that the engine held. */
  readonly kvTokens: number;
}

interface Point {
  readonly x: number;
  readonly y: number;
  readonly ns: number;
  /** Of the plane, when it was last cut. */
  bucket: number;
}

/**
 * Least squares over remembered passes in up to two features, kept spread out: the feature plane is cut into equal buckets,
 * and when there are too many passes the oldest of the fullest bucket goes (as Dynamo's planner does).
 */
export class Regression {
  readonly #spec: RegressionSpec;
  readonly #featuresOf: (sample: PassSample) => readonly [number, number];
  readonly #points: Point[] = [];
  #fit: ((x: number, y: number) => number) | null = null;

  /** A feature that does not matter is 0 throughout. */
  constructor(spec: RegressionSpec, featuresOf: (sample: PassSample) => readonly [number, number]) {
    this.#spec = spec;
    this.#featuresOf = featuresOf;
  }

  get isReady(): boolean {
    return this.#points.length >= this.#spec.minObservations;
  }

  observe(sample: PassSample): void {
    const [x, y] = this.#featuresOf(sample);
    this.#points.push({ x, y, ns: sample.ns, bucket: 0 });
    if (this.#points.length > this.#spec.samples) this.#points.splice(this.#oldestOfFullestBucket(), 1);
    this.#fit = null;
  }

  /** Nanoseconds, at least 1. */
  predictNs(x: number, y: number): number {
    this.#fit ??= leastSquares(this.#points);
    return Math.max(1, this.#fit(x, y));
  }

  #oldestOfFullestBucket(): number {
    const points = this.#points;
    const side = Math.sqrt(this.#spec.buckets);
    let mostX = 0;
    let mostY = 0;
    for (const { x, y } of points) {
      if (x > mostX) mostX = x;
      if (y > mostY) mostY = y;
    }
    const part = (value: number, most: number): number =>
      most === 0 ? 0 : Math.min(side - 1, Math.floor((value / most) * side));
    const counts = new Int32Array(this.#spec.buckets);
    let fullest = 0;
    for (const point of points) {
      point.bucket = part(point.x, mostX) * side + part(point.y, mostY);
      fullest = Math.max(fullest, ++counts[point.bucket]);
    }
    return points.findIndex(({ bucket }) => counts[bucket] === fullest);
  }
}

/** ns = a + b x + c y. Features that do not vary, or vary together, get no slope of their own. */
function leastSquares(points: readonly Point[]): (x: number, y: number) => number {
  const count = points.length;
  const mean = (value: (point: Point) => number): number =>
    points.reduce((sum, point) => sum + value(point), 0) / count;
  const meanX = mean(({ x }) => x);
  const meanY = mean(({ y }) => y);
  const meanNs = mean(({ ns }) => ns);
  let xx = 0;
  let yy = 0;
  let xy = 0;
  let xn = 0;
  let yn = 0;
  for (const { x, y, ns } of points) {
    xx += (x - meanX) * (x - meanX);
    yy += (y - meanY) * (y - meanY);
    xy += (x - meanX) * (y - meanY);
    xn += (x - meanX) * (ns - meanNs);
    yn += (y - meanY) * (ns - meanNs);
  }
  const determinant = xx * yy - xy * xy;
  let slopeX = xx > 0 ? xn / xx : 0;
  let slopeY = 0;
  if (determinant > 1e-9 * xx * yy) {
    slopeX = (xn * yy - yn * xy) / determinant;
    slopeY = (yn * xx - xn * xy) / determinant;
  } else if (xx === 0 && yy > 0) {
    slopeY = yn / yy;
  }
  return (x, y) => meanNs + slopeX * (x - meanX) + slopeY * (y - meanY);
}
