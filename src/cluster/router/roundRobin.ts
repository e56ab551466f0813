import type { Router } from './router.ts';

/** Each request goes to the worker after the last one, in the order of the fleet. */
export function roundRobinRouter(): Router {
  let last = -1;
  /** Where it was among the candidates; who looks for it there need not look at all of them. */
  let place = -1;
  return {
    readsState: false,
    choose(_request, candidates) {
      const isThere = place >= 0 && candidates[place]?.index === last;
      const after = isThere ? place + 1 : candidates.findIndex(({ index }) => index > last);
      place = after < candidates.length ? Math.max(0, after) : 0;
      last = candidates[place].index;
      return place;
    },
    requestsBefore(other, candidates) {
      const before = other - place - 1;
      return before < 0 ? before + candidates.length : before;
    },
  };
}
