import type { Decision, Observation, PlannerPolicy, PoolObservation } from '../cluster/planner.ts';
import type { PoolFacts } from './poolFacts.ts';

/** What is wanted of one pool, and why. */
export interface PoolDecision {
  readonly replicas: number;
  readonly reason: string;
}

/** Replicas that are there to stay: those that are starting, and those that come back after a crash, included. */
export function stayingIn({ ready, starting, down }: PoolObservation): number {
  return ready.length + starting + down;
}

/** A policy that decides for each pool by itself. */
export function perPool(
  pools: readonly PoolFacts[],
  decidePool: (pool: number, observation: Observation) => PoolDecision,
): PlannerPolicy {
  return {
    decide(observation): Decision {
      const decisions = pools.map((_, pool) => decidePool(pool, observation));
      const named = decisions.map(({ reason }, pool) =>
        pools.length === 1 ? reason : `${pools[pool].name}: ${reason}`,
      );
      return { replicas: decisions.map(({ replicas }) => replicas), reason: named.join('; ') };
    },
  };
}
