import type { PlannerSpec } from './planner.ts';
import type { Scenario } from './scenario.ts';

/** Throws an Error on a scenario that breaks its own contract. */
export function checkScenario(scenario: Scenario): void {
  const roles = new Set(scenario.pools.map((pool) => pool.role));
  const split = roles.has('prefill') && roles.has('decode');
  if (roles.has('prefill') !== roles.has('decode') || roles.size === 0) {
    throw new Error('pools must be aggregated, or prefill and decode, or all three');
  }
  if (split && scenario.transfer === null) throw new Error('prefill and decode pools need a transfer');
  const { order, streamedShare, local } = scenario.transfer ?? {};
  if (streamedShare !== undefined && (order !== 'destination_first' || streamedShare >= 1)) {
    throw new Error('only a part of the KV can move before the prompt is computed, and only destination first');
  }
  if (
    local !== undefined &&
    scenario.pools.some(({ role, engine }) => role === 'decode' && engine.backend === 'sglang')
  ) {
    throw new Error('decode workers of SGLang compute no prompts');
  }
  const { policy, scorer, queue } = scenario.router;
  const isBooked = policy === 'kv_router' ? scorer?.load !== 'reported' : scorer?.load === 'booked';
  if (queue !== undefined && !isBooked) throw new Error('a router queue needs a router that books load');
  if (queue !== undefined && (roles.size === 3 || scenario.planner?.routers !== undefined)) {
    throw new Error('a router queue needs one way and one router');
  }
  const { faults, planner } = scenario;
  if (planner !== undefined) checkPlanner(scenario, planner);
  if ((faults?.retries ?? 0) > 255) throw new Error('more retries than 255');
  for (const { name, engine, replicas, timer } of scenario.pools) {
    if (replicas < 1 && planner === undefined) throw new Error(`pool ${name} has no replicas`);
    if (engine.backend === 'vllm' && engine.maxSequences > engine.maxBatchedTokens)
      throw new Error(`pool ${name}: more sequences than tokens a pass`);
    if (engine.blocks < 2) throw new Error(`pool ${name} has no usable KV block`);
    if (timer.window < 0) throw new Error(`pool ${name}: negative window`);
  }
}

function checkPlanner({ pools }: Scenario, { intervalNs, minReplicas, maxGpus, kinds }: PlannerSpec): void {
  if (!(intervalNs >= 1)) throw new Error('a planner needs an interval');
  if (minReplicas.length !== pools.length) throw new Error('a planner needs a minimum for each pool');
  if (kinds !== undefined) {
    if (kinds.length !== pools.length) throw new Error('a planner needs a kind for each pool');
    for (const [pool, { gpusPerReplica }] of pools.entries()) {
      const first = pools[kinds.indexOf(kinds[pool])];
      if (first.gpusPerReplica !== gpusPerReplica) throw new Error('replicas of one kind need as many GPUs');
    }
  }
  let initial = 0;
  let least = 0;
  for (const [pool, { replicas, gpusPerReplica, startup }] of pools.entries()) {
    const warm = startup?.warmReplicas ?? 0;
    initial += (replicas + warm) * gpusPerReplica;
    least += (minReplicas[pool] + warm) * gpusPerReplica;
  }
  if (Math.max(initial, least) > maxGpus) throw new Error(`the planner has ${maxGpus} GPUs, too few to begin with`);
}
