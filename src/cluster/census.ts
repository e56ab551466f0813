import { ExactSum } from '../base/exactSum.ts';

/** Requests in the system: how many came, how many are inside, and the integral of that over time. Changes may be told in any order. */
export class Census {
  inFlight = 0;
  submitted = 0;
  /** When requests left, less when they came. */
  readonly #spentNs = new ExactSum();

  enter(nowNs: number): void {
    this.inFlight += 1;
    this.#spentNs.add(-nowNs);
  }

  leave(nowNs: number): void {
    this.inFlight -= 1;
    this.#spentNs.add(nowNs);
  }

  /** Requests in the system, integrated over time up to `nowNs`, when all changes up to it have been told. */
  integralNs(nowNs: number): ExactSum {
    const integral = this.#spentNs.copy();
    integral.addProduct(this.inFlight, nowNs);
    return integral;
  }
}
