import { emptyLoad, type Router } from './router.ts';

/**
 * The lowest cost in KV blocks, as Dynamo's KV router counts it (lib/kv-router): prompt blocks still to compute there,
 * those queued and this request's uncached ones, plus blocks in use. Ties go to the worker that follows the last choice.
 */
export function prefixAwareRouter(): Router {
  const load = emptyLoad();
  let last = -1;
  return {
    readsState: true,
    choose(request, inputTokens, candidates) {
      let best = -1;
      let lowest = Number.POSITIVE_INFINITY;
      for (let step = 1; step <= candidates.length; step++) {
        const index = (last + step) % candidates.length;
        const { core, pool } = candidates[index];
        core.readLoad(load);
        const uncachedTokens = inputTokens - core.cachedTokens(request);
        const cost = (load.queuedPrefillTokens + uncachedTokens) / pool.engine.blockTokens + load.heldPages;
        if (cost < lowest) {
          lowest = cost;
          best = index;
        }
      }
      last = best;
      return best;
    },
  };
}
