import type { FaultSpec } from './faultSpec.ts';
import { Outages } from './outages.ts';
import type { Worker } from './worker.ts';

const NEVER = Number.POSITIVE_INFINITY;

/** When workers come up and go down: start-up, outages, replicas that join and leave. */
export class LifeCycle {
  /** The next change: its time and worker. */
  nextNs = NEVER;
  nextWorker = -1;
  readonly #workers: readonly Worker[];
  readonly #faults: FaultSpec | null;
  readonly #seed: number;
  /** By worker: when it comes up, or goes down. */
  readonly #changeNs: number[] = [];
  readonly #outages: Outages[] = [];

  /** @param workers those of the fleet; more may join the list. */
  constructor(workers: readonly Worker[], faults: FaultSpec | null, seed: number) {
    this.#workers = workers;
    this.#faults = faults;
    this.#seed = seed;
    for (const { index, pool, presence } of workers) {
      if (presence.phase === 'starting') this.#comesUp(index, pool.startupNs!);
      else if (presence.phase === 'ready') this.#isUp(index, 0);
    }
    this.#findNext();
  }

  /** An absent worker begins to start, and is ready at `upNs`. */
  start({ index, presence }: Worker, upNs: number, nowNs: number): void {
    presence.enter('starting', nowNs);
    this.#comesUp(index, upNs);
    this.#findNext();
  }

  /** A ready worker gets no more requests. */
  drain({ presence }: Worker, nowNs: number): void {
    presence.enter('draining', nowNs);
  }

  /** The worker gives its GPUs back. */
  remove({ index, presence }: Worker, nowNs: number): void {
    presence.enter('absent', nowNs);
    this.#changeNs[index] = NEVER;
    this.#findNext();
  }

  /** Makes the next change happen, to `nextWorker`. */
  change(): void {
    const index = this.nextWorker;
    const nowNs = this.nextNs;
    const { presence } = this.#workers[index];
    if (presence.phase === 'starting' || presence.phase === 'down') {
      presence.enter('ready', nowNs);
      this.#isUp(index, nowNs);
    } else if (presence.phase === 'draining') {
      // Nobody waits for it to come back.
      presence.enter('absent', nowNs);
      this.#changeNs[index] = NEVER;
    } else {
      presence.enter('down', nowNs);
      this.#changeNs[index] = this.#outagesOf(index).untilNs;
    }
    this.#findNext();
  }

  /** A start that ends while its machine is out ends when that is back. */
  #comesUp(index: number, upNs: number): void {
    const outages = this.#outagesOf(index);
    outages.passTo(upNs);
    this.#changeNs[index] = outages.atNs <= upNs ? outages.untilNs : upNs;
  }

  #isUp(index: number, nowNs: number): void {
    const outages = this.#outagesOf(index);
    outages.passTo(nowNs);
    this.#changeNs[index] = outages.atNs;
  }

  #outagesOf(index: number): Outages {
    this.#outages[index] ??= new Outages(index, this.#faults, this.#seed);
    return this.#outages[index];
  }

  #findNext(): void {
    this.nextNs = NEVER;
    for (const [worker, { presence }] of this.#workers.entries()) {
      if (presence.phase === 'absent') continue;
      const ns = this.#changeNs[worker];
      if (ns >= this.nextNs) continue;
      this.nextNs = ns;
      this.nextWorker = worker;
    }
  }
}
