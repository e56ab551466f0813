import { runInWindow } from './askWindow.ts';
import type { Executor, RunOptions, TaskSource } from './executor.ts';
import { ThreadPool } from './threads.ts';
import type { Ask } from './trial.ts';

/** Trials asked and not yet told, per thread. */
const WINDOW_PER_THREAD = 64;

/** Runs trials in worker threads, which live until `close`. */
export class ThreadExecutor<Job, Result> implements Executor<Job, Result> {
  readonly #pool: ThreadPool<Job, Result>;
  readonly #window: number;

  constructor(threads: number, { taskModule, shared }: TaskSource) {
    this.#pool = new ThreadPool(threads, taskModule, shared);
    this.#window = WINDOW_PER_THREAD * threads;
  }

  run(asks: Iterable<Ask<Job>>, options: RunOptions<Job, Result>): Promise<void> {
    return runInWindow(
      asks,
      options,
      this.#window,
      (ask) => this.#pool.run(ask),
      () => void this.#pool.cancel(),
    );
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}
