/** One number an interval in, the next one out. */
export interface Forecaster {
  observe(value: number): void;
  /** Of the next interval, never negative; 0 before anything was seen. */
  predict(): number;
}
