import type { Reply } from '../trial.ts';

/** Trials that one worker takes at once: some seconds of work. */
export interface BatchJob<Job> {
  /** Name of the task module, as both sides know it. */
  readonly task: string;
  /** Content hash of what its trials share. */
  readonly shared: string;
  readonly jobs: readonly Job[];
}

export interface BatchResult<Result> {
  /** In the order of the jobs; null where a worker thread died over one, twice. */
  readonly replies: readonly (Reply<Result> | { readonly ok: null; readonly message: string })[];
  /** Time the trials took one after the other. */
  readonly busyMs: number;
}

/** Only programs that compute the same serve a queue: its name holds the fingerprint of their code. */
export function queueName(engine: string): string {
  return `dynosim-${engine.slice(0, 16)}`;
}

export function sharedKey(hash: string): string {
  return `dynosim:shared:${hash}`;
}

/** What trials share stays on the server this long after the last search that used it. */
export const SHARED_SECONDS = 7 * 24 * 3600;

/** How a worker signs its connection: BullMQ puts it behind the queue's name in the server's list of clients. */
export function workerName(threads: number): string {
  return `threads-${threads}`;
}

/** Threads of the worker with this entry in the server's list of clients. */
export function threadsIn(clientName: string): number {
  return Number(/:w:threads-(\d+)$/.exec(clientName)?.[1] ?? 1);
}
