import type { Losses } from './simulationResult.ts';
import type { Worker } from './worker.ts';

/** Which requests each worker has, and how often each was lost with one. */
export class Attempts {
  readonly losses: { -readonly [count in keyof Losses]: number } = {
    crashes: 0,
    lostAttempts: 0,
    retriedRequests: 0,
    migrations: 0,
    lostOutputs: 0,
    timedOut: 0,
    shed: 0,
  };
  readonly #retries: number;
  /** By worker. */
  readonly #inside: Set<number>[] = [];
  readonly #lost: Uint8Array;

  /** @param retries how often a request that was lost may start anew. */
  constructor(retries: number, requests: number) {
    this.#retries = retries;
    this.#lost = new Uint8Array(requests);
  }

  takeIn({ index }: Worker, request: number): void {
    this.#inside[index] ??= new Set();
    this.#inside[index].add(request);
  }

  letGo({ index }: Worker, request: number): void {
    this.#inside[index].delete(request);
  }

  /** What the worker has, in order. */
  insideOf({ index }: Worker): number[] {
    return [...(this.#inside[index] ?? [])].sort((a, b) => a - b);
  }

  /** An attempt at the request is lost; returns whether there is another. */
  lose(request: number): boolean {
    this.losses.lostAttempts += 1;
    this.#lost[request] += 1;
    if (this.#lost[request] > this.#retries) return false;
    if (this.#lost[request] === 1) this.losses.retriedRequests += 1;
    return true;
  }
}
