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

  /** Open loop without follow-ups: when the first turn arrives that is `after` places behind the next; Infinity if there is none. */
  timeNs(after: number): number {
    return this.#authoredNs(this.#cursor + after);
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
    const { count, isFollowUp } = this.#workload;
    do this.#cursor += 1;
    while (this.#cursor < count && isFollowUp[this.#cursor] === 1);
    this.nextNs = this.#authoredNs(this.#cursor);
  }

  #authoredNs(request: number): number {
    const { count, arrivalNs } = this.#workload;
    if (this.#load.kind === 'closed' || request >= count) return Number.POSITIVE_INFINITY;
    const timeNs = Math.round(arrivalNs[request] / this.#load.speedup);
    return timeNs <= this.#untilNs ? timeNs : Number.POSITIVE_INFINITY;
  }
}
