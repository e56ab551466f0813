import type { Forecaster } from './forecaster.ts';
import { HoltWinters } from './holtWinters.ts';
import { Kalman } from './kalman.ts';
import type { ForecastSpec } from './policySpec.ts';

/** Zeros before the first traffic are not seen. */
export function createForecaster({ model, marginQuantile }: ForecastSpec): Forecaster {
  const forecaster = modelOf(model);
  return new SkipsIdleStart(marginQuantile === null ? forecaster : new WithMargin(forecaster, marginQuantile));
}

function modelOf(model: ForecastSpec['model']): Forecaster {
  switch (model.kind) {
    case 'constant':
      return new Constant();
    case 'holt_winters':
      return new HoltWinters(model);
    case 'kalman':
      return new Kalman(model);
  }
}

/** The last value again. */
class Constant implements Forecaster {
  #last = 0;

  observe(value: number): void {
    this.#last = value;
  }

  predict(): number {
    return this.#last;
  }
}

class SkipsIdleStart implements Forecaster {
  readonly #forecaster: Forecaster;
  #hasBegun = false;

  constructor(forecaster: Forecaster) {
    this.#forecaster = forecaster;
  }

  observe(value: number): void {
    this.#hasBegun ||= value > 0;
    if (this.#hasBegun) this.#forecaster.observe(value);
  }

  predict(): number {
    return Math.max(0, this.#forecaster.predict());
  }
}

/** Errors a margin is taken from: as many as these at most, and none before there are so many. */
const ERRORS_KEPT = 50;
const ERRORS_NEEDED = 5;

/** Adds a quantile of the forecaster's own past errors. */
class WithMargin implements Forecaster {
  readonly #forecaster: Forecaster;
  readonly #quantile: number;
  readonly #errors: number[] = [];
  #seen = 0;

  constructor(forecaster: Forecaster, quantile: number) {
    this.#forecaster = forecaster;
    this.#quantile = quantile;
  }

  observe(value: number): void {
    if (this.#seen > 0) this.#errors.push(value - this.#forecaster.predict());
    if (this.#errors.length > ERRORS_KEPT) this.#errors.shift();
    this.#forecaster.observe(value);
    this.#seen += 1;
  }

  predict(): number {
    const plain = this.#forecaster.predict();
    if (this.#errors.length < ERRORS_NEEDED) return plain;
    const sorted = [...this.#errors].sort((a, b) => a - b);
    return plain + sorted[Math.max(0, Math.ceil(this.#quantile * sorted.length) - 1)];
  }
}
