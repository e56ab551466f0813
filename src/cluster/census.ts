import { ExactSum } from '../base/exactSum.ts';

/** Requests in the system: how many came, how many are inside, and the integral of that over time. */
export class Census {
  readonly integralNs = new ExactSum();
  inFlight = 0;
  submitted = 0;
  #countedNs = 0;

  /** Requests in flight change by `change` at `nowNs`. */
  count(change: number, nowNs: number): void {
    this.integralNs.addProduct(this.inFlight, nowNs - this.#countedNs);
    this.#countedNs = nowNs;
    this.inFlight += change;
  }
}
