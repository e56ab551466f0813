import type { RouterSpec } from '../scenario.ts';
import { leastLoadedRouter } from './leastLoaded.ts';
import { prefixAwareRouter } from './prefixAware.ts';
import { randomRouter } from './random.ts';
import { roundRobinRouter } from './roundRobin.ts';
import type { Router } from './router.ts';

/** A router for one group of workers; `group` names its random stream. */
export function createRouter(spec: RouterSpec, seed: number, group: string): Router {
  switch (spec.policy) {
    case 'round_robin':
      return roundRobinRouter();
    case 'random':
      return randomRouter(seed, group);
    case 'least_loaded':
      return leastLoadedRouter();
    case 'prefix_aware':
      return prefixAwareRouter();
  }
}
