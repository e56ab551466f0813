import { PassCost } from './passCost.ts';

/** Room for the passes of a small engine; doubled when a larger count is asked for. */
const INITIAL_SIZE = 1024;

/**
 * A cost that depends on one whole number, evaluated once per number and kept. A look-up allocates nothing; the table
 * doubles a few times in a timer's life.
 */
export class CostTable {
  readonly #evaluate: (cost: PassCost, count: number) => void;
  readonly #scratch = new PassCost();
  /** Seconds by count, 0 = not yet evaluated; then the four shares by 4 x count. */
  #totals = new Float64Array(INITIAL_SIZE);
  #shares = new Float64Array(4 * INITIAL_SIZE);

  constructor(evaluate: (cost: PassCost, count: number) => void) {
    this.#evaluate = evaluate;
  }

  /** Total seconds for `count` >= 0. */
  totalS(count: number): number {
    if (count < this.#totals.length) {
      const known = this.#totals[count];
      if (known > 0) return known;
    }
    return this.#fill(count);
  }

  /** Adds the shares for `count`. */
  addTo(cost: PassCost, count: number): void {
    this.totalS(count);
    const at = 4 * count;
    cost.computeS += this.#shares[at];
    cost.hbmS += this.#shares[at + 1];
    cost.linkS += this.#shares[at + 2];
    cost.launchS += this.#shares[at + 3];
  }

  #fill(count: number): number {
    while (count >= this.#totals.length) this.#grow();
    const cost = this.#scratch;
    cost.clear();
    this.#evaluate(cost, count);
    const at = 4 * count;
    this.#shares[at] = cost.computeS;
    this.#shares[at + 1] = cost.hbmS;
    this.#shares[at + 2] = cost.linkS;
    this.#shares[at + 3] = cost.launchS;
    this.#totals[count] = cost.totalS();
    return this.#totals[count];
  }

  #grow(): void {
    const totals = new Float64Array(2 * this.#totals.length);
    totals.set(this.#totals);
    const shares = new Float64Array(2 * this.#shares.length);
    shares.set(this.#shares);
    this.#totals = totals;
    this.#shares = shares;
  }
}
