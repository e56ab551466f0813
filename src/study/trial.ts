/** What became of one trial. */
export type Trial<Result> =
  | { readonly id: string; readonly status: 'done'; readonly result: Result }
  /** `repeatable`: the task threw and will throw again; else its thread or machine died, again and again. */
  | { readonly id: string; readonly status: 'failed'; readonly message: string; readonly repeatable: boolean }
  /** Not run, or stopped while running, because the study was interrupted. */
  | { readonly id: string; readonly status: 'cancelled' }
  /** Another shard's to run. */
  | { readonly id: string; readonly status: 'elsewhere' };

/** A trial that has been run. */
export type SettledTrial<Result> = Extract<Trial<Result>, { status: 'done' | 'failed' }>;

/** A job for a task module. `id` names it in the study; `job` must survive structured cloning. */
export interface Ask<Job> {
  readonly id: string;
  readonly job: Job;
}

/**
 * A module that does one kind of trial. `prepare` runs once in each thread with what all jobs share (typed arrays on
 * SharedArrayBuffers arrive without copying); the function it returns must be pure: same job, same result.
 */
export interface TaskModule<Shared, Job, Result> {
  prepare(shared: Shared): (job: Job) => Result;
}

/** What a task answers to a job: what a job throws is its result, not a dead thread. */
export type Reply<Result> =
  | { readonly ok: true; readonly result: Result }
  | { readonly ok: false; readonly message: string };

export function answer<Job, Result>(run: (job: Job) => Result, job: Job): Reply<Result> {
  try {
    return { ok: true, result: run(job) };
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message : String(error) };
  }
}

/** The trial that a task's reply settles. */
export function settledBy<Result>(id: string, reply: Reply<Result>): Trial<Result> {
  return reply.ok
    ? { id, status: 'done', result: reply.result }
    : { id, status: 'failed', message: reply.message, repeatable: true };
}
