import type { EngineLoad } from '../../engine/engineCore.ts';
import type { Worker } from '../worker.ts';
import { emptyLoad, type Loads } from './router.ts';

/** The load as it is. */
export class LiveLoads implements Loads {
  readonly #load = emptyLoad();

  of(worker: Worker): EngineLoad {
    worker.core.readLoad(this.#load);
    return this.#load;
  }
}

/** Later than everything at one whole nanosecond, earlier than the next. */
const AFTER_NS = 0.5;

/** The load as each worker last reported it, at multiples of an interval. */
export class ReportedLoads implements Loads {
  readonly #intervalNs: number;
  readonly #workers: readonly Worker[];
  /** By the worker's number in the fleet. */
  readonly #reports: EngineLoad[] = [];
  #nextNs = 0;

  constructor(intervalNs: number, workers: readonly Worker[]) {
    this.#intervalNs = intervalNs;
    this.#workers = workers;
  }

  /** To be called before each event: takes the last report due before it; nobody reads those in between. */
  reportUntil(nowNs: number): void {
    if (this.#nextNs >= nowNs) return;
    const dueNs = (Math.ceil(nowNs / this.#intervalNs) - 1) * this.#intervalNs;
    for (const { core, index } of this.#workers) {
      this.#reports[index] ??= emptyLoad();
      // All of that moment is over, batches formed at it included.
      core.advanceTo(dueNs + AFTER_NS);
      core.readLoad(this.#reports[index]);
    }
    this.#nextNs = dueNs + this.#intervalNs;
  }

  /** A new replica in the worker's place has reported nothing yet. */
  forget({ index }: Worker): void {
    this.#reports[index] = emptyLoad();
  }

  of({ index }: Worker): EngineLoad {
    this.#reports[index] ??= emptyLoad();
    return this.#reports[index];
  }
}
