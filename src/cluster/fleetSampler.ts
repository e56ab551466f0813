import { emptyLoad } from './router/router.ts';
import type { FleetSamples } from './simulationResult.ts';
import type { Worker } from './worker.ts';

const FIRST_INTERVAL_NS = 1e6;

/**
 * Samples the fleet at a regular interval that doubles whenever twice the wished number is reached (every other sample is
 * then dropped), since a run's length is not known beforehand.
 */
export class FleetSampler {
  readonly #wished: number;
  #intervalNs = FIRST_INTERVAL_NS;
  #timeNs: number[] = [];
  #inFlight: number[] = [];
  #running: number[] = [];
  #waiting: number[] = [];
  #kvUsage: number[] = [];
  readonly #load = emptyLoad();
  nextNs = 0;

  constructor(wished: number) {
    this.#wished = wished;
  }

  /** Takes the sample due at `nextNs`; the workers have been advanced to it. */
  sample(workers: readonly Worker[], inFlight: number): void {
    let running = 0;
    let waiting = 0;
    let held = 0;
    let usable = 0;
    for (const { core, presence } of workers) {
      if (presence.phase === 'absent') continue;
      core.readLoad(this.#load);
      running += this.#load.running;
      waiting += this.#load.waiting;
      held += this.#load.heldPages;
      usable += this.#load.usablePages;
    }
    this.#timeNs.push(this.nextNs);
    this.#inFlight.push(inFlight);
    this.#running.push(running);
    this.#waiting.push(waiting);
    this.#kvUsage.push(usable === 0 ? 0 : held / usable);
    if (this.#timeNs.length >= 2 * this.#wished) this.#halve();
    this.nextNs = this.#timeNs[this.#timeNs.length - 1] + this.#intervalNs;
  }

  samples(): FleetSamples {
    return {
      intervalNs: this.#intervalNs,
      timeNs: this.#timeNs,
      inFlight: this.#inFlight,
      running: this.#running,
      waiting: this.#waiting,
      kvUsage: this.#kvUsage,
    };
  }

  #halve(): void {
    const even = (values: number[]): number[] => values.filter((_, index) => index % 2 === 0);
    this.#timeNs = even(this.#timeNs);
    this.#inFlight = even(this.#inFlight);
    this.#running = even(this.#running);
    this.#waiting = even(this.#waiting);
    this.#kvUsage = even(this.#kvUsage);
    this.#intervalNs *= 2;
  }
}
