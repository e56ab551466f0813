/** Mean of the last values; zeros before the first other value do not count. */
export class MovingAverage {
  readonly #kept: number;
  readonly #values: number[] = [];
  #sum = 0;

  constructor(kept: number) {
    this.#kept = kept;
  }

  add(value: number): void {
    if (value === 0 && this.#values.length === 0) return;
    this.#values.push(value);
    this.#sum += value;
    if (this.#values.length > this.#kept) this.#sum -= this.#values.shift()!;
  }

  /** 0 before there is any. */
  get value(): number {
    return this.#values.length === 0 ? 0 : this.#sum / this.#values.length;
  }
}
