import { EventQueue } from '../base/eventQueue.ts';
import { IndexedHeap } from '../base/indexedHeap.ts';
import type { Alarms } from './alarms.ts';
import type { Arrivals } from './arrivals.ts';
import type { Census } from './census.ts';
import { ALARM, ARRIVAL, FLEET_CHANGE, PLANNER_TICK, TRANSFER_END } from './eventKinds.ts';
import type { LifeCycle } from './lifeCycle.ts';
import type { Network } from './network/network.ts';
import type { Scaler } from './scaler.ts';

/** Where an event comes from. */
export const SOURCE = { worker: 0, timer: 1, outside: 2, network: 3, fleet: 4, planner: 5, alarm: 6 } as const;

/** The next event of all: workers, network, timers and arrivals in one total order. */
export class Clock {
  /** Of the event `findNext` has found: its time, kind, source, and the worker or request it is about. */
  timeNs = 0;
  kind = 0;
  source: number = SOURCE.worker;
  id = 0;
  readonly #arrivals: Arrivals;
  readonly #network: Network | null;
  readonly #lifeCycle: LifeCycle | null;
  readonly #census: Census;
  readonly #workers: IndexedHeap;
  readonly #timers = new EventQueue();
  /** Set once, when there is a planner. */
  scaler: Scaler | null = null;
  /** Set once, when there may be any. */
  alarms: Alarms | null = null;

  constructor(
    arrivals: Arrivals,
    workers: number,
    network: Network | null,
    lifeCycle: LifeCycle | null,
    census: Census,
  ) {
    this.#arrivals = arrivals;
    this.#network = network;
    this.#lifeCycle = lifeCycle;
    this.#census = census;
    this.#workers = new IndexedHeap(workers);
  }

  /** Finds the next event; false when none is left. */
  findNext(): boolean {
    const workers = this.#workers;
    const timers = this.#timers;
    this.source = SOURCE.worker;
    this.timeNs = workers.topTime;
    this.kind = workers.topKind;
    this.id = workers.topSlot;
    const network = this.#network;
    if (network !== null && this.#precedes(network.nextNs, TRANSFER_END)) {
      this.source = SOURCE.network;
      this.timeNs = network.nextNs;
      this.kind = TRANSFER_END;
      this.id = network.nextRequest;
    }
    if (timers.size > 0 && this.#precedes(timers.topTime, timers.topKind)) {
      this.source = SOURCE.timer;
      this.timeNs = timers.topTime;
      this.kind = timers.topKind;
      this.id = timers.topId;
    }
    if (this.#precedes(this.#arrivals.nextNs, ARRIVAL)) {
      this.source = SOURCE.outside;
      this.timeNs = this.#arrivals.nextNs;
      this.kind = ARRIVAL;
    }
    // Workers come and go for ever; it concerns nobody once all requests are gone.
    const goesOn = this.timeNs !== Number.POSITIVE_INFINITY || this.#census.inFlight > 0;
    if (goesOn && this.alarms !== null && this.#precedes(this.alarms.nextNs, ALARM)) {
      this.source = SOURCE.alarm;
      this.timeNs = this.alarms.nextNs;
      this.kind = ALARM;
    }
    const lifeCycle = this.#lifeCycle;
    if (lifeCycle !== null && goesOn) {
      if (this.#precedes(lifeCycle.nextNs, FLEET_CHANGE)) {
        this.source = SOURCE.fleet;
        this.timeNs = lifeCycle.nextNs;
        this.kind = FLEET_CHANGE;
        this.id = lifeCycle.nextWorker;
      }
      if (this.scaler !== null && this.#precedes(this.scaler.nextNs, PLANNER_TICK)) {
        this.source = SOURCE.planner;
        this.timeNs = this.scaler.nextNs;
        this.kind = PLANNER_TICK;
      }
    }
    return this.timeNs !== Number.POSITIVE_INFINITY;
  }

  /** The fleet has one more worker. */
  addWorker(): void {
    this.#workers.addSlot();
  }

  /** Takes the event found off its queue; a worker's or the network's stays until they say what comes next. */
  take(): void {
    if (this.source === SOURCE.timer) this.#timers.pop();
    else if (this.source === SOURCE.outside) this.id = this.#arrivals.take();
  }

  /** Sets a timer. */
  at(timeNs: number, kind: number, id: number): void {
    this.#timers.push(timeNs, kind, id);
  }

  /** Sets a worker's next event. */
  expect(worker: number, timeNs: number, kind: number): void {
    this.#workers.update(worker, timeNs, kind);
  }

  #precedes(timeNs: number, kind: number): boolean {
    return timeNs < this.timeNs || (timeNs === this.timeNs && kind < this.kind);
  }
}
