import { InlineRunner } from './inlineRunner.ts';
import { ThreadPool } from './threads.ts';
import type { Ask, Trial } from './trial.ts';
import type { TaskSource, TrialRunner } from './trialRunner.ts';

export interface RunOptions<Job, Result> {
  /** Stops asking and running trials; those that finished stay. */
  readonly signal?: AbortSignal;
  /** Called once per trial in the order they were asked, as soon as all before it are settled; false stops the run. */
  readonly onTold: (trial: Trial<Result>, ask: Ask<Job>) => boolean;
}

/** Trials asked and not yet told. Results are small; what is bounded is the wait behind one long trial. */
const LEAST_WINDOW = 256;
const WINDOW_PER_SLOT = 4;

/**
 * Runs trials and tells each in ask order, whoever runs them. Memory is bounded: a fixed number of trials is asked ahead
 * of the first one that is not settled. A search's generations use one executor in turn.
 */
export class Executor<Job, Result> {
  readonly #runner: TrialRunner<Job, Result>;

  constructor(runner: TrialRunner<Job, Result>) {
    this.#runner = runner;
  }

  /** One run at a time. */
  async run(asks: Iterable<Ask<Job>>, { signal, onTold }: RunOptions<Job, Result>): Promise<void> {
    const runner = this.#runner;
    let stopped = false;
    const stop = (): void => {
      if (stopped) return;
      stopped = true;
      runner.cancel();
    };
    signal?.addEventListener('abort', stop);
    if (signal?.aborted) stop();

    const window: { ask: Ask<Job>; trial: Promise<Trial<Result>> }[] = [];
    const tellFirst = async (): Promise<void> => {
      const { ask, trial } = window.shift()!;
      if (!onTold(await trial, ask)) stop();
    };
    try {
      for (const ask of asks) {
        const trial: Promise<Trial<Result>> = stopped
          ? Promise.resolve({ id: ask.id, status: 'cancelled' })
          : runner.start(ask);
        // A runner that can go no further rejects every trial; the first one told ends the run.
        trial.catch(() => undefined);
        window.push({ ask, trial });
        while (window.length >= Math.max(LEAST_WINDOW, WINDOW_PER_SLOT * runner.slots)) await tellFirst();
      }
      while (window.length > 0) await tellFirst();
    } catch (error) {
      stop();
      throw error;
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  close(): Promise<void> {
    return this.#runner.close();
  }
}

/** On this machine: in this thread (`threads` 0 or 1), or in as many worker threads. */
export function localRunner<Job, Result>(threads: number, source: TaskSource): TrialRunner<Job, Result> {
  return threads <= 1 ? new InlineRunner(source) : new ThreadPool(threads, source);
}

export function localExecutor<Job, Result>(threads: number, source: TaskSource): Executor<Job, Result> {
  return new Executor(localRunner<Job, Result>(threads, source));
}
