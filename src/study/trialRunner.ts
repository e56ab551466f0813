import type { Ask, Trial } from './trial.ts';

/** Something that runs trials: this thread, worker threads, machines behind a queue. */
export interface TrialRunner<Job, Result> {
  /** Trials it runs at a time. */
  readonly slots: number;
  /** Runs the trial once a slot is free, in the order of the calls. The promise rejects only if the runner can go no further. */
  start(ask: Ask<Job>): Promise<Trial<Result>>;
  /** Settles as cancelled what waits, and what runs if it can be stopped. The runner may be used again. */
  cancel(): void;
  close(): Promise<void>;
}

export interface TaskSource {
  /** Module with a TaskModule's `prepare`. */
  readonly taskModule: URL;
  readonly shared: unknown;
}
