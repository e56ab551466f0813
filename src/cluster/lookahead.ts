import type { RouterSpec } from './router/routerSpec.ts';
import type { Scenario } from './scenario.ts';

/**
 * Whether workers may run ahead of the clock until the next of their own requests can come: nothing else reaches them, they share nothing, and nobody
 * looks at them or waits for what they do. It is the conservative lookahead of Chandy and Misra (1979). Workers of a large
 * fleet then take turns less often, each with its own data in the processor's cache.
 */
export function mayRunAhead(scenario: Scenario): boolean {
  const { core, load, pools, router, workload } = scenario;
  const { network, faults, planner, patience, maxInFlight } = scenario;
  if (core === 'plain' || load.kind === 'closed' || isStateful(router)) return false;
  for (const feature of [network, faults, planner, patience, maxInFlight]) if (feature !== undefined) return false;
  const alone = pools.every(({ role, engine, startupNs = 0 }) => {
    return role === 'aggregated' && engine.tiers === undefined && startupNs === 0;
  });
  return alone && workload.nextTurn.every((next) => next < 0);
}

function isStateful({ affinity, queue, reportIntervalNs }: RouterSpec): boolean {
  return affinity !== undefined || queue !== undefined || reportIntervalNs !== undefined;
}
