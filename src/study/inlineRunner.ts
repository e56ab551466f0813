import { type Ask, answer, settledBy, type TaskModule, type Trial } from './trial.ts';
import type { TaskSource, TrialRunner } from './trialRunner.ts';

/** Runs trials in this thread, one after the other. */
export class InlineRunner<Job, Result> implements TrialRunner<Job, Result> {
  readonly slots = 1;
  readonly #source: TaskSource;
  #task: ((job: Job) => Result) | null = null;
  #last: Promise<unknown> = Promise.resolve();
  /** Trials started in an earlier round than this have been cancelled. */
  #round = 0;

  constructor(source: TaskSource) {
    this.#source = source;
  }

  start(ask: Ask<Job>): Promise<Trial<Result>> {
    const round = this.#round;
    const trial = this.#last.then(async (): Promise<Trial<Result>> => {
      // Lets signal handlers and progress run between trials.
      await new Promise((resolve) => setImmediate(resolve));
      if (round !== this.#round) return { id: ask.id, status: 'cancelled' };
      return settledBy(ask.id, answer(await this.#prepared(), ask.job));
    });
    this.#last = trial.catch(() => undefined);
    return trial;
  }

  cancel(): void {
    this.#round += 1;
  }

  close(): Promise<void> {
    this.cancel();
    return Promise.resolve();
  }

  async #prepared(): Promise<(job: Job) => Result> {
    if (this.#task === null) {
      const module: TaskModule<unknown, Job, Result> = await import(this.#source.taskModule.href);
      this.#task = module.prepare(this.#source.shared);
    }
    return this.#task;
  }
}
