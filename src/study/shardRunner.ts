import type { Ask, Trial } from './trial.ts';
import type { TrialRunner } from './trialRunner.ts';

/** One of `count` machines that divide the trials of a generation among them; `index` is 0-based. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** Whether the trial falls to the shard: decided by the trial alone, so that machines need not talk. @param key hexadecimal hash */
export function isInShard(key: string, { index, count }: Shard): boolean {
  return Number.parseInt(key.slice(0, 12), 16) % count === index;
}

/** Runs this shard's trials and leaves the others. */
export class ShardRunner<Job, Result> implements TrialRunner<Job, Result> {
  readonly #inner: TrialRunner<Job, Result>;
  readonly #shard: Shard;
  readonly #keyOf: (job: Job) => string;

  constructor(inner: TrialRunner<Job, Result>, shard: Shard, keyOf: (job: Job) => string) {
    this.#inner = inner;
    this.#shard = shard;
    this.#keyOf = keyOf;
  }

  get slots(): number {
    return this.#inner.slots;
  }

  start(ask: Ask<Job>): Promise<Trial<Result>> {
    if (isInShard(this.#keyOf(ask.job), this.#shard)) return this.#inner.start(ask);
    return Promise.resolve({ id: ask.id, status: 'elsewhere' });
  }

  cancel(): void {
    this.#inner.cancel();
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}
