import type { Ask, Trial } from './trial.ts';
import type { TrialRunner } from './trialRunner.ts';

/** Tells somebody of every trial as soon as it is settled; nothing of what they do reaches the trials. */
export class WatchedRunner<Job, Result> implements TrialRunner<Job, Result> {
  readonly #inner: TrialRunner<Job, Result>;
  readonly #onSettled: (trial: Trial<Result>, job: Job) => void;

  constructor(inner: TrialRunner<Job, Result>, onSettled: (trial: Trial<Result>, job: Job) => void) {
    this.#inner = inner;
    this.#onSettled = onSettled;
  }

  get slots(): number {
    return this.#inner.slots;
  }

  async start(ask: Ask<Job>): Promise<Trial<Result>> {
    const trial = await this.#inner.start(ask);
    this.#onSettled(trial, ask.job);
    return trial;
  }

  cancel(): void {
    this.#inner.cancel();
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}
