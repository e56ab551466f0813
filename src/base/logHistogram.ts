/** Sub-buckets per power of two: relative width below 1/512, so a quantile's error is under 0.1 %. */
const SUB_BITS = 9;
const SUB = 2 ** SUB_BITS;
/** Bucket width by octave, made by doubling: `**` on a variable may differ between JavaScript engines, and is slow. */
const WIDTHS = new Float64Array(54 - SUB_BITS).fill(1);
for (let octave = 1; octave < WIDTHS.length; octave++) WIDTHS[octave] = 2 * WIDTHS[octave - 1];

/**
 * Counts of whole non-negative numbers up to 2^53 in buckets that grow with the value (HdrHistogram's layout: linear
 * inside each power of two), plus exact count, min, max, and sum as far as it stays below 2^53. Values below 1024 are
 * exact.
 */
export class LogHistogram {
  #counts = new Float64Array(1024);
  #count = 0;
  #sum = 0;
  /** Sum of squared distances from the first value: squares of the values themselves would drown a small spread. */
  #squares = 0;
  #pivot = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = 0;
  /** The bucket hit last: neighbouring passes last about as long, so most adds end here. */
  #lastLow = 0;
  #lastHigh = 0;
  #lastIndex = 0;

  /** Adds `value` (whole, >= 0) `times` times. */
  add(value: number, times: number): void {
    if (value < this.#lastLow || value >= this.#lastHigh) this.#locate(value);
    this.#counts[this.#lastIndex] += times;
    if (this.#count === 0) this.#pivot = value;
    this.#count += times;
    this.#sum += value * times;
    const distance = value - this.#pivot;
    this.#squares += distance * distance * times;
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
  }

  get count(): number {
    return this.#count;
  }

  get sum(): number {
    return this.#sum;
  }

  get min(): number {
    return this.#count === 0 ? 0 : this.#min;
  }

  get max(): number {
    return this.#max;
  }

  get mean(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count;
  }

  /** Population standard deviation. */
  get std(): number {
    if (this.#count === 0) return 0;
    const offset = this.mean - this.#pivot;
    return Math.sqrt(Math.max(0, this.#squares / this.#count - offset * offset));
  }

  /** The q-quantile (0..1) as the middle of its bucket, cut to [min, max]; 0 when empty. */
  quantile(q: number): number {
    if (this.#count === 0) return 0;
    const target = Math.max(1, Math.ceil(q * this.#count));
    let seen = 0;
    for (let index = 0; index < this.#counts.length; index++) {
      seen += this.#counts[index];
      if (seen >= target) {
        const [low, high] = boundsOf(index);
        return Math.min(this.#max, Math.max(this.#min, (low + high - 1) / 2));
      }
    }
    return this.#max;
  }

  #locate(value: number): void {
    let octave = 0;
    let top = value;
    while (top >= 2 * SUB) {
      top = Math.floor(top / 2);
      octave += 1;
    }
    const index = octave * SUB + top;
    if (index >= this.#counts.length) {
      const grown = new Float64Array(Math.max(index + SUB, this.#counts.length * 2));
      grown.set(this.#counts);
      this.#counts = grown;
    }
    const [low, high] = boundsOf(index);
    this.#lastIndex = index;
    this.#lastLow = low;
    this.#lastHigh = high;
  }
}

/** [low, high) of a bucket: the first two octaves are exact, octave k holds values of k+1 more bits than SUB. */
function boundsOf(index: number): [number, number] {
  if (index < 2 * SUB) return [index, index + 1];
  const octave = Math.floor(index / SUB) - 1;
  const width = WIDTHS[octave];
  const top = index - octave * SUB;
  return [top * width, (top + 1) * width];
}
