import type { PlannerPolicy, ReplicaObservation } from '../cluster/planner.ts';
import { type PoolDecision, perPool, stayingIn } from './perPool.ts';
import type { PoolFacts } from './poolFacts.ts';

interface Bounds {
  readonly isAbove: (use: number) => boolean;
  readonly isBelow: (use: number) => boolean;
}

/** Of queued prompt tokens over the context length (prefill), and of KV needed over KV there is (all others). */
const BOUNDS: Readonly<Record<'throughput' | 'latency', { readonly prefill: Bounds; readonly kv: Bounds }>> = {
  throughput: {
    prefill: { isAbove: (use) => use >= 1, isBelow: (use) => use < 0.1 },
    kv: { isAbove: (use) => use > 1, isBelow: (use) => use < 0.6 },
  },
  latency: {
    prefill: { isAbove: (use) => use >= 0.1, isBelow: (use) => use === 0 },
    kv: { isAbove: (use) => use > 0.4, isBelow: (use) => use < 0.1 },
  },
};

/**
 * Static thresholds of Dynamo's planner (optimization targets `throughput` and `latency`; `components/src/dynamo/planner/core/load_scaling.py`, commit 0c6da1e): one replica more if any is above,
 * one fewer if all are below, nothing while some are still starting.
 */
export function thresholdPolicy(pools: readonly PoolFacts[], target: 'throughput' | 'latency'): PlannerPolicy {
  return perPool(pools, (pool, observation): PoolDecision => {
    const { role, contextTokens } = pools[pool];
    const seen = observation.pools[pool];
    const staying = stayingIn(seen);
    if (seen.starting > 0) return { replicas: staying, reason: 'replicas are starting' };
    const useOf = ({ queuedPrefillTokens, heldTokens, capacityTokens }: ReplicaObservation): number =>
      role === 'prefill' ? queuedPrefillTokens / contextTokens : (heldTokens + queuedPrefillTokens) / capacityTokens;
    const uses = seen.ready.map(useOf);
    const { isAbove, isBelow } = BOUNDS[target][role === 'prefill' ? 'prefill' : 'kv'];
    const what = role === 'prefill' ? 'queued prompt tokens' : 'KV needed';
    const inWords = (use: number): string => `${what} ${Math.round(use * 100)} %`;
    if (uses.some(isAbove))
      return { replicas: staying + 1, reason: `${inWords(Math.max(...uses))} on the fullest replica` };
    if (uses.length > 0 && uses.every(isBelow)) {
      return { replicas: staying - 1, reason: `${inWords(Math.max(...uses))} at most` };
    }
    return { replicas: staying, reason: 'within the thresholds' };
  });
}
