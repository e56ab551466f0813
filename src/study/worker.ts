/** Entry of a worker thread: loads the task module once, then answers one job at a time. */
import { parentPort, workerData } from 'node:worker_threads';
import type { WorkerReply } from './threads.ts';
import type { TaskModule } from './trial.ts';

const { taskModule, shared } = workerData as { taskModule: string; shared: unknown };
const task: TaskModule<unknown, unknown, unknown> = await import(taskModule);
const run = task.prepare(shared);

/** What a job throws is its result, not a dead thread. */
function answer(job: unknown): WorkerReply<unknown> {
  try {
    return { ok: true, result: run(job) };
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message : String(error) };
  }
}

parentPort!.on('message', (job: unknown) => parentPort!.postMessage(answer(job)));
