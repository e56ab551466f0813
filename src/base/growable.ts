/** A list of float64 values in one typed array that doubles when full. */
export class GrowableFloat64 {
  #values = new Float64Array(1024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const grown = new Float64Array(this.#length * 2);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.#length] = value;
    this.#length += 1;
  }

  /** The values so far, not copied: stale after the next push. */
  view(): Float64Array {
    return this.#values.subarray(0, this.#length);
  }
}

/** A list of 32-bit whole numbers in one typed array that doubles when full. */
export class GrowableInt32 {
  #values = new Int32Array(1024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const grown = new Int32Array(this.#length * 2);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.#length] = value;
    this.#length += 1;
  }

  /** The values so far, not copied: stale after the next push. */
  view(): Int32Array {
    return this.#values.subarray(0, this.#length);
  }
}
