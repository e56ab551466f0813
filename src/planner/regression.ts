import type { RegressionSpec } from './policySpec.ts';

/** A forward pass as a planner learns from it. */
export interface PassSample {
  readonly ns: number;
  readonly prefillTokens: number;
  readonly decodes: number;
  /** Tokens of KV that the engine held. */
  readonly kvTokens: number;
}

/**
 * Least squares over remembered passes in up to two features, kept spread out: the feature plane is cut into equal buckets,
 * and when there are too many passes the oldest of the fullest bucket goes (as Dynamo's planner does).
 */
export class Regression {
  readonly #spec: RegressionSpec;
  readonly #featuresOf: (sample: PassSample) => readonly [number, number];
  readonly #points: { readonly x: number; readonly y: number; readonly ns: number }[] = [];
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
    this.#points.push({ x, y, ns: sample.ns });
    if (this.#points.length > this.#spec.samples) this.#points.splice(this.#oldestOfFullestBucket(), 1);
    this.#fit = null;
  }

  /** Nanoseconds, at least 1. */
  predictNs(x: number, y: number): number {
    this.#fit ??= leastSquares(this.#points);
    return Math.max(1, this.#fit(x, y));
  }

  #oldestOfFullestBucket(): number {
    const side = Math.sqrt(this.#spec.buckets);
    const most = { x: 0, y: 0 };
    for (const { x, y } of this.#points) {
      most.x = Math.max(most.x, x);
      most.y = Math.max(most.y, y);
    }
    const part = (value: number, limit: number): number =>
      limit === 0 ? 0 : Math.min(side - 1, Math.floor((value / limit) * side));
    const bucketOf = ({ x, y }: { x: number; y: number }): number => part(x, most.x) * side + part(y, most.y);
    const sizes = new Map<number, number>();
    for (const point of this.#points) sizes.set(bucketOf(point), (sizes.get(bucketOf(point)) ?? 0) + 1);
    const fullest = Math.max(...sizes.values());
    return this.#points.findIndex((point) => sizes.get(bucketOf(point)) === fullest);
  }
}

/** ns = a + b x + c y. Features that do not vary, or vary together, get no slope of their own. */
function leastSquares(points: readonly { x: number; y: number; ns: number }[]): (x: number, y: number) => number {
  const count = points.length;
  const mean = (value: (point: { x: number; y: number; ns: number }) => number): number =>
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
