import type { PlannerPolicy, PoolObservation, ReplicaObservation } from '../cluster/planner.ts';
import { type PoolDecision, perPool, stayingIn } from './perPool.ts';
import type { HpaMetric, HpaRate, HpaRules, HpaSpec } from './policySpec.ts';
import type { PoolFacts } from './poolFacts.ts';

const NS_PER_S = 1e9;

const METRICS: Readonly<Record<HpaMetric, (replica: ReplicaObservation) => number>> = {
  requests: ({ running, waiting }) => running + waiting,
  waiting: ({ waiting }) => waiting,
  queued_tokens: ({ queuedPrefillTokens }) => queuedPrefillTokens,
  kv_usage: ({ heldTokens, capacityTokens }) => heldTokens / capacityTokens,
};

/** Kubernetes' Horizontal Pod Autoscaler (autoscaling/v2, pkg/controller/podautoscaler), each pool by itself. */
export function hpaPolicy(pools: readonly PoolFacts[], spec: HpaSpec): PlannerPolicy {
  const memories = pools.map((): Memory => ({ recommendations: [], changes: [] }));
  return perPool(pools, (pool, { nowNs, pools: seen }) => {
    const memory = memories[pool];
    const current = stayingIn(seen[pool]);
    const asked = recommend(seen[pool], current, spec);
    memory.recommendations.push({ nowNs, replicas: asked.replicas });
    const stable = stabilize(asked.replicas, current, memory, spec, nowNs);
    const replicas = limitRate(stable, current, memory, spec, nowNs);
    if (replicas !== current) memory.changes.push({ nowNs, change: replicas - current });
    const held = replicas === asked.replicas ? '' : `, ${replicas === stable ? 'stabilised' : 'paced'} to ${replicas}`;
    return { replicas, reason: `${asked.reason}${held}` };
  });
}

interface Memory {
  readonly recommendations: { readonly nowNs: number; readonly replicas: number }[];
  readonly changes: { readonly nowNs: number; readonly change: number }[];
}

/** The most replicas that one of the targets asks for. */
function recommend(seen: PoolObservation, current: number, { targets, tolerance }: HpaSpec): PoolDecision {
  const asked = targets.map(({ metric, value }): PoolDecision => {
    const values = seen.ready.map(METRICS[metric]);
    const replicas = replicasFor(values, current - values.length, current, value, tolerance);
    const mean = values.length === 0 ? 0 : values.reduce((sum, each) => sum + each, 0) / values.length;
    return { replicas, reason: `${metric} ${Number(mean.toPrecision(3))} of ${value} asks for ${replicas}` };
  });
  return asked.reduce((most, each) => (each.replicas > most.replicas ? each : most));
}

/** ceil(ratio x replicas); pods that are not ready count as idle when it would be more, and not at all when fewer. */
function replicasFor(
  values: readonly number[],
  unready: number,
  current: number,
  target: number,
  tolerance: number,
): number {
  if (values.length === 0) return current;
  const sum = values.reduce((total, value) => total + value, 0);
  const ratio = sum / values.length / target;
  if (unready === 0 || ratio < 1) {
    if (1 - tolerance <= ratio && ratio <= 1 + tolerance) return current;
    return Math.ceil(ratio * values.length);
  }
  const count = values.length + unready;
  const guarded = sum / count / target;
  if (guarded <= 1 + tolerance) return current;
  return Math.max(current, Math.ceil(guarded * count));
}

/** Upwards no more than the least, downwards no less than the most recommended inside the window. */
function stabilize(asked: number, current: number, memory: Memory, { up, down }: HpaSpec, nowNs: number): number {
  let upMost = asked;
  let downLeast = asked;
  for (const { nowNs: thenNs, replicas } of memory.recommendations) {
    if (thenNs > nowNs - up.stabilizationS * NS_PER_S) upMost = Math.min(upMost, replicas);
    if (thenNs > nowNs - down.stabilizationS * NS_PER_S) downLeast = Math.max(downLeast, replicas);
  }
  const longestNs = Math.max(up.stabilizationS, down.stabilizationS) * NS_PER_S;
  while (memory.recommendations.length > 0 && memory.recommendations[0].nowNs <= nowNs - longestNs) {
    memory.recommendations.shift();
  }
  if (current < upMost) return upMost;
  return current > downLeast ? downLeast : current;
}

/** No more, and no fewer, than the rates allow from what there was when their periods began. */
function limitRate(wanted: number, current: number, memory: Memory, { up, down }: HpaSpec, nowNs: number): number {
  if (wanted > current) return Math.min(wanted, Math.max(current, furthest(up, 1, current, memory, nowNs)));
  if (wanted < current) return Math.max(wanted, Math.min(current, furthest(down, -1, current, memory, nowNs)));
  return wanted;
}

function furthest({ rates, select }: HpaRules, sign: 1 | -1, current: number, memory: Memory, nowNs: number): number {
  if (select === 'disabled') return current;
  if (rates.length === 0) return sign * Number.POSITIVE_INFINITY;
  const limits = rates.map((rate) => limitOf(rate, sign, startOf(rate, current, memory, nowNs)));
  return (select === 'max') === (sign === 1) ? Math.max(...limits) : Math.min(...limits);
}

/** Replicas at the beginning of the rate's period. */
function startOf({ periodS }: HpaRate, current: number, { changes }: Memory, nowNs: number): number {
  return changes.reduce(
    (start, { nowNs: thenNs, change }) => (thenNs > nowNs - periodS * NS_PER_S ? start - change : start),
    current,
  );
}

function limitOf({ type, value }: HpaRate, sign: 1 | -1, start: number): number {
  if (type === 'pods') return start + sign * value;
  return sign === 1 ? Math.ceil(start * (1 + value / 100)) : Math.floor(start * (1 - value / 100));
}
