import { describe, expect, it } from 'vitest';
import { ROUTER_POLICIES } from '../../src/cluster/router/routerSpec.ts';
import type { Scenario, TransferSpec } from '../../src/cluster/scenario.ts';
import { createSimulation } from '../../src/cluster/simulation.ts';
import type { SimulationResult } from '../../src/cluster/simulationResult.ts';
import { STATE } from '../../src/engine/requestLog.ts';
import { randomScenario } from '../kernel/randomScenario.ts';
import { simulate } from '../support/lawfulSimulation.ts';
import { differences, timelineOf, without } from './timeline.ts';
import { withClock, withEngines, withOneReplica, withoutIds, withPools, withRoom } from './variants.ts';

const RUNS = 200;

const NEVER = Number.POSITIVE_INFINITY;
const NO_FAULTS = { crashes: [], stragglers: [], retries: 3 };

/** The hand-over changed, where there is one. */
const handover =
  (change: Partial<TransferSpec>) =>
  (scenario: Scenario): Scenario | null =>
    scenario.transfer === null ? null : { ...scenario, transfer: { ...scenario.transfer, ...change } };

/** Features that are there and do nothing; null: the scenario has no place for it. */
const INERT: Record<string, (scenario: Scenario) => Scenario | null> = {
  'a list of faults with nothing in it': (scenario) => ({ ...scenario, faults: NO_FAULTS }),
  'migration of requests that are never lost': (scenario) => ({
    ...scenario,
    faults: { ...NO_FAULTS, migrates: true },
  }),
  'a crash that is too late': (scenario) => ({
    ...scenario,
    faults: { ...NO_FAULTS, crashes: [{ worker: 0, atNs: 1e15, downNs: 1 }] },
  }),
  'random crashes, of replicas or nodes, that are too rare': (scenario) => ({
    ...scenario,
    faults: { ...NO_FAULTS, random: { meanUpNs: 1e18, downNs: 1, nodesOf: [[0], [0, 1], [1]] } },
  }),
  'a straggler as fast as the others': (scenario) => ({
    ...scenario,
    faults: { ...NO_FAULTS, stragglers: [{ worker: 0, factor: 1, atNs: 1000, untilNs: 90_000 }] },
  }),
  'a slow link that is not': (scenario) =>
    scenario.network === undefined
      ? null
      : {
          ...scenario,
          faults: { ...NO_FAULTS, slowLinks: [{ of: { worker: 0 }, factor: 1, atNs: 0, untilNs: NEVER }] },
        },
  'clients with patience without end': (scenario) => ({
    ...scenario,
    patience: { firstTokenNs: 1e15, wholeNs: 1e15, abandoned: { share: 0, meanNs: 1 } },
  }),
  'a limit on requests that is never met': (scenario) => ({ ...scenario, maxInFlight: 1e9 }),
  'a limit on KV in use that cannot be passed': (scenario) => ({ ...scenario, maxKvUsage: 1 }),
  'a start-up that takes no time': (scenario) => ({
    ...scenario,
    pools: scenario.pools.map((pool) => ({ ...pool, startupNs: 0 })),
  }),
  'a front end that takes no time': (scenario) => ({
    ...scenario,
    frontEnd: { requestNs: 0, perInputTokenNs: 0, tokenizers: 1 },
  }),
  'a hand-over that may take for ever': handover({ timeoutNs: 1e15 }),
  'resharding that costs nothing': (scenario) =>
    scenario.transfer?.reshard !== undefined
      ? null
      : handover({ reshard: scenario.pools.map(() => scenario.pools.map(() => 0)) })(scenario),
};

