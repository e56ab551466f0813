import type { EngineLoad } from '../../engine/engineCore.ts';
import { Pick } from './pick.ts';
import type { Router, RouterSetup } from './router.ts';

/** How busy a worker is. */
export type Measure = (load: EngineLoad, pageTokens: number) => number;

/** Requests running and queued. */
export const requestsOf: Measure = ({ running, waiting }) => running + waiting;

/** Prompt tokens still to compute, plus tokens whose KV is held. */
export const tokensOf: Measure = ({ queuedPrefillTokens, heldPages }, pageTokens) =>
  queuedPrefillTokens + heldPages * pageTokens;

/** The least busy worker; ties go to the one that follows the last choice. */
export function leastLoadedRouter({ loads }: RouterSetup, measure: Measure): Router {
  const pick = new Pick();
  return {
    readsState: true,
    choose(_request, candidates) {
      return pick.lowestInTurn(candidates.length, (index) => {
        const worker = candidates[index];
        return measure(loads.of(worker), worker.pool.engine.blockTokens);
      });
    },
  };
}
