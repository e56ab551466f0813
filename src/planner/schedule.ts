import type { PlannerPolicy } from '../cluster/planner.ts';
import type { PolicySpec } from './policySpec.ts';
import type { PoolFacts } from './poolFacts.ts';

/** Replicas and router by the clock: the last entry that is due; before the first one the pools stay as they are. */
export function schedulePolicy(
  pools: readonly PoolFacts[],
  { entries, periodS }: Extract<PolicySpec, { kind: 'schedule' }>,
): PlannerPolicy {
  const initial = pools.map(({ replicas }) => replicas);
  return {
    decide({ nowNs }) {
      const nowS = nowNs / 1e9;
      const inPeriodS = periodS === null ? nowS : nowS - Math.floor(nowS / periodS) * periodS;
      const due = entries.filter(({ atS }) => atS <= inPeriodS).at(-1);
      // In a later period what the last one ended with goes on until the first entry.
      const entry = due ?? (periodS !== null && nowS >= periodS ? entries.at(-1) : undefined);
      if (entry === undefined) return { replicas: initial, reason: 'nothing is due yet' };
      const { atS, replicas, router } = entry;
      return { replicas, ...(router === undefined ? {} : { router }), reason: `scheduled from ${atS} s` };
    },
  };
}
