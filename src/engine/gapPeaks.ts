/**
 * The longest of the last passes, for any "last": a stack of passes in which each is shorter than the one before it. Adding a
 * pass is O(1) amortised; the maximum since a given pass is a binary search.
 */
export class GapPeaks {
  #pass = new Float64Array(64);
  #ns = new Float64Array(64);
  #size = 0;

  /** Adds pass number `pass` (increasing) of length `ns`. */
  push(pass: number, ns: number): void {
    while (this.#size > 0 && this.#ns[this.#size - 1] <= ns) this.#size -= 1;
    if (this.#size === this.#pass.length) this.#grow();
    this.#pass[this.#size] = pass;
    this.#ns[this.#size] = ns;
    this.#size += 1;
  }

  /** Longest pass numbered `from` or later; 0 if there is none. */
  maxSince(from: number): number {
    let low = 0;
    let high = this.#size;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#pass[middle] >= from) high = middle;
      else low = middle + 1;
    }
    return low === this.#size ? 0 : this.#ns[low];
  }

  /** Forgets everything. */
  clear(): void {
    this.#size = 0;
  }

  #grow(): void {
    const pass = new Float64Array(this.#pass.length * 2);
    const ns = new Float64Array(this.#pass.length * 2);
    pass.set(this.#pass);
    ns.set(this.#ns);
    this.#pass = pass;
    this.#ns = ns;
  }
}
