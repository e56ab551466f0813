import { startupOf } from '../config/buildScenario.ts';
import type { Facts } from '../config/facts.ts';
import { memoryRequestOf, replicaSpecOf } from '../config/replicaSpec.ts';
import { planMemory } from '../timing/memory.ts';
import type { Shape } from './shapes.ts';

/** Seconds until a replica that is added serves, on a node that is not warm. */
export function startupSecondsOf({ config }: Shape, facts: Facts): number {
  const [pool] = config.engine.workers.aggregated!;
  const replica = replicaSpecOf(config, pool, facts);
  const { provisioningNs, loadNs, warmupNs } = startupOf(
    pool,
    replica,
    planMemory(replica, memoryRequestOf(config, pool, facts)),
  );
  return (provisioningNs + loadNs + warmupNs) / 1e9;
}
