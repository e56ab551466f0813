/** One worker of whatDoKeepingAndQueueingTrialsCost: serves the queue at argv[2] under the name argv[3] with one thread. */
import { QueueWorker } from '../src/study/queue/queueWorker.ts';

const [, , url, engine] = process.argv;
const tasks = { spin: new URL('../test/fixtures/spinTask.ts', import.meta.url) };
const worker = await QueueWorker.connect({ url, engine, threads: 1, tasks });
process.on('SIGTERM', () => void worker.close().then(() => process.exit(0)));
