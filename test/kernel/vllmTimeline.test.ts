import { describe, expect, it } from 'vitest';
import type { Scenario } from '../../src/cluster/scenario.ts';
import { simulate } from '../../src/cluster/simulation.ts';
import type { SimulationResult } from '../../src/cluster/simulationResult.ts';
import { isPaced, type VllmConfig } from '../../src/engine/vllm/vllmConfig.ts';
import { checkLaws } from '../../src/metrics/laws.ts';
import { differences, timelineOf } from '../metamorphic/timeline.ts';
import { vllmScenario } from './vllmScenario.ts';

const RUNS = Number(process.env.DYNOSIM_RUNS ?? 600);

/** What a run shows, by name. */
const FEATURES: Record<string, (config: VllmConfig, scenario: Scenario, result: SimulationResult) => boolean> = {
  'asynchronous scheduling': (config) => config.asyncScheduling,
  'asynchronous scheduling with preemption': (config, _, { workers }) =>
    config.asyncScheduling && workers.some(({ preemptions }) => preemptions > 0),
  'stops before the limit with asynchronous scheduling': ({ asyncScheduling, pipelineStages }, { workload }) =>
    asyncScheduling &&
    pipelineStages === 1 &&
    workload.maxOutputTokens.some((tokens, request) => tokens > workload.outputTokens[request]),
  'a limit on chunks': (config) => config.longPrefillTokens > 0,
  'no chunks, oversized prompts passed over': ({ chunkedPrefill, semantics }) =>
    !chunkedPrefill && !semantics.oversizedStopsAdmission,
  'no gate for whole prompts': ({ semantics }) => !semantics.fullIslGate,
  'scratch pages last': ({ semantics }) => !semantics.unhashedFreedFirst,
  'by priority': ({ policy }) => policy === 'priority',
  'preemption by priority': ({ policy }, _, { workers }) =>
    policy === 'priority' && workers.some(({ preemptions }) => preemptions > 0),
  'a pipeline': ({ pipelineStages }) => pipelineStages > 1,
  'attention-DP ranks': ({ attentionDataRanks }) => attentionDataRanks > 1,
  'ranks that compute prompts in some steps': (config) => isPaced(config),
  watermark: ({ watermark }) => watermark > 0,
  speculation: ({ speculation }) => speculation !== null,
  'speculation with asynchronous scheduling': ({ speculation, asyncScheduling }) =>
    speculation !== null && asyncScheduling,
  'speculation with preemption': ({ speculation }, _, { workers }) =>
    speculation !== null && workers.some(({ preemptions }) => preemptions > 0),
};

describe('the fast and the plain vLLM core', () => {
  it(`agree on every timestamp of ${RUNS} scenarios with options`, () => {
    const seen = Object.fromEntries(Object.keys(FEATURES).map((name) => [name, 0]));
    for (let seed = 1; seed <= RUNS; seed++) {
      const scenario = vllmScenario(seed, 'fast');
      const fast = simulate(seed % 5 === 0 ? { ...scenario, samples: 64 } : scenario);
      expect(checkLaws(fast, scenario.workload), `seed ${seed}`).toEqual([]);
      const plain = simulate(vllmScenario(seed, 'plain'));
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
