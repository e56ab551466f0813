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
 * Least squares over remembered passes in one or two features, kept spread out: between the least and the most ever seen, the
 * feature plane is cut into equal buckets, and when there are too many passes the oldest of the fullest bucket goes (Dynamo's
 * `components/src/dynamo/planner/core/perf_model/base.py`, commit 439d645).
 */
export class Regression {
  readonly #spec: RegressionSpec;
  readonly #kind: RegressionKind;
  /** Buckets along x and along y. */
  readonly #partsX: number;
  readonly #partsY: number;
  /** Columns, the oldest pass first. */
  readonly #x: Float64Array;
  readonly #y: Float64Array;
  readonly #ns: Float64Array;
  readonly #bucket: Int32Array;
  #seen = 0;
  readonly #boundsX = { least: Number.POSITIVE_INFINITY, most: Number.NEGATIVE_INFINITY };
  readonly #boundsY = { least: Number.POSITIVE_INFINITY, most: Number.NEGATIVE_INFINITY };
  /** Passes by bucket. */
  readonly #counts: Int32Array;
  #fit: Plane | null = null;

  constructor(spec: RegressionSpec, kind: RegressionKind) {
    this.#spec = spec;
    this.#kind = kind;
    this.#partsX = kind.features === 1 ? spec.buckets : Math.sqrt(spec.buckets);
    this.#partsY = spec.buckets / this.#partsX;
    this.#x = new Float64Array(spec.samples + 1);
    this.#y = new Float64Array(spec.samples + 1);
    this.#ns = new Float64Array(spec.samples + 1);
    this.#bucket = new Int32Array(spec.samples + 1);
    this.#counts = new Int32Array(spec.buckets);
  }

  /** Enough passes, and none of the load that makes them shorter: such a fit is not believed. */
  get isReady(): boolean {
    if (this.#seen < this.#spec.minObservations) return false;
    const { meanNs, slopeX, slopeY } = this.#fitted();
    const rises = (slope: number, { least, most }: Bounds): boolean => slope * (most - least) >= -ROUNDING * meanNs;
    return rises(slopeX, this.#boundsX) && rises(slopeY, this.#boundsY);
  }

  /** A pass of so many ns; y is 0 throughout where there is one feature. */
  observe(x: number, y: number, ns: number): void {
    const pass = this.#seen++;
    this.#x[pass] = x;
    this.#y[pass] = y;
    this.#ns[pass] = ns;
    const [widerX, widerY] = [widens(this.#boundsX, x), widens(this.#boundsY, y)];
    if (widerX || widerY) {
      this.#counts.fill(0);
      for (let each = 0; each < this.#seen; each++) this.#count(each);
    } else {
      this.#count(pass);
    }
    if (this.#seen > this.#spec.samples) this.#forget(this.#oldestOfFullestBucket());
    this.#fit = null;
  }

  /** Nanoseconds, at least 1. */
  predictNs(x: number, y: number): number {
    const { baseNs, slopeX, slopeY } = this.#fitted();
    return Math.max(1, baseNs + slopeX * x + slopeY * y);
  }

  #fitted(): Plane {
    if (this.#fit === null) {
      const plane = leastSquares(this.#x, this.#y, this.#ns, this.#seen);
      this.#fit = this.#kind.clipsX ? { ...plane, slopeX: Math.max(0, plane.slopeX) } : plane;
    }
    return this.#fit;
  }

  #count(pass: number): void {
    const x = partOf(this.#x[pass], this.#boundsX, this.#partsX);
    const bucket = x * this.#partsY + partOf(this.#y[pass], this.#boundsY, this.#partsY);
    this.#bucket[pass] = bucket;
    this.#counts[bucket] += 1;
  }

  #forget(pass: number): void {
    this.#counts[this.#bucket[pass]] -= 1;
    this.#seen -= 1;
    for (const column of [this.#x, this.#y, this.#ns, this.#bucket]) column.copyWithin(pass, pass + 1);
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

export interface RegressionKind {
  readonly features: 1 | 2;
  /** Whether a negative slope of x counts as none, where x and y grow together; else the fit is not believed. */
  readonly clipsX: boolean;
}

interface Bounds {
  least: number;
  most: number;
}

/** Takes a value in; whether it lies outside what was seen so far. */
function widens(bounds: Bounds, value: number): boolean {
  const isOutside = value < bounds.least || value > bounds.most;
  bounds.least = Math.min(bounds.least, value);
  bounds.most = Math.max(bounds.most, value);
  return isOutside;
}

function partOf(value: number, { least, most }: Bounds, parts: number): number {
  return most <= least ? 0 : Math.min(parts - 1, Math.floor(((value - least) / (most - least)) * parts));
}

/** What rounding makes of no slope, of the mean. */
const ROUNDING = 1e-6;

/** ns = baseNs + slopeX x + slopeY y. */
interface Plane {
  readonly meanNs: number;
  readonly baseNs: number;
  readonly slopeX: number;
  readonly slopeY: number;
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
  return { meanNs, baseNs: meanNs - slopeX * meanX - slopeY * meanY, slopeX, slopeY };
}
