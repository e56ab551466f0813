import type { Router } from './router.ts';

/** Each request goes to the worker after the last one, in the order of the fleet. */
export function roundRobinRouter(): Router {
  let last = -1;
  return {
    readsState: false,
    choose(_request, candidates) {
      const after = candidates.findIndex(({ index }) => index > last);
      const chosen = Math.max(0, after);
      last = candidates[chosen].index;
      return chosen;
    },
  };
}
