import type { Arrivals } from './arrivals.ts';
import type { Clock } from './clock.ts';
import { FOLLOW_UP } from './eventKinds.ts';
import type { Scenario } from './scenario.ts';

/** What a client sends next: its session's next turn, or in a closed loop the slot's next session. */
export class Sessions {
  readonly #scenario: Scenario;
  readonly #arrivals: Arrivals;
  readonly #clock: Clock;

  /** A closed loop begins, one session in each slot. */
  constructor(scenario: Scenario, arrivals: Arrivals, clock: Clock) {
    this.#scenario = scenario;
    this.#arrivals = arrivals;
    this.#clock = clock;
    if (scenario.load.kind === 'open') return;
    for (let slot = 0; slot < scenario.load.concurrency; slot++) this.#startNext(0);
  }

  /** The request is over at `nowNs`. */
  goOn(request: number, nowNs: number): void {
    const { workload, load, maxVirtualNs } = this.#scenario;
    const next = workload.nextTurn[request];
    if (next >= 0) {
      const timeNs = nowNs + this.#arrivals.thinkNs(next);
      if (timeNs <= maxVirtualNs) this.#clock.at(timeNs, FOLLOW_UP, next);
    } else if (load.kind === 'closed') {
      this.#startNext(nowNs);
    }
  }

  #startNext(nowNs: number): void {
    const request = this.#arrivals.takeForSlot(nowNs);
    if (request >= 0) this.#clock.at(nowNs, FOLLOW_UP, request);
  }
}
