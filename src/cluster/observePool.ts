import type { PoolObservation, ReplicaObservation } from './planner.ts';
import { emptyLoad } from './router/router.ts';
import type { Worker } from './worker.ts';

/**
 * What a planner sees of a pool whose workers have been advanced to now.
 * @param promised replicas of other pools that drain and will start in this one
 */
export function observePool(workers: readonly Worker[], promised: number): PoolObservation {
  const counts = { absent: 0, starting: promised, ready: 0, draining: 0, down: 0 };
  const ready: ReplicaObservation[] = [];
  for (const worker of workers) {
    const { phase } = worker.presence;
    counts[phase] += 1;
    if (phase === 'ready') ready.push(observeReplica(worker));
  }
  return { starting: counts.starting, draining: counts.draining, down: counts.down, ready };
}

function observeReplica({ core, pool, ledger }: Worker): ReplicaObservation {
  const load = emptyLoad();
  core.readLoad(load);
  const { blockTokens } = pool.engine;
  return {
    running: load.running,
    waiting: load.waiting,
    queuedPrefillTokens: load.queuedPrefillTokens,
    heldTokens: load.heldPages * blockTokens,
    capacityTokens: load.usablePages * blockTokens,
    lastPass:
      ledger.passes === 0
        ? null
        : { ns: ledger.lastNs, prefillTokens: ledger.lastPrefillTokens, decodes: ledger.lastDecodes },
  };
}
