import type { FaultSpec } from './faultSpec.ts';
import { Outages } from './outages.ts';

const NEVER = Number.POSITIVE_INFINITY;

/** When workers come up and go down: start-up and outages. */
export class LifeCycle {
  /** The next change: its time and worker. */
  nextNs = NEVER;
  nextWorker = -1;
  readonly #isUp: boolean[];
  readonly #upNs: number[];
  readonly #outages: readonly Outages[];

  /** @param startupNs of each worker; 0 = it is up from the beginning. */
  constructor(startupNs: readonly number[], faults: FaultSpec | null, seed: number) {
    this.#isUp = startupNs.map((ns) => ns === 0);
    this.#upNs = [...startupNs];
    this.#outages = startupNs.map((_, worker) => new Outages(worker, faults, seed));
    for (const [worker, outage] of this.#outages.entries()) {
      // A start that ends while its machine is out ends when that is back.
      outage.passTo(startupNs[worker]);
      if (!this.#isUp[worker] && outage.atNs <= this.#upNs[worker]) this.#upNs[worker] = outage.untilNs;
    }
    this.#findNext();
  }

  isUp(worker: number): boolean {
    return this.#isUp[worker];
  }

  /** Makes the next change happen; returns whether its worker is up now. */
  change(): boolean {
    const worker = this.nextWorker;
    const nowNs = this.nextNs;
    this.#isUp[worker] = !this.#isUp[worker];
    if (this.#isUp[worker]) this.#outages[worker].passTo(nowNs);
    else this.#upNs[worker] = this.#outages[worker].untilNs;
    this.#findNext();
    return this.#isUp[worker];
  }

  #findNext(): void {
    this.nextNs = NEVER;
    for (const [worker, isUp] of this.#isUp.entries()) {
      const ns = isUp ? this.#outages[worker].atNs : this.#upNs[worker];
      if (ns >= this.nextNs) continue;
      this.nextNs = ns;
      this.nextWorker = worker;
    }
  }
}
