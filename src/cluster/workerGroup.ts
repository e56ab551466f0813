import { createRouter } from './router/createRouter.ts';
import { LiveLoads, ReportedLoads } from './router/loads.ts';
import { emptyLoad, type Loads, type Router, type RouterSetup } from './router/router.ts';
import { RouterQueue } from './router/routerQueue.ts';
import type { RouterSpec } from './router/routerSpec.ts';
import type { Role } from './scenario.ts';
import type { Worker } from './worker.ts';

/** Workers that share a router: one role. */
export class WorkerGroup {
  /** What the workers report, if the router does not see them live. */
  readonly reports: ReportedLoads | null;
  readonly #loads: Loads;
  readonly #workers: Worker[];
  /** Those that are ready. */
  #candidates: readonly Worker[];
  #router: Router;
  readonly #setup: Omit<RouterSetup, 'loads' | 'group'>;
  readonly #queue: RouterQueue | null;
  readonly #thresholdTokens: number;
  readonly #load = emptyLoad();

  constructor(workers: Worker[], spec: RouterSpec, setup: Omit<RouterSetup, 'loads' | 'group'>) {
    const { reportIntervalNs, queue } = spec;
    this.#workers = workers;
    this.#candidates = workers.filter(isReady);
    this.#setup = setup;
    this.reports = reportIntervalNs === undefined ? null : new ReportedLoads(reportIntervalNs, workers);
    this.#loads = this.reports ?? new LiveLoads();
    this.#router = this.#createRouter(spec);
    this.#queue = queue === undefined ? null : new RouterQueue(queue, setup.table, setup.log);
    this.#thresholdTokens = queue?.thresholdTokens ?? Number.POSITIVE_INFINITY;
  }

  #createRouter(spec: RouterSpec): Router {
    return createRouter(spec, { ...this.#setup, group: this.role, loads: this.#loads });
  }

  /** Another router takes over, which knows nothing of what this one has sent where. */
  reroute(spec: RouterSpec): void {
    this.#router = this.#createRouter(spec);
  }

  /** The worker for a request. */
  choose(request: number, nowNs: number): Worker {
    if (this.#router.readsState) this.#advanceTo(nowNs);
    return this.#candidates[this.#router.choose(request, this.#candidates, nowNs)];
  }

  /** Requests that go elsewhere before one can go to the worker, whatever they are; the group is the whole fleet, and ready. */
  requestsBefore({ index }: Worker): number {
    return this.#router.requestsBefore?.(index, this.#candidates) ?? 0;
  }

  get isUp(): boolean {
    return this.#candidates.length > 0;
  }

  /** Prompt tokens of the request that the worker, brought up to the present, would have to compute. */
  uncachedTokens(request: number, { core }: Worker): number {
    return this.#setup.table.inputTokens[request] - core.cachedTokens(request);
  }

  /** Requests that wait in the workers. */
  waiting(nowNs: number): number {
    this.#advanceTo(nowNs);
    let waiting = 0;
    for (const { core } of this.#candidates) {
      core.readLoad(this.#load);
      waiting += this.#load.waiting;
    }
    return waiting;
  }

  /** Whether all workers are known to have more than this share of their KV pages in use, and there are any. */
  usesMoreKvThan(share: number, nowNs: number): boolean {
    if (this.reports === null) this.#advanceTo(nowNs);
    return (
      this.isUp &&
      this.#candidates.every((worker) => {
        const { heldPages, usablePages } = this.#loads.of(worker);
        return heldPages > share * usablePages;
      })
    );
  }

  get role(): Role {
    return this.#workers[0].pool.role;
  }

  /** The fleet has a new worker of the role. */
  join(worker: Worker): void {
    this.#workers.push(worker);
  }

  /** The worker's place has gone to another replica: what is known of it is not true any more. */
  forget(worker: Worker): void {
    this.reports?.forget(worker);
    this.#router.forget?.(worker);
  }

  /** Workers have come up or gone down. */
  renew(): void {
    this.#candidates = this.#workers.filter(isReady);
  }

  /** Whether the request has to wait in the router's queue; it then does. */
  holdsBack(request: number, nowNs: number): boolean {
    if (this.#queue === null || (this.#queue.size === 0 && !this.#isFull())) return false;
    this.#advanceTo(nowNs);
    let cached = 0;
    for (const { core } of this.#candidates) cached = Math.max(cached, core.cachedTokens(request));
    this.#queue.push(request, this.#setup.table.inputTokens[request] - cached);
    return true;
  }

  /** Whether a request held back may go now. */
  get hasRelease(): boolean {
    return this.#queue !== null && this.#queue.size > 0 && this.isUp && !this.#isFull();
  }

  /** Requests held back. */
  get held(): number {
    return this.#queue?.size ?? 0;
  }

  /** The next request to go. */
  release(): number {
    return this.#queue!.shift();
  }

  /** The request, if it is held back here, has gone. */
  drop(request: number): void {
    this.#queue?.remove(request);
  }

  /** The request has left the worker, in whatever way. */
  left(request: number, worker: Worker, nowNs: number): void {
    this.#router.bookings?.(worker).remove(request, nowNs);
  }

  #advanceTo(nowNs: number): void {
    for (const { core } of this.#candidates) core.advanceTo(nowNs);
  }

  /** Every worker has prefill enough booked. */
  #isFull(): boolean {
    return this.#candidates.every((worker) => {
      const booked = this.#router.bookings!(worker);
      booked.settle();
      return booked.prefillTokens > this.#thresholdTokens;
    });
  }
}

function isReady({ presence }: Worker): boolean {
  return presence.phase === 'ready';
}
