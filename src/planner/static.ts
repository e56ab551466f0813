import type { PlannerPolicy } from '../cluster/planner.ts';
import type { PoolFacts } from './poolFacts.ts';

/** Never acts: the pools stay as they are. */
export function staticPolicy(pools: readonly PoolFacts[]): PlannerPolicy {
  const replicas = pools.map((pool) => pool.replicas);
  return { decide: () => ({ replicas, reason: 'static' }) };
}
