import type {
  Observation,
  PoolObservation,
  ReplicaObservation,
  TrafficObservation,
} from '../../src/cluster/planner.ts';
import type { PoolFacts } from '../../src/planner/poolFacts.ts';

/** What planners see, for tests that work decisions out by hand. */
export const IDLE: ReplicaObservation = {
  running: 0,
  waiting: 0,
  queuedPrefillTokens: 0,
  heldTokens: 0,
  capacityTokens: 1000,
  lastPass: null,
};

export const NO_TRAFFIC: TrafficObservation = {
  arrivals: 0,
  meanInputTokens: 0,
  completed: 0,
  meanOutputTokens: 0,
  meanTtftNs: 0,
  meanItlNs: 0,
  reusedRatio: 0,
};

export function facts(changes: Partial<PoolFacts> = {}): PoolFacts {
  return {
    name: 'a',
    role: 'aggregated',
    replicas: 1,
    contextTokens: 1000,
    batchTokens: 100,
    maxSequences: 64,
    capacityTokens: 1000,
    profile: [],
    ...changes,
  };
}

export function pool(
  ready: readonly Partial<ReplicaObservation>[],
  changes: Partial<PoolObservation> = {},
): PoolObservation {
  return { starting: 0, draining: 0, down: 0, ready: ready.map((replica) => ({ ...IDLE, ...replica })), ...changes };
}

export function at(
  nowS: number,
  pools: readonly PoolObservation[],
  traffic: Partial<TrafficObservation> = {},
): Observation {
  return { nowNs: nowS * 1e9, unrouted: 0, pools, traffic: { ...NO_TRAFFIC, ...traffic } };
}
