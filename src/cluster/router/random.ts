import { RandomStream } from '../../base/random.ts';
import type { Router, RouterSetup } from './router.ts';

/** A worker drawn uniformly, keyed by the request, so that adding requests never shifts the draws of others. */
export function randomRouter({ seed, group }: RouterSetup): Router {
  return {
    readsState: false,
    choose(request, candidates) {
      return new RandomStream(seed, `router/${group}`, request).integer(0, candidates.length - 1);
    },
  };
}
