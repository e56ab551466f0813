import { expect, it } from 'vitest';
import { RandomStream } from '../../src/base/random.ts';
import type { Scenario } from '../../src/cluster/scenario.ts';
import { createSimulation } from '../../src/cluster/simulation.ts';
import { hpaPolicy } from '../../src/planner/hpa.ts';
import type { HpaSpec } from '../../src/planner/policySpec.ts';
import { poolFactsOf } from '../../src/planner/poolFacts.ts';
import { fixedTimer } from '../../src/timing/fixed.ts';
import { WorkloadBuilder } from '../../src/workload/workloadBuilder.ts';
import { timelineOf } from '../metamorphic/timeline.ts';
import { PLAIN_VLLM } from '../support/engineConfigs.ts';
import { simulate } from '../support/lawfulSimulation.ts';

const MS = 1e6;

/** A fleet behind round robin whose tokenizers are now idle, now behind; replicas take a batch or two between their requests, or stay empty. */
function scenario(seed: number, core: 'fast' | 'plain'): Scenario {
  const random = new RandomStream(seed, 'lookahead');
  const upTo = (most: number): number => Math.floor(most * random.uniform());
  const builder = new WorkloadBuilder('fleet', 16);
  const gapNs = (1 + upTo(30)) * MS;
  let arrivalNs = 0;
  for (let request = 0; request < 60; request++) {
    arrivalNs += upTo(gapNs);
    builder.add({ arrivalNs, inputTokens: 1 + upTo(400), outputTokens: 1 + upTo(30) });
  }
  return {
    workload: builder.build(),
    load: { kind: 'open', speedup: 1 + upTo(2) },
    pools: [
      {
        name: 'a',
        role: 'aggregated',
        replicas: 1 + upTo(9),
        gpusPerReplica: 1,
        timer: fixedTimer({ prefillMs: 1 + upTo(40), decodeMs: 1 + upTo(10) }),
        engine: {
          ...PLAIN_VLLM,
          maxBatchedTokens: 256,
          maxSequences: 4,
          chunkedPrefill: true,
          prefixCaching: true,
          blockTokens: 16,
          blocks: 40 + upTo(60),
          contextLength: 460,
        },
      },
    ],
    router: { policy: 'round_robin' },
    frontEnd: { requestNs: upTo(50) * MS, perInputTokenNs: upTo(2) * upTo(200_000), tokenizers: 1 },
    transfer: null,
    seed,
    overLength: 'reject',
    maxVirtualNs: upTo(3) === 0 ? 300 * MS : Number.POSITIVE_INFINITY,
    core,
    samples: 0,
  };
}

/** Replicas come and go as requests wait; looked at now often, now seldom. */
function scaled(seed: number, core: 'fast' | 'plain'): Scenario {
  const still = scenario(seed, core);
  const random = new RandomStream(seed, 'planner');
  const startup = { provisioningNs: random.integer(0, 200) * MS, loadNs: 0, warmupNs: 1, warmReplicas: 0 };
  const pools = still.pools.map((pool) => ({ ...pool, startup }));
  return {
    ...still,
    pools,
    planner: {
      intervalNs: random.integer(3, 100) * MS,
      maxGpus: 10,
      minReplicas: [1],
      createPolicy: () => hpaPolicy(pools.map(poolFactsOf), EAGER),
    },
  };
}

const EAGER: HpaSpec = {
  kind: 'hpa',
  targets: [{ metric: 'requests', value: 2 }],
  tolerance: 0.1,
  up: { stabilizationS: 0, rates: [], select: 'max' },
  down: { stabilizationS: 0, rates: [], select: 'max' },
};

it('so they do while a planner looks at them and changes the fleet', () => {
  let changes = 0;
  for (let seed = 1; seed <= 100; seed++) {
    const [ahead, expected] = [simulate(scaled(seed, 'fast')), simulate(scaled(seed, 'plain'))];
    expect(timelineOf(ahead), `seed ${seed}`).toEqual(timelineOf(expected));
    expect(ahead.scaling, `seed ${seed}`).toEqual(expected.scaling);
    changes += ahead.scaling!.decisions.length;
  }
  expect(changes).toBeGreaterThan(500);
});

it('workers that run ahead of the clock come to what they do when events take turns', () => {
  for (let seed = 1; seed <= 200; seed++) {
    const ahead = scenario(seed, 'fast');
    const expected = timelineOf(simulate(scenario(seed, 'plain')));
    expect(timelineOf(simulate(ahead)), `seed ${seed}`).toEqual(expected);
    expect(timelineOf(simulate({ ...ahead, samples: 20 })), `seed ${seed}, watched`).toEqual(expected);
    const steps = createSimulation(ahead);
    while (!steps.advance(3)) {}
    expect(timelineOf(steps.result()), `seed ${seed}, in steps`).toEqual(expected);
  }
});
