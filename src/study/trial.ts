/** What became of one trial. `failed` carries a message: the task threw, or its thread died twice. */
export type Trial<Result> =
  | { readonly id: string; readonly status: 'done'; readonly result: Result }
  | { readonly id: string; readonly status: 'failed'; readonly message: string }
  /** Not run, or stopped while running, because the study was interrupted. */
  | { readonly id: string; readonly status: 'cancelled' };

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
