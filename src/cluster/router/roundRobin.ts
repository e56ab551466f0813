import type { Router } from './router.ts';

/** Each request goes to the next worker in turn. */
export function roundRobinRouter(): Router {
  let turn = 0;
  return {
    readsState: false,
    choose(_request, _inputTokens, candidates) {
      const chosen = turn % candidates.length;
      turn = chosen + 1;
      return chosen;
    },
  };
}
