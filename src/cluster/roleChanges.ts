import type { Worker } from './worker.ts';

/** Replicas that drain and whose nodes other pools have been promised. */
export class RoleChanges {
  /** Replicas that have begun to start in another role. */
  done = 0;
  /** By pool; null: none may change its role. */
  readonly #kinds: readonly string[] | null;
  /** The pool each node goes to, in the order of the promises. */
  readonly #heirs = new Map<Worker, number>();

  /** @param kinds by pool: replicas of one kind can take one another's role. */
  constructor(kinds: readonly string[] | undefined) {
    this.#kinds = kinds ?? null;
  }

  /** Replicas that are on their way to the pool. */
  promised(pool: number): number {
    let promised = 0;
    for (const heir of this.#heirs.values()) if (heir === pool) promised += 1;
    return promised;
  }

  /** Promises the worker's node to the first pool of its kind that misses a replica; -1 if none does. */
  promise(worker: Worker, missing: readonly number[]): number {
    const kinds = this.#kinds;
    if (kinds === null) return -1;
    const heir = missing.findIndex((replicas, pool) => replicas > 0 && kinds[pool] === kinds[worker.poolIndex]);
    if (heir >= 0) this.#heirs.set(worker, heir);
    return heir;
  }

  /** The pool needs so many of its promised nodes no more: the last promises are broken. */
  withdraw(pool: number, nodes: number): void {
    const promised = [...this.#heirs].filter(([, heir]) => heir === pool);
    for (const [worker] of promised.slice(Math.max(0, promised.length - nodes))) this.#heirs.delete(worker);
  }

  isPromised(worker: Worker): boolean {
    return this.#heirs.has(worker);
  }

  /** The worker is gone: the pool its node was promised to, -1 if to none. */
  take(worker: Worker): number {
    const heir = this.#heirs.get(worker) ?? -1;
    this.#heirs.delete(worker);
    return heir;
  }
}
