import type { Forecaster } from './forecaster.ts';

/** Variances per step of level and trend, of a measurement, and values before the first forecast. */
export interface KalmanSpec {
  readonly qLevel: number;
  readonly qTrend: number;
  readonly r: number;
  readonly minPoints: number;
}

const INITIAL_VARIANCE = 1000;

/**
 * Kalman filter of a local linear trend: the level moves by the trend, both by noise of their own, and the level is measured.
 * It begins at 0 with a variance of 1000. Before `minPoints` values the last one is the forecast.
 */
export class Kalman implements Forecaster {
  readonly #spec: KalmanSpec;
  #level = 0;
  #trend = 0;
  /** Covariance: level, both, trend. */
  #pLevel = INITIAL_VARIANCE;
  #pBoth = 0;
  #pTrend = INITIAL_VARIANCE;
  #seen = 0;
  #last = 0;

  constructor(spec: KalmanSpec) {
    this.#spec = spec;
  }

  observe(value: number): void {
    const { qLevel, qTrend, r } = this.#spec;
    const level = this.#level + this.#trend;
    const pLevel = this.#pLevel + 2 * this.#pBoth + this.#pTrend + qLevel;
    const pBoth = this.#pBoth + this.#pTrend;
    const pTrend = this.#pTrend + qTrend;
    const surprise = value - level;
    const gainLevel = pLevel / (pLevel + r);
    const gainTrend = pBoth / (pLevel + r);
    this.#level = level + gainLevel * surprise;
    this.#trend += gainTrend * surprise;
    this.#pLevel = (1 - gainLevel) * pLevel;
    this.#pBoth = (1 - gainLevel) * pBoth;
    this.#pTrend = pTrend - gainTrend * pBoth;
    this.#seen += 1;
    this.#last = value;
  }

  predict(): number {
    return this.#seen < this.#spec.minPoints ? this.#last : this.#level + this.#trend;
  }
}
