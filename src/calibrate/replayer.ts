import { type Executor, localExecutor } from '../study/executor.ts';
import type { TimingModel } from '../timing/coefficients.ts';
import type { MeasuredPoint } from './measuredPoint.ts';
import type { Means } from './replay.ts';
import type { ReplayJob } from './replayTask.ts';

const TASK = new URL(import.meta.url.endsWith('.ts') ? './replayTask.ts' : './replayTask.js', import.meta.url);

/** What a replay gave, or why it gave nothing. */
export type Replayed = { readonly means: Means } | { readonly means: null; readonly message: string };

/** Replays points over threads; the answer does not depend on how many. */
export class Replayer {
  readonly #executor: Executor<ReplayJob, Means>;

  constructor(threads: number) {
    this.#executor = localExecutor(threads, { taskModule: TASK, shared: null });
  }

  /** In the order of `points`, each with its own timing model. */
  async replay(
    points: readonly MeasuredPoint[],
    modelOf: (point: MeasuredPoint) => TimingModel,
    onTold: (done: number) => boolean = () => true,
  ): Promise<Replayed[]> {
    const replayed: Replayed[] = [];
    const asks = points.map((point) => ({ id: point.id, job: { point, model: modelOf(point) } }));
    await this.#executor.run(asks, {
      onTold: (trial) => {
        if (trial.status === 'done') replayed.push({ means: trial.result });
        else replayed.push({ means: null, message: trial.status === 'failed' ? trial.message : 'stopped' });
        return onTold(replayed.length);
      },
    });
    return replayed;
  }

  close(): Promise<void> {
    return this.#executor.close();
  }
}
