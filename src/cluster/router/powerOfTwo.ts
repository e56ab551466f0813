import { RandomStream } from '../../base/random.ts';
import { requestsOf } from './leastLoaded.ts';
import type { Router, RouterSetup } from './router.ts';

/** The less loaded (in requests) of two different workers drawn for the request (Mitzenmacher 2001); of equals the first drawn. */
export function powerOfTwoRouter({ seed, group, loads }: RouterSetup): Router {
  return {
    readsState: true,
    choose(request, candidates) {
      if (candidates.length === 1) return 0;
      const stream = new RandomStream(seed, `router/${group}`, request);
      const first = stream.integer(0, candidates.length - 1);
      const other = (first + stream.integer(1, candidates.length - 1)) % candidates.length;
      const requests = (index: number): number => requestsOf(loads.of(candidates[index]), 1);
      return requests(other) < requests(first) ? other : first;
    },
  };
}
