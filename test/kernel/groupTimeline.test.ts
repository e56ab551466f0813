import { describe, expect, it } from 'vitest';
import type { Scenario } from '../../src/cluster/scenario.ts';
import { simulate } from '../../src/cluster/simulation.ts';
import type { SimulationResult } from '../../src/cluster/simulationResult.ts';
import type { VllmConfig } from '../../src/engine/vllm/vllmConfig.ts';
import { checkLaws } from '../../src/metrics/laws.ts';
import { differences, timelineOf } from '../metamorphic/timeline.ts';
import { groupScenario } from './groupScenario.ts';

const RUNS = Number(process.env.DYNOSIM_RUNS ?? 200);

/** What a run shows, by name. */
const FEATURES: Record<string, (config: VllmConfig, scenario: Scenario, result: SimulationResult) => boolean> = {
  'one group': ({ kvGroups }) => kvGroups!.length === 1,
  'three groups': ({ kvGroups }) => kvGroups!.length === 3,
  states: ({ kvGroups }) => kvGroups!.some(({ kind }) => kind === 'state'),
  'hits of states': ({ kvGroups }, _, { workers }) =>
    kvGroups!.some(({ kind }) => kind === 'state') && workers.some(({ hitTokens }) => hitTokens > 0),
  'sparse retention': ({ semantics }) => semantics.windowRetentionTokens !== null,
  'windows behind what is processed': ({ asyncScheduling, semantics }) =>
    asyncScheduling && semantics.windowFreedOnProcessed,
  'prefix hits': (_, __, { workers }) => workers.some(({ hitTokens }) => hitTokens > 0),
  evictions: (_, __, { workers }) => workers.some(({ evictedBlocks }) => evictedBlocks > 0),
  preemptions: (_, __, { workers }) => workers.some(({ preemptions }) => preemptions > 0),
  'prefill and decode pools': (_, { transfer }) => transfer !== null,
};

describe('the fast and the plain vLLM core with windows in groups', () => {
  it(`agree on every timestamp of ${RUNS} scenarios`, () => {
    const seen = Object.fromEntries(Object.keys(FEATURES).map((name) => [name, 0]));
    for (let seed = 1; seed <= RUNS; seed++) {
      const scenario = groupScenario(seed, 'fast');
      const fast = simulate(scenario);
      expect(checkLaws(fast, scenario.workload), `seed ${seed}`).toEqual([]);
      const plain = simulate(groupScenario(seed, 'plain'));
      expect(differences(timelineOf(fast), timelineOf(plain)), `seed ${seed}`).toEqual([]);
      const { engine } = scenario.pools[0];
      if (engine.backend !== 'vllm') throw new Error('not vLLM');
      for (const [name, shows] of Object.entries(FEATURES)) if (shows(engine, scenario, fast)) seen[name] += 1;
    }
    for (const [name, count] of Object.entries(seen)) {
      console.log(`${name}: ${((100 * count) / RUNS).toFixed(0)} % of runs`);
      expect(count / RUNS, name).toBeGreaterThanOrEqual(0.1);
    }
  });
});
