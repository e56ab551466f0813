import { Worker } from 'node:worker_threads';
import { type Ask, type Reply, settledBy, type Trial } from './trial.ts';
import type { TaskSource, TrialRunner } from './trialRunner.ts';

/** From sources the worker is entered through a loader that understands TypeScript; built, it is plain JavaScript. */
const FROM_SOURCE = import.meta.url.endsWith('.ts');
const ENTRY = new URL(FROM_SOURCE ? './boot.mjs' : './worker.js', import.meta.url);

/** Heap of one thread: a runaway trial dies alone instead of taking the process along. */
const HEAP_MB_PER_THREAD = 4096;

/** A trial whose thread dies is tried once more, on a new thread. */
const ATTEMPTS = 2;

interface Pending<Job, Result> {
  readonly ask: Ask<Job>;
  attempts: number;
  readonly settle: (trial: Trial<Result>) => void;
}

/**
 * Worker threads that run one task module, one job at a time each. What jobs share is handed over once, when a thread
 * starts. A thread that dies (an error nobody caught, out of memory, an exit) costs its own trial only.
 */
export class ThreadPool<Job, Result> implements TrialRunner<Job, Result> {
  readonly slots: number;
  readonly #workerData: { readonly taskModule: string; readonly shared: unknown };
  readonly #idle: Worker[] = [];
  readonly #busy = new Map<Worker, Pending<Job, Result>>();
  readonly #waiting: Pending<Job, Result>[] = [];

  constructor(threads: number, { taskModule, shared }: TaskSource) {
    this.slots = threads;
    this.#workerData = { taskModule: taskModule.href, shared };
  }

  start(ask: Ask<Job>): Promise<Trial<Result>> {
    return new Promise((settle) => {
      this.#waiting.push({ ask, attempts: 0, settle });
      this.#dispatch();
    });
  }

  cancel(): void {
    void this.#stopAll();
  }

  async #stopAll(): Promise<void> {
    for (const pending of [...this.#busy.values(), ...this.#waiting.splice(0)]) {
      pending.settle({ id: pending.ask.id, status: 'cancelled' });
    }
    const running = [...this.#busy.keys()];
    this.#busy.clear();
    await Promise.all(running.map((worker) => worker.terminate()));
  }

  async close(): Promise<void> {
    await this.#stopAll();
    await Promise.all(this.#idle.splice(0).map((worker) => worker.terminate()));
  }

  #dispatch(): void {
    while (this.#waiting.length > 0 && (this.#idle.length > 0 || this.#busy.size < this.slots)) {
      const worker = this.#idle.pop() ?? this.#startThread();
      const pending = this.#waiting.shift()!;
      pending.attempts += 1;
      this.#busy.set(worker, pending);
      worker.postMessage(pending.ask.job);
    }
  }

  #startThread(): Worker {
    const worker = new Worker(ENTRY, {
      workerData: this.#workerData,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB_PER_THREAD },
    });
    let cause = '';
    worker.on('message', (reply: Reply<Result>) => this.#answered(worker, reply));
    worker.on('error', (error) => {
      cause = error instanceof Error ? error.message : String(error);
    });
    worker.on('exit', (code) => this.#died(worker, cause === '' ? `exit code ${code}` : cause));
    return worker;
  }

  #answered(worker: Worker, reply: Reply<Result>): void {
    const pending = this.#busy.get(worker);
    if (pending === undefined) return;
    this.#busy.delete(worker);
    this.#idle.push(worker);
    pending.settle(settledBy(pending.ask.id, reply));
    this.#dispatch();
  }

  #died(worker: Worker, cause: string): void {
    const place = this.#idle.indexOf(worker);
    if (place >= 0) this.#idle.splice(place, 1);
    const pending = this.#busy.get(worker);
    if (pending === undefined) return;
    this.#busy.delete(worker);
    if (pending.attempts < ATTEMPTS) this.#waiting.unshift(pending);
    else {
      const message = `its thread died: ${cause}`;
      pending.settle({ id: pending.ask.id, status: 'failed', message, repeatable: false });
    }
    this.#dispatch();
  }
}
