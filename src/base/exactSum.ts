const LIMB = 2 ** 50;
const SPLIT = 2 ** 24;

/** Sum of whole numbers (each below 2^52 in size) that stays exact past 2^53: two limbs, carried at 2^50. */
export class ExactSum {
  #high = 0;
  #low = 0;

  add(value: number): void {
    this.#low += value;
    if (this.#low >= LIMB || this.#low <= -LIMB) {
      const carry = Math.floor(this.#low / LIMB);
      this.#high += carry;
      this.#low -= carry * LIMB;
    }
  }

  /** Adds a * b exactly, for whole 0 <= a < 2^26 and 0 <= b < 2^52. */
  addProduct(a: number, b: number): void {
    const high = Math.floor(b / SPLIT);
    const scaled = a * high;
    const carry = Math.floor(scaled / (LIMB / SPLIT));
    this.#high += carry;
    this.add((scaled - carry * (LIMB / SPLIT)) * SPLIT);
    this.add(a * (b - high * SPLIT));
  }

  copy(): ExactSum {
    const copy = new ExactSum();
    copy.#high = this.#high;
    copy.#low = this.#low;
    return copy;
  }

  /** The exact value. */
  toBigInt(): bigint {
    return BigInt(this.#high) * BigInt(LIMB) + BigInt(this.#low);
  }

  /** The nearest float64. */
  toNumber(): number {
    return this.#high * LIMB + this.#low;
  }

  equals(other: ExactSum): boolean {
    return this.toBigInt() === other.toBigInt();
  }
}
