import type { Forecaster } from './forecaster.ts';

/** Weights of the newest value, 0..1, and the values of a season; 0: no season. */
export interface HoltWintersSpec {
  readonly alpha: number;
  readonly beta: number;
  readonly gamma: number;
  readonly seasonTicks: number;
}

/**
 * Additive Holt-Winters: level, trend and a season. The first season sets the level to its mean and the season to what differs
 * from it; until it is over, or without a season, level and trend alone (Holt).
 */
export class HoltWinters implements Forecaster {
  readonly #spec: HoltWintersSpec;
  readonly #first: number[] = [];
  #level = 0;
  #trend = 0;
  #seen = 0;
  #season: number[] = [];

  constructor(spec: HoltWintersSpec) {
    this.#spec = spec;
  }

  observe(value: number): void {
    const { seasonTicks } = this.#spec;
    this.#smooth(value);
    this.#seen += 1;
    if (this.#seen <= seasonTicks) this.#first.push(value);
    if (this.#seen === seasonTicks && seasonTicks > 0) {
      const mean = this.#first.reduce((sum, each) => sum + each, 0) / seasonTicks;
      this.#season = this.#first.map((each) => each - mean);
      this.#level = mean;
      this.#trend = 0;
    }
  }

  predict(): number {
    return this.#level + this.#trend + this.#seasonal();
  }

  /** What the season adds to the next value. */
  #seasonal(): number {
    return this.#season.length === 0 ? 0 : this.#season[this.#seen % this.#season.length];
  }

  #smooth(value: number): void {
    const { alpha, beta, gamma } = this.#spec;
    if (this.#seen === 0) {
      this.#level = value;
      return;
    }
    const seasonal = this.#seasonal();
    const before = this.#level;
    this.#level = alpha * (value - seasonal) + (1 - alpha) * (before + this.#trend);
    this.#trend = beta * (this.#level - before) + (1 - beta) * this.#trend;
    if (this.#season.length > 0) {
      const at = this.#seen % this.#season.length;
      this.#season[at] = gamma * (value - this.#level) + (1 - gamma) * seasonal;
    }
  }
}
