import type { Workload } from '../workload/workload.ts';
import type { LoadSpec } from './scenario.ts';

/**
 * Hands out first turns. Open loop: at their authored times divided by the speed-up, by a cursor over the sorted column.
 * Closed loop: one per free slot, at the moment the slot is free.
 */
export class Arrivals {
  readonly #workload: Workload;
  readonly #load: LoadSpec;
  readonly #untilNs: number;
  #cursor = -1;
  /** Arrival of the first turn the cursor stands on; Infinity when none is left (or the loop is closed). */
  nextNs = Number.POSITIVE_INFINITY;

  constructor(workload: Workload, load: LoadSpec, untilNs: number) {
    this.#workload = workload;
    this.#load = load;
    this.#untilNs = untilNs;
    this.#step();
  }

  /** The first turn at `nextNs`; moves on. */
  take(): number {
    const request = this.#cursor;
    this.#step();
    return request;
  }

  /** Closed loop: the next session's first turn for a slot that is free at `nowNs`, or -1 when none may start. */
  takeForSlot(nowNs: number): number {
    if (this.#cursor >= this.#workload.count || nowNs > this.#untilNs) return -1;
    return this.take();
  }

  /** Time between a turn's completion and its follow-up's arrival; think time is authored time too. */
  thinkNs(request: number): number {
    const authored = this.#workload.thinkNs[request];
    return this.#load.kind === 'open' ? Math.round(authored / this.#load.speedup) : authored;
  }

  #step(): void {
    const { count, isFollowUp, arrivalNs } = this.#workload;
    do this.#cursor += 1;
    while (this.#cursor < count && isFollowUp[this.#cursor] === 1);
    if (this.#load.kind === 'closed') return;
    const next =
      this.#cursor < count ? Math.round(arrivalNs[this.#cursor] / this.#load.speedup) : Number.POSITIVE_INFINITY;
    this.nextNs = next <= this.#untilNs ? next : Number.POSITIVE_INFINITY;
  }
}