/** What is present but has no effect must leave the timeline as it is, to the last nanosecond. */
describe('null-feature identities', () => {
  it('sampling', () => {
    forEachScenario((scenario, result, seed) => {
      for (const samples of [1, 7, 500]) expectSame(simulate({ ...scenario, samples }), result, seed);
    });
  });

  it('any router where there is one replica to choose', () => {
    forEachScenario((drawn, _result, seed) => {
      const scenario = withOneReplica(drawn);
      const expected = simulate({ ...scenario, router: { policy: 'round_robin' } });
      for (const policy of ROUTER_POLICIES) {
        expectSame(simulate({ ...scenario, router: { policy } }), expected, seed);
        expectSame(simulate({ ...scenario, router: { policy }, seed: seed + 1 }), expected, seed);
      }
    });
  });

  it('a network wide enough for anything, with the same wires in it', () => {
    let split = 0;
    forEachScenario(({ network: _, ...scenario }, _result, seed) => {
      if (scenario.transfer === null) return;
      split += 1;
      const wide = Number.POSITIVE_INFINITY;
      for (const nodesPerLeaf of [1, wide]) {
        const network = {
          gpusPerNode: 2,
          scaleUpGpus: 2,
          scaleUpBytesPerS: wide,
          nicsPerNode: 1,
          nicBytesPerS: wide,
          nodesPerLeaf,
          oversubscription: 4,
        };
        expectSame(simulate({ ...scenario, network }), simulate(scenario), seed);
      }
    });
    expect(split).toBeGreaterThan(20);
  });

  it('conditional remote prefill that always goes remote, where there is one decode replica to choose first', () => {
    let split = 0;
    forEachScenario((drawn, _result, seed) => {
      const { transfer, ...scenario } = withOneReplica(drawn);
      if (transfer === null) return;
      split += 1;
      const { local: _, ...remote } = transfer;
      const local = { maxTokens: -1, maxQueue: NEVER };
      expectSame(
        simulate({ ...scenario, transfer: { ...remote, local } }),
        simulate({ ...scenario, transfer: remote }),
        seed,
      );
    });
    expect(split).toBeGreaterThan(20);
  });

  describe.each(Object.entries(INERT))('%s', (_name, change) => {
    it('changes nothing', () => {
      let changed = 0;
      forEachScenario((scenario, result, seed) => {
        const other = change(scenario);
        if (other === null) return;
        changed += 1;
        expectSame(simulate(other), result, seed);
      });
      expect(changed).toBeGreaterThan(20);
    });
  });

  it('reports of load to a router that reads none', () => {
    forEachScenario((drawn, _result, seed) => {
      const scenario = { ...drawn, router: { policy: 'round_robin' } } as const;
      const reported = { ...scenario, router: { ...scenario.router, reportIntervalNs: 1777 } };
      expectSame(simulate(reported), simulate(scenario), seed);
    });
  });

  it('affinity that has run out, and a queue that never holds back', () => {
    forEachScenario((drawn, _result, seed) => {
      const scenario = { ...drawn, router: { policy: 'kv_router' } } as const;
      const router = {
        ...scenario.router,
        affinity: { ttlNs: -1 },
        queue: { thresholdTokens: Number.POSITIVE_INFINITY, order: 'wspt' },
      } as const;
      expectSame(simulate({ ...scenario, router }), simulate(scenario), seed);
    });
  });

  it('prefix caching where no text is shared and nobody is preempted', () => {
    let untouched = 0;
    let evicting = 0;
    forEachScenario((drawn, _result, seed) => {
      const scenario = { ...drawn, workload: withoutIds(drawn.workload) };
      const off = simulate(withEngines(scenario, { prefixCaching: false }));
      if (off.workers.some(({ preemptions }) => preemptions > 0)) return;
      const on = simulate(withEngines(scenario, { prefixCaching: true }));
      const rest = (result: SimulationResult) => without(timelineOf(result), 'evictedBlocks');
      expect(differences(rest(on), rest(off)), `seed ${seed}`).toEqual([]);
      untouched += 1;
      if (on.workers.some(({ evictedBlocks }) => evictedBlocks > 0)) evicting += 1;
    });
    // The pages of the dead fill the cache and are thrown out again: that, too, must not matter.
    expect(untouched).toBeGreaterThan(RUNS / 4);
    expect(evicting).toBeGreaterThan(RUNS / 20);
  });

  it('a transfer over an infinite, immediate link', () => {
    let transferring = 0;
    forEachScenario(({ network: _, ...scenario }, _result, seed) => {
      if (scenario.transfer === null) return;
      const { reshard: __, ...transfer } = scenario.transfer;
      const free = { ...transfer, bandwidthBytesPerS: Number.POSITIVE_INFINITY, latencyNs: 0 };
      const result = simulate({ ...scenario, transfer: free });
      for (let request = 0; request < result.log.count; request++) {
        expect(result.log.e2eStateNs(request, STATE.transfer), `seed ${seed}`).toBe(0);
      }
      // Nothing to move takes no time either, but for the latency.
      const weightless = { ...free, bandwidthBytesPerS: 1, kvBytesPerToken: 0 };
      expectSame(simulate({ ...scenario, transfer: weightless }), result, seed);
      transferring += 1;
    });
    expect(transferring).toBeGreaterThan(RUNS / 10);
  });

  it('a speed-up of 1, and a speed-up of 4 of a workload four times as slow', () => {
    forEachScenario((scenario, _result, seed) => {
      const { workload } = scenario;
      const authored = simulate({ ...scenario, load: { kind: 'open', speedup: 1 }, overLength: 'reject' });
      for (let request = 0; request < workload.count; request++) {
        const arrivalNs = authored.log.arrivalNs[request];
        if (workload.isFollowUp[request] === 1 || arrivalNs < 0) continue;
        expect(arrivalNs, `seed ${seed}`).toBe(workload.arrivalNs[request]);
      }
      const slow = { ...scenario, workload: withClock(workload, 4, 0), overLength: 'reject' } as const;
      expectSame(simulate({ ...slow, load: { kind: 'open', speedup: 4 } }), authored, seed);
    });
  });

  it('the over-length rule where nothing is over length', () => {
    forEachScenario((drawn, _result, seed) => {
      const scenario = withRoom(drawn);
      const expected = simulate({ ...scenario, overLength: 'reject' });
      for (const overLength of ['drop', 'truncate'] as const) {
        expectSame(simulate({ ...scenario, overLength }), expected, seed);
      }
    });
  });

  it('a time limit that nothing reaches', () => {
    forEachScenario((scenario, _result, seed) => {
      const unlimited = simulate({ ...scenario, maxVirtualNs: Number.POSITIVE_INFINITY });
      expectSame(simulate({ ...scenario, maxVirtualNs: unlimited.durationNs }), unlimited, seed);
    });
  });

  it('whatever comes after a moment, up to that moment', () => {
    forEachScenario((drawn, _result, seed) => {
      const scenario = { ...drawn, maxVirtualNs: Number.POSITIVE_INFINITY };
      const whole = simulate(scenario);
      const untilNs = Math.floor(whole.durationNs / 2);
      const cut = simulate({ ...scenario, maxVirtualNs: untilNs });
      for (const column of ['arrivalNs', 'scheduledNs', 'firstTokenNs', 'lastTokenNs'] as const) {
        const known = (result: SimulationResult) =>
          [...result.log[column]].map((time) => (time <= untilNs ? time : -1));
        expect(known(cut), `${column}, seed ${seed}`).toEqual(known(whole));
      }
    });
  });

  it('a closed loop with a slot for every session, and everything arriving at 0', () => {
    forEachScenario((drawn, _result, seed) => {
      const scenario = { ...withRoom(drawn), maxVirtualNs: Number.POSITIVE_INFINITY };
      const { workload } = scenario;
      const closed = simulate({ ...scenario, load: { kind: 'closed', concurrency: workload.count } });
      const atOnce = { ...workload, arrivalNs: workload.arrivalNs.map((time) => Math.min(time, 0)) };
      expectSame(simulate({ ...scenario, workload: atOnce, load: { kind: 'open', speedup: 1 } }), closed, seed);
    });
  });

  it('a memory and a batch larger than anyone needs', () => {
    forEachScenario((drawn, _result, seed) => {
      const scenario = withRoom(drawn);
      // Routers that read states never see the size of the memory, only what is held of it.
      const larger = withPools(scenario, (pool) => ({
        ...pool,
        engine: { ...pool.engine, blocks: pool.engine.blocks * 3, contextLength: pool.engine.contextLength * 2 },
      }));
      expectSame(simulate(larger), simulate(scenario), seed);
    });
  });
});

