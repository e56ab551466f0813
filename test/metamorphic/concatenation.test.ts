import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/base/random.ts';
import type { Scenario } from '../../src/cluster/scenario.ts';
import type { SimulationResult } from '../../src/cluster/simulationResult.ts';
import { OUTCOME } from '../../src/engine/requestLog.ts';
import type { Workload } from '../../src/workload/workload.ts';
import { randomScenario, randomWorkload } from '../kernel/randomScenario.ts';
import { simulate } from '../support/lawfulSimulation.ts';
import { differences, joined, perRequest, reclocked, timelineOf } from './timeline.ts';
import { concatenated, withOneReplica } from './variants.ts';

/**
 * Two workloads with no block in common, the second starting after the first has drained: nothing may carry over. Not
 * even through a full prefix cache: what the first leaves there is free for the taking and older than all that the second
 * leaves, so it only stands in for blank pages.
 */
describe.each(['fast', 'plain'] as const)('independent workloads one after the other (%s core)', (core) => {
  it('equal separate runs', () => {
    const shown = { 'several replicas': 0, 'prefill/decode': 0, 'eviction in the second alone': 0 };
    const RUNS = 250;
    for (let seed = 1; seed <= RUNS; seed++) {
      const drawn = randomScenario(seed, core);
      const open: Scenario = { ...drawn, load: { kind: 'open', speedup: 1 }, maxVirtualNs: Number.POSITIVE_INFINITY };
      const spread: Scenario = { ...open, router: { policy: 'round_robin' } };
      const scenario = endsWhereItBegan(spread, simulate(spread)) ? spread : withOneReplica(open);
      const later = workloadOf(seed, scenario.workload.blockTokens);

      const first = simulate(scenario);
      const second = simulate({ ...scenario, workload: later });
      const startNs = first.durationNs + 1 + seed;
      const both = simulate({ ...scenario, workload: concatenated(scenario.workload, later, startNs) });

      const apart = joined(perRequest(timelineOf(first)), perRequest(reclocked(timelineOf(second), 1, startNs)));
      expect(differences(perRequest(timelineOf(both)), apart), `seed ${seed}`).toEqual([]);
      expect(both.passes, `seed ${seed}`).toBe(first.passes + second.passes);
      if (scenario.pools.some(({ replicas }) => replicas > 1)) shown['several replicas'] += 1;
      if (scenario.transfer !== null) shown['prefill/decode'] += 1;
      if (second.workers.some(({ evictedBlocks }) => evictedBlocks > 0)) shown['eviction in the second alone'] += 1;
    }
    for (const [what, count] of Object.entries(shown)) {
      console.log(`${what}: ${((100 * count) / RUNS).toFixed(0)} % of pairs`);
      expect(count / RUNS, what).toBeGreaterThanOrEqual(0.1);
    }
  });
});

/** Whether going round the replicas of each role has come back to the first of them. */
function endsWhereItBegan({ pools }: Scenario, { log }: SimulationResult): boolean {
  const routed = log.outcome.reduce((count, outcome) => count + (outcome === OUTCOME.completed ? 1 : 0), 0);
  return [...new Set(pools.map(({ role }) => role))].every((role) => {
    const replicas = pools.reduce((sum, pool) => sum + (pool.role === role ? pool.replicas : 0), 0);
    return routed % replicas === 0;
  });
}

/** A random workload with the given block size. */
function workloadOf(seed: number, blockTokens: number): Workload {
  for (let draw = 0; ; draw++) {
    const workload = randomWorkload(new RandomStream(seed, 'concatenation', draw));
    if (workload.blockTokens === blockTokens) return workload;
  }
}
