import { RandomStream } from '../base/random.ts';
import type { FaultSpec } from './faultSpec.ts';

const NEVER = Number.POSITIVE_INFINITY;

/** When workers come up and go down: start-up, crashes as scheduled, crashes drawn from the seed. */
export class LifeCycle {
  /** The next change: its time and worker. */
  nextNs = NEVER;
  nextWorker = -1;
  readonly #isUp: boolean[];
  readonly #upNs: number[];
  readonly #downNs: number[];
  readonly #scheduled: { readonly atNs: number; readonly downNs: number }[][];
  readonly #random: FaultSpec['random'];
  readonly #streams: RandomStream[];

  /** @param startupNs of each worker; 0 = it is up from the beginning. */
  constructor(startupNs: readonly number[], faults: FaultSpec | null, seed: number) {
    this.#isUp = startupNs.map((ns) => ns === 0);
    this.#upNs = [...startupNs];
    this.#random = faults?.random;
    this.#streams = startupNs.map((_, worker) => new RandomStream(seed, 'faults', worker));
    this.#scheduled = startupNs.map((_, worker) =>
      (faults?.crashes ?? []).filter((crash) => crash.worker === worker).sort((a, b) => a.atNs - b.atNs),
    );
    this.#downNs = startupNs.map((ns, worker) => (ns === 0 ? this.#nextDownNs(worker, 0) : NEVER));
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
    if (this.#isUp[worker]) this.#downNs[worker] = this.#nextDownNs(worker, nowNs);
    else this.#upNs[worker] = nowNs + this.#outageNs(worker, nowNs);
    this.#findNext();
    return this.#isUp[worker];
  }

  /** Crashes scheduled while the worker is down have nothing to hit. */
  #nextDownNs(worker: number, nowNs: number): number {
    const scheduled = this.#scheduled[worker];
    while (scheduled.length > 0 && scheduled[0].atNs < nowNs) scheduled.shift();
    const drawnNs =
      this.#random === undefined ? NEVER : nowNs + Math.round(this.#streams[worker].exponential(this.#random.meanUpNs));
    return Math.min(scheduled[0]?.atNs ?? NEVER, drawnNs);
  }

  #outageNs(worker: number, nowNs: number): number {
    const scheduled = this.#scheduled[worker][0];
    return scheduled?.atNs === nowNs ? this.#scheduled[worker].shift()!.downNs : this.#random!.downNs;
  }

  #findNext(): void {
    this.nextNs = NEVER;
    for (const [worker, isUp] of this.#isUp.entries()) {
      const ns = isUp ? this.#downNs[worker] : this.#upNs[worker];
      if (ns >= this.nextNs) continue;
      this.nextNs = ns;
      this.nextWorker = worker;
    }
  }
}