describe('how a simulation is run', () => {
  it('makes no difference: in steps of a pass, of three, or in one go', () => {
    forEachScenario((scenario, result, seed) => {
      for (const passes of [1, 3]) {
        const simulation = createSimulation(scenario);
        let calls = 0;
        while (!simulation.advance(passes)) calls += 1;
        expect(simulation.status().done).toBe(true);
        expect(calls * passes, `seed ${seed}`).toBeLessThanOrEqual(result.passes + passes);
        expectSame(simulation.result(), result, seed);
      }
    });
  });

  it('makes no difference: again, beside another one, or for the hundredth time in a process', () => {
    const scenario = randomScenario(7, 'fast');
    const first = simulate(scenario);
    for (let time = 2; time <= 100; time++) {
      const one = createSimulation(scenario);
      const other = createSimulation(randomScenario(time, 'fast'));
      let done = false;
      while (!done) {
        done = one.advance(5);
        other.advance(3);
      }
      expectSame(one.result(), first, time);
    }
  });
});

function forEachScenario(check: (scenario: Scenario, result: SimulationResult, seed: number) => void): void {
  for (let seed = 1; seed <= RUNS; seed++) {
    const scenario = randomScenario(seed, 'fast');
    check(scenario, simulate(scenario), seed);
  }
}

function expectSame(a: SimulationResult, b: SimulationResult, seed: number): void {
  expect(differences(timelineOf(a), timelineOf(b)), `seed ${seed}`).toEqual([]);
}
