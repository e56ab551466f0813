import type { PoolObservation, ReplicaObservation } from './planner.ts';
import { emptyLoad } from './router/router.ts';
import type { Worker } from './worker.ts';

/**
 * What a planner sees of a pool whose workers have been advanced to now.
 * @param promised replicas of other pools that drain and will start in this one
 */
export function observePool(workers: readonly Worker[], promised: number): PoolObservation {
  const inPhase = (phase: string): Worker[] => workers.filter(({ presence }) => presence.phase === phase);
  return {
    starting: inPhase('starting').length + promised,
    draining: inPhase('draining').length,
    down: inPhase('down').length,
    ready: inPhase('ready').map(observeReplica),
  };
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
