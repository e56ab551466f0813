import type { PlannerPolicy } from '../cluster/planner.ts';

/** Never acts: the pools stay as they are. */
export function staticPolicy(initial: readonly number[]): PlannerPolicy {
  return { decide: () => ({ replicas: initial, reason: 'static' }) };
}
