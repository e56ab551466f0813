import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/base/random.ts';
import type { Scenario } from '../../src/cluster/scenario.ts';
import { OUTCOME } from '../../src/engine/requestLog.ts';
import { createPolicy } from '../../src/planner/createPolicy.ts';
import type { PolicySpec } from '../../src/planner/policySpec.ts';
import { poolFactsOf } from '../../src/planner/poolFacts.ts';
import { differences, timelineOf } from '../metamorphic/timeline.ts';
import { simulate } from '../support/lawfulSimulation.ts';
import { randomScenario } from './randomScenario.ts';

const FREE = { stabilizationS: 0, rates: [], select: 'max' } as const;
const REGRESSION = { samples: 16, buckets: 4, minObservations: 2 };

/** One of each kind, with bounds that the random scenarios' microseconds meet now and then. */
function policies(random: RandomStream, pools: number): Record<string, PolicySpec> {
  const forecast = {
    model: { kind: 'holt_winters', alpha: 0.5, beta: 0.2, gamma: 0.1, seasonTicks: 3 },
    marginQuantile: 0.9,
  } as const;
  const sla = { kind: 'sla', ttftMs: 0.05, itlMs: 0.005, regression: REGRESSION } as const;
  const load = { scaleDownSensitivity: 0.8 };
  const replicas = () => Array.from({ length: pools }, () => random.integer(0, 4));
  return {
    static: { kind: 'static' },
    schedule: {
      kind: 'schedule',
      entries: [1, 5, 9].map((tick) => ({ atS: tick * 1e-5, replicas: replicas() })),
      periodS: 1.5e-4,
    },
    throughput: { kind: 'thresholds', target: 'throughput' },
    latency: { kind: 'thresholds', target: 'latency' },
    load: { ...sla, load, throughput: null },
    forecast: { ...sla, load: null, throughput: { everyTicks: 3, maxChange: 2, forecast } },
    both: { ...sla, load, throughput: { everyTicks: 2, maxChange: 8, forecast } },
    hpa: { kind: 'hpa', targets: [{ metric: 'requests', value: 2 }], tolerance: 0.1, up: FREE, down: FREE },
  };
}

function planned(scenario: Scenario, spec: PolicySpec, intervalNs: number): Scenario {
  const gpus = scenario.pools.reduce((sum, { replicas, gpusPerReplica }) => sum + replicas * gpusPerReplica, 0);
  return {
    ...scenario,
    planner: {
      intervalNs,
      maxGpus: gpus + 3,
      minReplicas: scenario.pools.map(() => 1),
      createPolicy: () => createPolicy(spec, scenario.pools.map(poolFactsOf)),
    },
  };
}

describe('every policy, in random scenarios', () => {
  it('loses no request, keeps to budget and minimums, and decides alike over both cores', () => {
    const acted = new Map<string, number>();
    for (let seed = 1; seed <= 30; seed++) {
      const random = new RandomStream(seed, 'policies');
      const fast = randomScenario(seed, 'fast');
      const intervalNs = random.integer(5_000, 40_000);
      for (const [name, spec] of Object.entries(policies(random, fast.pools.length))) {
        const scenario = planned(fast, spec, intervalNs);
        const result = simulate(scenario);
        const { log, scaling } = result;
        const plain = simulate(planned(randomScenario(seed, 'plain'), spec, intervalNs));
        expect(differences(timelineOf(result), timelineOf(plain)), `${name}, seed ${seed}`).toEqual([]);
        expect(scaling).toEqual(plain.scaling);
        const lost = log.outcome.some((outcome, r) => outcome === OUTCOME.pending && log.arrivalNs[r] >= 0);
        expect(lost, `${name}, seed ${seed}`).toBe(false);
        expect(scaling!.gpusPeak).toBeLessThanOrEqual(scenario.planner!.maxGpus);
        for (const { granted, reason } of scaling!.decisions) {
          expect(Math.min(...granted), `${name}, seed ${seed}`).toBeGreaterThanOrEqual(1);
          expect(reason).not.toMatch(/NaN|undefined/);
        }
        if (scaling!.decisions.length > 0) acted.set(name, (acted.get(name) ?? 0) + 1);
        if (name === 'static') expect(differences(timelineOf(result), timelineOf(simulate(fast)))).toEqual([]);
      }
    }
    for (const name of Object.keys(policies(new RandomStream(1, ''), 1))) {
      if (name === 'static') expect(acted.has(name)).toBe(false);
      else expect(acted.get(name) ?? 0, name).toBeGreaterThan(5);
    }
  });
});
