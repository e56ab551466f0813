import { emptyLoad, type Router } from './router.ts';

/** The worker with the fewest requests running and queued; ties go to the one that follows the last choice. */
export function leastLoadedRouter(): Router {
  const load = emptyLoad();
  let last = -1;
  return {
    readsState: true,
    choose(_request, _inputTokens, candidates) {
      let best = -1;
      let fewest = Number.POSITIVE_INFINITY;
      for (let step = 1; step <= candidates.length; step++) {
        const index = (last + step) % candidates.length;
        candidates[index].core.readLoad(load);
        const requests = load.running + load.waiting;
        if (requests < fewest) {
          fewest = requests;
          best = index;
        }
      }
      last = best;
      return best;
    },
  };
}
