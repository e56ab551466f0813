import type { ScalingRecord } from '../cluster/simulationResult.ts';

/** Decisions after which some pool was to have another number of replicas. */
export function scaleEventsOf({ decisions }: ScalingRecord): number {
  return decisions.filter(({ from, granted }) => granted.some((replicas, pool) => replicas !== from[pool])).length;
}
