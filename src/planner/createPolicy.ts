import type { PlannerPolicy } from '../cluster/planner.ts';
import { hpaPolicy } from './hpa.ts';
import type { PolicySpec } from './policySpec.ts';
import type { PoolFacts } from './poolFacts.ts';
import { schedulePolicy } from './schedule.ts';
import { slaPolicy } from './sla.ts';
import { staticPolicy } from './static.ts';
import { thresholdPolicy } from './thresholds.ts';

/** A policy for these pools, which remembers nothing yet. */
export function createPolicy(spec: PolicySpec, pools: readonly PoolFacts[]): PlannerPolicy {
  switch (spec.kind) {
    case 'static':
      return staticPolicy(pools);
    case 'schedule':
      return schedulePolicy(pools, spec);
    case 'thresholds':
      return thresholdPolicy(pools, spec.target);
    case 'sla':
      return slaPolicy(pools, spec);
    case 'hpa':
      return hpaPolicy(pools, spec);
  }
}
