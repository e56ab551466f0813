import type { Executor, RunOptions, TaskSource } from './executor.ts';
import { type Ask, answer, type TaskModule, type Trial } from './trial.ts';

/** Runs trials in this thread, one after the other. */
export class InlineExecutor<Job, Result> implements Executor<Job, Result> {
  readonly #source: TaskSource;
  #run: ((job: Job) => Result) | null = null;

  constructor(source: TaskSource) {
    this.#source = source;
  }

  async run(asks: Iterable<Ask<Job>>, { signal, onTold }: RunOptions<Job, Result>): Promise<void> {
    const run = await this.#prepared();
    let stopped = false;
    for (const ask of asks) {
      // Lets signal handlers and progress run between trials.
      await new Promise((resolve) => setImmediate(resolve));
      if (signal?.aborted) stopped = true;
      const trial: Trial<Result> = stopped ? { id: ask.id, status: 'cancelled' } : settle(ask, run);
      if (!onTold(trial, ask)) stopped = true;
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #prepared(): Promise<(job: Job) => Result> {
    if (this.#run === null) {
      const module: TaskModule<unknown, Job, Result> = await import(this.#source.taskModule.href);
      this.#run = module.prepare(this.#source.shared);
    }
    return this.#run;
  }
}

function settle<Job, Result>(ask: Ask<Job>, run: (job: Job) => Result): Trial<Result> {
  const reply = answer(run, ask.job);
  return reply.ok
    ? { id: ask.id, status: 'done', result: reply.result }
    : { id: ask.id, status: 'failed', message: reply.message, repeatable: true };
}
