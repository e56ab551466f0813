import { ExactSum } from './exactSum.ts';

/** Sub-buckets per power of two: relative width below 1/512, so a quantile's error is under 0.1 %. */
const SUB_BITS = 9;
const SUB = 2 ** SUB_BITS;
/** Bucket width by octave, made by doubling: `**` on a variable may differ between JavaScript engines, and is slow. */
const WIDTHS = new Float64Array(54 - SUB_BITS).fill(1);
for (let octave = 1; octave < WIDTHS.length; octave++) WIDTHS[octave] = 2 * WIDTHS[octave - 1];

/** One pass's gaps sum to less than 2^51 ns (26 days), so the recent sum never leaves the exact range. */
const FLUSH_AT = 2 ** 48;

/**
 * Counts of whole non-negative numbers up to 2^53 in buckets that grow with the value (HdrHistogram's layout: linear
 * inside each power of two), plus exact count, sum, min and max. Values below 1024 are exact.
 */
export class LogHistogram {
  #counts = new Float64Array(1024);
  #count = 0;
  /** Exact, so that the order in which workers hand in their gaps cannot show. */
  readonly #sum = new ExactSum();
  #recentSum = 0;
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
    this.#count += times;
    this.#recentSum += value * times;
    if (this.#recentSum > FLUSH_AT) this.#flush();
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
  }

  get count(): number {
    return this.#count;
  }

  /** The nearest float64 to the exact sum. */
  get sum(): number {
    this.#flush();
    return this.#sum.toNumber();
  }

  get min(): number {
    return this.#count === 0 ? 0 : this.#min;
  }

  get max(): number {
    return this.#max;
  }

  get mean(): number {
    return this.#count === 0 ? 0 : this.sum / this.#count;
  }

  /**
   * Population standard deviation, with each value at the middle of its bucket. Made of the counts, never of a running
   * sum of squares: that would round differently with the order in which workers hand in their gaps.
   */
  get std(): number {
    if (this.#count === 0) return 0;
    const { mean } = this;
    let squares = 0;
    for (let index = 0; index < this.#counts.length; index++) {
      if (this.#counts[index] === 0) continue;
      const distance = this.#middle(index) - mean;
      squares += distance * distance * this.#counts[index];
    }
    return Math.sqrt(squares / this.#count);
  }

  /** The q-quantile (0..1) as the middle of its bucket, cut to [min, max]; 0 when empty. */
  quantile(q: number): number {
    if (this.#count === 0) return 0;
    const target = Math.max(1, Math.ceil(q * this.#count));
    let seen = 0;
    for (let index = 0; index < this.#counts.length; index++) {
      seen += this.#counts[index];
      if (seen >= target) return this.#middle(index);
    }
    return this.#max;
  }

  #flush(): void {
    this.#sum.add(this.#recentSum);
    this.#recentSum = 0;
  }

  /** Of a bucket, cut to [min, max]. */
  #middle(index: number): number {
    const [low, high] = boundsOf(index);
    return Math.min(this.#max, Math.max(this.#min, (low + high - 1) / 2));
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
