import type { Executor, TaskSource } from './executor.ts';
import { InlineExecutor } from './inlineExecutor.ts';
import { ThreadExecutor } from './threadExecutor.ts';

/** On this machine: in this thread (`threads` 0 or 1), or in as many worker threads. */
export function localExecutor<Job, Result>(threads: number, source: TaskSource): Executor<Job, Result> {
  return threads <= 1 ? new InlineExecutor(source) : new ThreadExecutor(threads, source);
}
