import { describe, expect, it } from 'vitest';
import type { Scenario } from '../../src/cluster/scenario.ts';
import { simulate } from '../../src/cluster/simulation.ts';
import type { SimulationResult } from '../../src/cluster/simulationResult.ts';
import { STATE } from '../../src/engine/requestLog.ts';
import type { TierName } from '../../src/kv/kvTiers.ts';
import { checkLaws } from '../../src/metrics/laws.ts';
import { differences, timelineOf } from '../metamorphic/timeline.ts';
import { sglangScenario } from './sglangScenario.ts';
import { withTiers } from './tiersScenario.ts';
import { trtllmScenario } from './trtllmScenario.ts';
import { vllmScenario } from './vllmScenario.ts';

const RUNS = Number(process.env.DYNOSIM_RUNS ?? 600);

const loads = (name: TierName) => (_: Scenario, result: SimulationResult) =>
  result.workers.some(({ tiers }) => tiers.some((use) => use.name === name && use.loadedPages > 0));

/** What a run shows, by name. */
const FEATURES: Record<string, (scenario: Scenario, result: SimulationResult) => boolean> = {
  'loads from host memory': loads('host'),
  'loads from disk': loads('disk'),
  'loads from the shared store': loads('shared'),
  'loads and preemptions': (_, { workers }) =>
    workers.some(({ preemptions, tiers }) => preemptions > 0 && tiers.some(({ loadedPages }) => loadedPages > 0)),
  'time spent onboarding': (_, { log }) => onboardingNs(log) > 0,
  'loads that hold everybody up': ({ pools }, { log }) =>
    pools.some(({ engine }) => engine.tiers?.onboarding === 'blocking') && onboardingNs(log) > 0,
  'stores on eviction': ({ pools }, { workers }) =>
    workers.some(
      ({ pool, tiers }) => pools[pool].engine.tiers?.levels[0].write === 'on_eviction' && tiers[0].storedPages > 0,
    ),
};

/** Only vLLM's connector may hold admissions up. */
const { 'loads that hold everybody up': _, ...withoutBlocking } = FEATURES;

function onboardingNs(log: SimulationResult['log']): number {
  let sum = 0;
  for (let request = 0; request < log.count; request++) sum += log.e2eStateNs(request, STATE.onboarding);
  return sum;
}

const ENGINES = [
  { name: 'vLLM', scenarioOf: vllmScenario, features: FEATURES, leastShare: 0.1 },
  { name: 'SGLang', scenarioOf: sglangScenario, features: withoutBlocking, leastShare: 0.01 },
  { name: 'TensorRT-LLM', scenarioOf: trtllmScenario, features: withoutBlocking, leastShare: 0.01 },
] as const;

describe.each(ENGINES)('KV tiers under $name', ({ scenarioOf, features, leastShare }) => {
  it(`leave the fast and the plain core in agreement on every timestamp and page of ${RUNS} scenarios`, () => {
    const seen = Object.fromEntries(Object.keys(features).map((name) => [name, 0]));
    for (let seed = 1; seed <= RUNS; seed++) {
      const scenario = withTiers(scenarioOf(seed, 'fast'), seed);
      const fast = simulate(seed % 5 === 0 ? { ...scenario, samples: 64 } : scenario);
      expect(checkLaws(fast, scenario.workload), `seed ${seed}`).toEqual([]);
      const plain = simulate(withTiers(scenarioOf(seed, 'plain'), seed));
      expect(differences(timelineOf(fast), timelineOf(plain)), `seed ${seed}`).toEqual([]);
      for (const [worker, { tiers }] of fast.workers.entries()) {
        expect(tiers, `seed ${seed}`).toEqual(plain.workers[worker].tiers);
      }
      for (const [name, shows] of Object.entries(features)) if (shows(scenario, fast)) seen[name] += 1;
    }
    for (const [name, count] of Object.entries(seen)) {
      console.log(`${name}: ${((100 * count) / RUNS).toFixed(0)} % of runs`);
      expect(count / RUNS, name).toBeGreaterThanOrEqual(leastShare);
    }
  });

  it('make no difference when they hold nothing', () => {
    for (let seed = 1; seed <= 100; seed++) {
      const without = scenarioOf(seed, 'fast');
      const empty = withTiers(without, seed);
      const pools = empty.pools.map((pool) => {
        const { tiers } = pool.engine;
        if (tiers === undefined) return pool;
        const levels = tiers.levels.map((level) => ({ ...level, pages: 0 }));
        return { ...pool, engine: { ...pool.engine, tiers: { ...tiers, levels } } };
      });
      const one = simulate(without);
      const other = simulate({ ...empty, pools });
      expect([...checkLaws(one, without.workload), ...checkLaws(other, without.workload)]).toEqual([]);
      expect(differences(timelineOf(one), timelineOf(other)), `seed ${seed}`).toEqual([]);
    }
  });
});
