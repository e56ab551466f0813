import type { Ask, Trial } from './trial.ts';

export interface RunOptions<Job, Result> {
  /** Stops asking and running trials; those that finished stay. */
  readonly signal?: AbortSignal;
  /** Called once per trial in the order they were asked, as soon as all before it are settled; false stops the run. */
  readonly onTold: (trial: Trial<Result>, ask: Ask<Job>) => boolean;
}

/** Where trials run. What they share is handed over once; a search's generations use one executor in turn. */
export interface Executor<Job, Result> {
  /**
   * Runs the trials and tells each in ask order, whoever runs them. Memory is bounded: at most a fixed number of trials is
   * asked ahead of the first one that is not settled. One run at a time.
   */
  run(asks: Iterable<Ask<Job>>, options: RunOptions<Job, Result>): Promise<void>;
  close(): Promise<void>;
}

export interface TaskSource {
  /** Module with a TaskModule's `prepare`. */
  readonly taskModule: URL;
  readonly shared: unknown;
}
