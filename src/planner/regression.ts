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
  readonly #side: number;
  /** Columns, the oldest pass first. */
  readonly #x: Float64Array;
  readonly #y: Float64Array;
  readonly #ns: Float64Array;
  readonly #bucket: Int32Array;
  #seen = 0;
  /** The plane that buckets are cut from, and passes by bucket. */
  #mostX = 0;
  #mostY = 0;
  readonly #counts: Int32Array;
  #fit: Plane | null = null;

  constructor(spec: RegressionSpec) {
    this.#spec = spec;
    this.#side = Math.sqrt(spec.buckets);
    this.#x = new Float64Array(spec.samples + 1);
    this.#y = new Float64Array(spec.samples + 1);
    this.#ns = new Float64Array(spec.samples + 1);
    this.#bucket = new Int32Array(spec.samples + 1);
    this.#counts = new Int32Array(spec.buckets);
  }

  get isReady(): boolean {
    return this.#seen >= this.#spec.minObservations;
  }

  /** A pass of so many ns. A feature that does not matter is 0 throughout. */
  observe(x: number, y: number, ns: number): void {
    const pass = this.#seen++;
    this.#x[pass] = x;
    this.#y[pass] = y;
    this.#ns[pass] = ns;
    if (x > this.#mostX || y > this.#mostY) this.#cut();
    else this.#count(pass);
    if (this.#seen > this.#spec.samples) this.#forget(this.#oldestOfFullestBucket());
    this.#fit = null;
  }

  /** Nanoseconds, at least 1. */
  predictNs(x: number, y: number): number {
    this.#fit ??= leastSquares(this.#x, this.#y, this.#ns, this.#seen);
    const { meanNs, slopeX, meanX, slopeY, meanY } = this.#fit;
    return Math.max(1, meanNs + slopeX * (x - meanX) + slopeY * (y - meanY));
  }

  /** Buckets anew: what they are cut from has changed. */
  #cut(): void {
    this.#mostX = 0;
    this.#mostY = 0;
    for (let pass = 0; pass < this.#seen; pass++) {
      if (this.#x[pass] > this.#mostX) this.#mostX = this.#x[pass];
      if (this.#y[pass] > this.#mostY) this.#mostY = this.#y[pass];
    }
    this.#counts.fill(0);
    for (let pass = 0; pass < this.#seen; pass++) this.#count(pass);
  }

  #count(pass: number): void {
    const side = this.#side;
    const bucket = partOf(this.#x[pass], this.#mostX, side) * side + partOf(this.#y[pass], this.#mostY, side);
    this.#bucket[pass] = bucket;
    this.#counts[bucket] += 1;
  }

  #forget(pass: number): void {
    const wasLargest =
      (this.#x[pass] > 0 && this.#x[pass] === this.#mostX) || (this.#y[pass] > 0 && this.#y[pass] === this.#mostY);
    this.#counts[this.#bucket[pass]] -= 1;
    this.#seen -= 1;
    for (const column of [this.#x, this.#y, this.#ns, this.#bucket]) column.copyWithin(pass, pass + 1);
    if (wasLargest) this.#cut();
  }

  #oldestOfFullestBucket(): number {
    let fullest = 0;
    for (let bucket = 0; bucket < this.#counts.length; bucket++) {
      if (this.#counts[bucket] > fullest) fullest = this.#counts[bucket];
    }
    let pass = 0;
    while (this.#counts[this.#bucket[pass]] < fullest) pass += 1;
    return pass;
  }
}

function partOf(value: number, most: number, side: number): number {
  return most === 0 ? 0 : Math.min(side - 1, Math.floor((value / most) * side));
}

/** ns = meanNs + slopeX (x - meanX) + slopeY (y - meanY). */
interface Plane {
  readonly meanNs: number;
  readonly slopeX: number;
  readonly meanX: number;
  readonly slopeY: number;
  readonly meanY: number;
}

/** Features that do not vary, or vary together, get no slope of their own. */
function leastSquares(xs: Float64Array, ys: Float64Array, values: Float64Array, count: number): Plane {
  let sumX = 0;
  let sumY = 0;
  let sumNs = 0;
  for (let pass = 0; pass < count; pass++) {
    sumX += xs[pass];
    sumY += ys[pass];
    sumNs += values[pass];
  }
  const meanX = sumX / count;
  const meanY = sumY / count;
  const meanNs = sumNs / count;
  let xx = 0;
  let yy = 0;
  let xy = 0;
  let xn = 0;
  let yn = 0;
  for (let pass = 0; pass < count; pass++) {
    const x = xs[pass] - meanX;
    const y = ys[pass] - meanY;
    const ns = values[pass] - meanNs;
    xx += x * x;
    yy += y * y;
    xy += x * y;
    xn += x * ns;
    yn += y * ns;
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
  return { meanNs, slopeX, meanX, slopeY, meanY };
}
