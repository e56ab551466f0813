const LIMB = 2 ** 50;

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
