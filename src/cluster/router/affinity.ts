import type { Workload } from '../../workload/workload.ts';
import type { Router } from './router.ts';

/** Sends a session's later turns where its last turn went, if they come within `ttlNs` of it and the worker is still there. */
export function withAffinity(router: Router, ttlNs: number, workload: Workload): Router {
  /** For a turn to come: the fleet number of the worker its predecessor went to, and when. */
  const workers = new Map<number, { readonly worker: number; readonly sentNs: number }>();
  return {
    readsState: router.readsState,
    bookings: router.bookings,
    forget(worker) {
      router.forget?.(worker);
      for (const [turn, last] of workers) if (last.worker === worker.index) workers.delete(turn);
    },
    choose(request, candidates, nowNs) {
      const last = workers.get(request);
      const stays = last !== undefined && nowNs - last.sentNs <= ttlNs;
      const kept = stays ? candidates.filter(({ index }) => index === last.worker) : [];
      // One candidate is no choice, but the router books what it is asked about.
      const among = kept.length > 0 ? kept : candidates;
      const index = candidates.indexOf(among[router.choose(request, among, nowNs)]);
      workers.delete(request);
      const next = workload.nextTurn[request];
      if (next >= 0) workers.set(next, { worker: candidates[index].index, sentNs: nowNs });
      return index;
    },
  };
}
