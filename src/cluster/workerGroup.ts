import { createRouter } from './router/createRouter.ts';
import type { Router } from './router/router.ts';
import type { RouterSpec } from './scenario.ts';
import type { Worker } from './worker.ts';

/** Workers that share a router: one role. */
export class WorkerGroup {
  readonly #workers: readonly Worker[];
  readonly #router: Router;

  constructor(workers: readonly Worker[], spec: RouterSpec, seed: number) {
    this.#workers = workers;
    this.#router = createRouter(spec, seed, workers[0].pool.role);
  }

  /** The worker for a request of `inputTokens` prompt tokens. */
  choose(request: number, inputTokens: number, nowNs: number): Worker {
    const workers = this.#workers;
    if (this.#router.readsState) for (const { core } of workers) core.advanceTo(nowNs);
    return workers[this.#router.choose(request, inputTokens, workers)];
  }
}
