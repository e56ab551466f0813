import type { Scenario } from './scenario.ts';

/**
 * Whether workers may run ahead of the clock until the next of their own requests can come: nothing else reaches them, they share nothing, and nobody
 * but a planner, at its ticks, looks at them or waits for what they do. It is the conservative lookahead of Chandy and Misra (1979). Workers of a large
 * fleet then take turns less often, each with its own data in the processor's cache.
 */
export function mayRunAhead(scenario: Scenario): boolean {
  const {
    core,
    load,
    pools,
    router,
    workload,
    frontEnd,
    transfer,
    seed,
    overLength,
    maxVirtualNs,
    samples,
    planner,
    ...features
  } = scenario;
  const { policy, scorer, ...routing } = router;
  if (core === 'plain' || load.kind === 'closed' || !isPlain(features) || !isPlain(routing)) return false;
  if (planner?.routers !== undefined) return false;
  const alone = pools.every(({ name, role, replicas, gpusPerReplica, engine, timer, startup, ...rest }) => {
    return role === 'aggregated' && engine.tiers === undefined && isPlain(rest);
  });
  return alone && workload.nextTurn.every((next) => next < 0);
}

/** Whatever else there is may look at workers, unless it is left out. */
function isPlain(features: object): boolean {
  return Object.values(features).every((feature) => feature === undefined);
}
