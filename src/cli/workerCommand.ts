import { TRIAL_TASK } from '../recommend/trialExecutor.ts';
import { engineFingerprint } from '../study/engineFingerprint.ts';
import { QueueWorker } from '../study/queue/queueWorker.ts';
import { publicAddress } from '../study/queue/redis.ts';
import { EXIT } from './exitCodes.ts';
import { note } from './outputFiles.ts';

export interface WorkerFlags {
  readonly queue: string;
  readonly threads: number;
  readonly quiet?: true;
}

/** Serves a queue until it is told to stop: what has begun is finished; a second signal ends the process at once. */
export async function workerCommand({ queue, threads, quiet }: WorkerFlags): Promise<number> {
  const engine = engineFingerprint();
  let trials = 0;
  const worker = await QueueWorker.connect({
    url: queue,
    threads: Math.max(1, threads),
    engine,
    tasks: { recommend: TRIAL_TASK },
    onBatch: (count) => {
      trials += count;
    },
  });
  note(
    quiet === true,
    `serving ${publicAddress(queue)} with ${threads} threads, code ${engine.slice(0, 8)}; Ctrl-C stops`,
  );
  await new Promise<void>((resolve) => {
    let stopping = false;
    const stop = (): void => {
      if (stopping) process.exit(EXIT.interrupted);
      stopping = true;
      resolve();
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  });
  note(quiet === true, 'finishing what has begun');
  await worker.close();
  note(quiet === true, `${trials} trials served`);
  return EXIT.done;
}
