import { ThreadPool } from '../threads.ts';
import type { TaskSource } from '../trialRunner.ts';

type Pool = ThreadPool<unknown, unknown>;

interface Entry {
  readonly pool: Promise<Pool>;
  users: number;
}

/** Searches that a worker keeps ready at a time: those that take turns should not reload each other's traces. */
const MOST_POOLS = 2;

/** Thread pools by what their trials share, the last used ones kept. Memory is bounded by `MOST_POOLS` searches' traces. */
export class SharedPools {
  readonly #threads: number;
  /** The last used one last. */
  readonly #entries = new Map<string, Entry>();

  constructor(threads: number) {
    this.#threads = threads;
  }

  /** Lends the pool of `key` to `work`; `source` is asked when there is none yet. */
  async use<T>(key: string, source: () => Promise<TaskSource>, work: (pool: Pool) => Promise<T>): Promise<T> {
    const entry = this.#entries.get(key) ?? { pool: this.#make(source), users: 0 };
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    entry.users += 1;
    try {
      return await work(await entry.pool);
    } catch (error) {
      // What could not be fetched may be there next time.
      entry.pool.catch(() => this.#entries.delete(key));
      throw error;
    } finally {
      entry.users -= 1;
      this.#shrink();
    }
  }

  async close(): Promise<void> {
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    await Promise.allSettled(entries.map(async ({ pool }) => (await pool).close()));
  }

  async #make(source: () => Promise<TaskSource>): Promise<Pool> {
    return new ThreadPool(this.#threads, await source());
  }

  #shrink(): void {
    for (const [key, { pool, users }] of this.#entries) {
      if (this.#entries.size <= MOST_POOLS) return;
      if (users > 0) continue;
      this.#entries.delete(key);
      pool.then((threads) => threads.close()).catch(() => undefined);
    }
  }
}
