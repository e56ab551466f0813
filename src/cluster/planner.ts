import type { RouterSpec } from './router/routerSpec.ts';

/** What a planner sees of one ready replica. */
export interface ReplicaObservation {
  readonly running: number;
  readonly waiting: number;
  /** Prompt tokens queued or scheduled only in part. */
  readonly queuedPrefillTokens: number;
  /** Tokens of KV held, and room for how many. */
  readonly heldTokens: number;
  readonly capacityTokens: number;
  /** The pass that ended last; null before the first. */
  readonly lastPass: PassObservation | null;
}

/** One forward pass as engines report it. */
export interface PassObservation {
  readonly ns: number;
  readonly prefillTokens: number;
  readonly decodes: number;
}

export interface PoolObservation {
  /** Replicas of other pools that drain and will start in this one included. */
  readonly starting: number;
  readonly draining: number;
  /** Down after a crash, and coming back. */
  readonly down: number;
  readonly ready: readonly ReplicaObservation[];
}

/** Traffic since the last tick, as a front end counts it. Means of nothing are 0. */
export interface TrafficObservation {
  readonly arrivals: number;
  readonly meanInputTokens: number;
  /** Of the requests that completed: */
  readonly completed: number;
  readonly meanOutputTokens: number;
  readonly meanTtftNs: number;
  /** Per request (last token - first) / (tokens - 1), averaged over those with two tokens or more. */
  readonly meanItlNs: number;
  /** Share of their prompt tokens found in a prefix cache. */
  readonly reusedRatio: number;
}

/** All that a planner may know: nothing in it needs more than a live deployment's metrics. */
export interface Observation {
  readonly nowNs: number;
  readonly traffic: TrafficObservation;
  /** Requests that the router holds, or that find no replica up. */
  readonly unrouted: number;
  /** In the scenario's order. */
  readonly pools: readonly PoolObservation[];
}

/** How many replicas each pool should have, in the scenario's order, and why: one short sentence. */
export interface Decision {
  readonly replicas: readonly number[];
  /** Which of the planner's `routers` requests go by from now on; left out: the one that there is. */
  readonly router?: number;
  readonly reason: string;
}

/** Decides at every tick; may keep what it has seen. Budgets and minimums are enforced on what it answers. */
export interface PlannerPolicy {
  decide(observation: Observation): Decision;
}

/** Who scales the pools, how often, and within which limits. */
export interface PlannerSpec {
  /** Between two ticks; the first comes one interval after the start. */
  readonly intervalNs: number;
  /** GPUs of all replicas that are there, starting and draining ones and the warm pools included. */
  readonly maxGpus: number;
  /** By pool. */
  readonly minReplicas: readonly number[];
  /**
   * By pool. Replicas of one kind have the same weights, cut alike, on the same GPUs: one that is taken away, when at the same look
   * another pool of its kind grows, starts there with its weights in memory. Left out: roles are kept.
   */
  readonly kinds?: readonly string[];
  /** That it may choose from, the scenario's own first; each begins knowing nothing of what others have sent. Left out: that one alone. */
  readonly routers?: readonly RouterSpec[];
  createPolicy(): PlannerPolicy;
}
