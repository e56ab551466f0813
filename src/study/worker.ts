/** Entry of a worker thread: loads the task module once, then answers one job at a time. */
import { parentPort, workerData } from 'node:worker_threads';
import { answer, type TaskModule } from './trial.ts';

const { taskModule, shared } = workerData as { taskModule: string; shared: unknown };
const task: TaskModule<unknown, unknown, unknown> = await import(taskModule);
const run = task.prepare(shared);

parentPort!.on('message', (job: unknown) => parentPort!.postMessage(answer(run, job)));
