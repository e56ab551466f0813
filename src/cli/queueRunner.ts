import type { TrialJob, TrialResult } from '../recommend/trialTask.ts';
import type { TaskSource, TrialRunner } from '../study/trialRunner.ts';
import { note } from './outputFiles.ts';

/** How long to wait before saying that nobody is there to do the work. */
const PATIENCE_MS = 3_000;

/** Hands a search's trials to the workers of a queue. */
export function queueRunner(
  url: string,
  quiet: boolean,
): (task: TaskSource) => Promise<TrialRunner<TrialJob, TrialResult>> {
  return async ({ shared }) => {
    const [{ QueueRunner }, { engineFingerprint }, { publicAddress }] = await Promise.all([
      import('../study/queue/queueRunner.ts'),
      import('../study/engineFingerprint.ts'),
      import('../study/queue/redis.ts'),
    ]);
    const engine = engineFingerprint();
    const runner = await QueueRunner.connect<TrialJob, TrialResult>({ url, task: 'recommend', shared, engine });
    setTimeout(async () => {
      if ((await runner.threads().catch(() => 1)) > 0) return;
      const address = publicAddress(url);
      note(quiet, `no worker of this version listens yet: start some with dynosim worker --queue ${address}`);
    }, PATIENCE_MS).unref();
    return runner;
  };
}
