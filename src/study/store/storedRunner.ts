import type { Ask, Trial } from '../trial.ts';
import type { TrialRunner } from '../trialRunner.ts';
import type { StoredResult, StoredTrial, StudyStore, TrialFacts } from './studyStore.ts';

/** How one kind of trial is kept. */
export interface TrialCodec<Job, Result> {
  facts(job: Job): TrialFacts;
  encode(result: Result): StoredResult;
  /** The inverse of `encode` after a way through JSON. */
  decode(stored: StoredResult): Result;
}

/** How often to look whether another process has finished a trial. */
const LOOK_MS = 200;

interface Pending<Job, Result> {
  readonly ask: Ask<Job>;
  readonly facts: TrialFacts;
  readonly settle: (trial: Trial<Result>) => void;
  readonly fail: (error: unknown) => void;
}

/**
 * Runs only what a study does not know yet, and commits each trial before it is reported. A promise of `start` rejects
 * only when the study cannot be written.
 */
export class StoredRunner<Job, Result> implements TrialRunner<Job, Result> {
  readonly #inner: TrialRunner<Job, Result>;
  readonly #store: StudyStore;
  readonly #codec: TrialCodec<Job, Result>;
  readonly #waiting: Pending<Job, Result>[] = [];
  #running = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(inner: TrialRunner<Job, Result>, store: StudyStore, codec: TrialCodec<Job, Result>) {
    this.#inner = inner;
    this.#store = store;
    this.#codec = codec;
  }

  get slots(): number {
    return this.#inner.slots;
  }

  start(ask: Ask<Job>): Promise<Trial<Result>> {
    return new Promise((settle, fail) => {
      this.#waiting.push({ ask, facts: this.#codec.facts(ask.job), settle, fail });
      this.#dispatch();
    });
  }

  cancel(): void {
    for (const { ask, settle } of this.#waiting.splice(0)) settle({ id: ask.id, status: 'cancelled' });
    this.#inner.cancel();
  }

  async close(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.cancel();
    await this.#inner.close();
  }

  /** Claims in the order of asking; two trials a slot, so that none idles while one is committed. */
  #dispatch(): void {
    let at = 0;
    while (at < this.#waiting.length && this.#running < 2 * this.slots) {
      const pending = this.#waiting[at];
      try {
        const claim = this.#store.claim(pending.facts);
        if (claim.status === 'busy') {
          at += 1;
          continue;
        }
        this.#waiting.splice(at, 1);
        if (claim.status === 'claimed') void this.#run(pending);
        else pending.settle(this.#told(pending.ask.id, claim));
      } catch (error) {
        this.#waiting.splice(at, 1);
        pending.fail(error);
      }
    }
    // Those passed over are in the hands of another process.
    if (at > 0) this.#timer ??= setTimeout(() => this.#look(), LOOK_MS);
  }

  #look(): void {
    this.#timer = null;
    this.#dispatch();
  }

  async #run({ ask, facts, settle, fail }: Pending<Job, Result>): Promise<void> {
    this.#running += 1;
    try {
      const trial = await this.#inner.start(ask);
      if (trial.status === 'done') {
        this.#store.settle(facts.key, { status: 'done', result: this.#codec.encode(trial.result) });
      } else if (trial.status === 'failed' && trial.repeatable) {
        this.#store.settle(facts.key, { status: 'failed', message: trial.message });
      } else {
        this.#store.release(facts.key);
      }
      settle(trial);
    } catch (error) {
      fail(error);
    }
    this.#running -= 1;
    this.#dispatch();
  }

  #told(id: string, stored: StoredTrial): Trial<Result> {
    return stored.status === 'done'
      ? { id, status: 'done', result: this.#codec.decode(stored.result) }
      : { id, status: 'failed', message: stored.message, repeatable: true };
  }
}
