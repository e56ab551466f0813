import { withAffinity } from './affinity.ts';
import { leastLoadedRouter, requestsOf, tokensOf } from './leastLoaded.ts';
import { powerOfTwoRouter } from './powerOfTwo.ts';
import { randomRouter } from './random.ts';
import { roundRobinRouter } from './roundRobin.ts';
import type { Router, RouterSetup } from './router.ts';
import { KV_ROUTER, PREFIX_AWARE, type RouterSpec } from './routerSpec.ts';
import { ScoredRouter } from './scoredRouter.ts';

/** A router for one group of workers. */
export function createRouter(spec: RouterSpec, setup: RouterSetup): Router {
  const router = routerOf(spec, setup);
  return spec.affinity === undefined ? router : withAffinity(router, spec.affinity.ttlNs, setup.table.workload);
}

function routerOf(spec: RouterSpec, setup: RouterSetup): Router {
  switch (spec.policy) {
    case 'round_robin':
      return roundRobinRouter();
    case 'random':
      return randomRouter(setup);
    case 'least_loaded':
      return leastLoadedRouter(setup, requestsOf);
    case 'least_tokens':
      return leastLoadedRouter(setup, tokensOf);
    case 'power_of_two':
      return powerOfTwoRouter(setup);
    case 'prefix_aware':
      return new ScoredRouter(setup, { ...PREFIX_AWARE, ...spec.scorer });
    case 'kv_router':
      return new ScoredRouter(setup, { ...KV_ROUTER, ...spec.scorer });
  }
}
