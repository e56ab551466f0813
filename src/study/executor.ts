import { ThreadPool } from './threads.ts';
import type { Ask, TaskModule, Trial } from './trial.ts';

export interface ExecutorOptions<Job, Result> {
  /** 0 or 1: in this thread. */
  readonly threads: number;
  /** Module with a TaskModule's `prepare`. */
  readonly taskModule: URL;
  readonly shared: unknown;
  /** Stops asking and running trials; those that finished stay. */
  readonly signal?: AbortSignal;
  /** Called once per trial in the order they were asked, as soon as all before it are settled; false stops the study. */
  readonly onTold: (trial: Trial<Result>, ask: Ask<Job>) => boolean;
}

/**
 * Runs the trials and tells each in ask order, whatever the number of threads. Memory is bounded: at most a fixed number
 * of trials is asked ahead of the first one that is not settled.
 */
export async function runTrials<Job, Result>(
  asks: Iterable<Ask<Job>>,
  options: ExecutorOptions<Job, Result>,
): Promise<void> {
  if (options.threads <= 1) await runHere(asks, options);
  else await runInThreads(asks, options);
}

async function runHere<Job, Result>(asks: Iterable<Ask<Job>>, options: ExecutorOptions<Job, Result>): Promise<void> {
  const module: TaskModule<unknown, Job, Result> = await import(options.taskModule.href);
  const run = module.prepare(options.shared);
  let stopped = false;
  for (const ask of asks) {
    // Lets signal handlers and progress run between trials.
    await new Promise((resolve) => setImmediate(resolve));
    if (options.signal?.aborted) stopped = true;
    const trial: Trial<Result> = stopped ? { id: ask.id, status: 'cancelled' } : settle(ask, run);
    if (!options.onTold(trial, ask)) stopped = true;
  }
}

function settle<Job, Result>(ask: Ask<Job>, run: (job: Job) => Result): Trial<Result> {
  try {
    return { id: ask.id, status: 'done', result: run(ask.job) };
  } catch (error) {
    return { id: ask.id, status: 'failed', message: error instanceof Error ? error.message : String(error) };
  }
}

/** Trials asked and not yet told, per thread. Results are small; what is bounded is the wait behind one long trial. */
const WINDOW_PER_THREAD = 64;

async function runInThreads<Job, Result>(
  asks: Iterable<Ask<Job>>,
  options: ExecutorOptions<Job, Result>,
): Promise<void> {
  const pool = new ThreadPool<Job, Result>(options.threads, options.taskModule, options.shared);
  let stopped = false;
  const stop = (): void => {
    stopped = true;
    void pool.cancel();
  };
  options.signal?.addEventListener('abort', stop);
  if (options.signal?.aborted) stop();

  const window: { ask: Ask<Job>; trial: Promise<Trial<Result>> }[] = [];
  const tellFirst = async (): Promise<void> => {
    const { ask, trial } = window.shift()!;
    if (!options.onTold(await trial, ask) && !stopped) stop();
  };
  try {
    for (const ask of asks) {
      window.push({ ask, trial: stopped ? Promise.resolve({ id: ask.id, status: 'cancelled' }) : pool.run(ask) });
      while (window.length >= WINDOW_PER_THREAD * options.threads) await tellFirst();
    }
    while (window.length > 0) await tellFirst();
  } finally {
    options.signal?.removeEventListener('abort', stop);
    await pool.close();
  }
}
