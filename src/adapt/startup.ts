import { poolsOf, startupOf } from '../config/buildScenario.ts';
import type { Facts } from '../config/facts.ts';
import { memoryRequestOf, replicaSpecOf } from '../config/replicaSpec.ts';
import { planMemory } from '../timing/memory.ts';
import type { Shape } from './shapes.ts';

/** Seconds until a replica that is added to each pool serves, on a node that is not warm. */
export function startupSecondsOf({ config }: Shape, facts: Facts): readonly number[] {
  return poolsOf(config).map(({ pool }) => {
    const replica = replicaSpecOf(config, pool, facts);
    const memory = planMemory(replica, memoryRequestOf(config, pool, facts));
    const { provisioningNs, loadNs, warmupNs } = startupOf(pool, replica, memory);
    return (provisioningNs + loadNs + warmupNs) / 1e9;
  });
}
