import type { Ask, Trial } from '../trial.ts';
import type { TrialRunner } from '../trialRunner.ts';
import type { Claim, StoredResult, StoredTrial, StudyStore, TrialFacts } from './studyStore.ts';

/** How one kind of trial is kept. */
export interface TrialCodec<Job, Result> {
  facts(job: Job): TrialFacts;
  encode(result: Result): StoredResult;
  /** The inverse of `encode` after a way through JSON. */
  decode(stored: StoredResult): Result;
}

/** How often to look whether another process has finished a trial. */
const LOOK_MS = 200;

/** A commit costs a third of a millisecond beside busy threads: results that come closer together share one. */
const GROUP_MS = 20;

/** Trials claimed ahead, per slot, so that none idles while results are committed. */
const CLAIMS_PER_SLOT = 3;

interface Pending<Job, Result> {
  readonly ask: Ask<Job>;
  readonly facts: TrialFacts;
  readonly settle: (trial: Trial<Result>) => void;
  readonly fail: (error: unknown) => void;
}

interface Ended<Job, Result> {
  readonly pending: Pending<Job, Result>;
  readonly trial: Trial<Result>;
}

interface Claimed<Job, Result> {
  readonly pending: Pending<Job, Result>;
  readonly claim: Claim;
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
  /** Ended, not yet committed. */
  readonly #ended: Ended<Job, Result>[] = [];
  #running = 0;
  #lookTimer: NodeJS.Timeout | undefined;
  #groupTimer: NodeJS.Timeout | undefined;

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
      if (this.#hasRoom()) this.#commit();
    });
  }

  cancel(): void {
    for (const { ask, settle } of this.#waiting.splice(0)) settle({ id: ask.id, status: 'cancelled' });
    this.#inner.cancel();
  }

  async close(): Promise<void> {
    clearTimeout(this.#lookTimer);
    this.cancel();
    await this.#inner.close();
    this.#commit();
  }

  #hasRoom(): boolean {
    return this.#running < CLAIMS_PER_SLOT * this.slots;
  }

  /** One transaction: keeps what has ended, and claims what comes next. */
  #commit(): void {
    clearTimeout(this.#groupTimer);
    this.#groupTimer = undefined;
    const ended = this.#ended.splice(0);
    const claimed: Claimed<Job, Result>[] = [];
    try {
      this.#store.together(() => {
        for (const { pending, trial } of ended) this.#keep(pending.facts.key, trial);
        this.#claimInto(claimed);
      });
    } catch (error) {
      // Who still waits fails too: the study cannot be written.
      for (const { fail } of [
        ...ended.map(({ pending }) => pending),
        ...claimed.map(({ pending }) => pending),
        ...this.#waiting.splice(0),
      ])
        fail(error);
      return;
    }
    for (const { pending, claim } of claimed) {
      if (claim.status === 'claimed') void this.#run(pending);
      else if (claim.status !== 'busy') pending.settle(this.#told(pending.ask.id, claim));
    }
    for (const { pending, trial } of ended) pending.settle(trial);
    // Those passed over are in the hands of another process.
    if (this.#waiting.length > 0 && this.#hasRoom()) this.#lookTimer ??= setTimeout(() => this.#look(), LOOK_MS);
  }

  /** In the order of asking; takes them out of those that wait. */
  #claimInto(claimed: Claimed<Job, Result>[]): void {
    for (let at = 0; at < this.#waiting.length && this.#hasRoom(); ) {
      const pending = this.#waiting[at];
      const claim = this.#store.claim(pending.facts);
      if (claim.status === 'busy') {
        at += 1;
        continue;
      }
      this.#waiting.splice(at, 1);
      claimed.push({ pending, claim });
      if (claim.status === 'claimed') this.#running += 1;
    }
  }

  #look(): void {
    this.#lookTimer = undefined;
    this.#commit();
  }

  async #run(pending: Pending<Job, Result>): Promise<void> {
    try {
      this.#ended.push({ pending, trial: await this.#inner.start(pending.ask) });
    } catch (error) {
      pending.fail(error);
    }
    this.#running -= 1;
    if (this.#running <= this.slots) this.#commit();
    else this.#groupTimer ??= setTimeout(() => this.#commit(), GROUP_MS);
  }

  #keep(key: string, trial: Trial<Result>): void {
    if (trial.status === 'done') {
      this.#store.settle(key, { status: 'done', result: this.#codec.encode(trial.result) });
    } else if (trial.status === 'failed' && trial.repeatable) {
      this.#store.settle(key, { status: 'failed', message: trial.message });
    } else {
      this.#store.release(key);
    }
  }

  #told(id: string, stored: StoredTrial): Trial<Result> {
    return stored.status === 'done'
      ? { id, status: 'done', result: this.#codec.decode(stored.result) }
      : { id, status: 'failed', message: stored.message, repeatable: true };
  }
}
