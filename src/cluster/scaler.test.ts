import { describe, expect, it } from 'vitest';
import { handPool, handScenario, MS, shortRequests } from '../../test/support/handScenario.ts';
import { simulate } from '../../test/support/lawfulSimulation.ts';
import { STATE } from '../engine/requestLog.ts';
import { boundedReplicas } from './gpuBudget.ts';
import type { Observation, PlannerSpec } from './planner.ts';
import type { PoolSpec, Scenario } from './scenario.ts';
import type { ScalingRecord } from './simulationResult.ts';

/** Short requests on a worker of two GPUs that starts for 30 + 20 + 10 ms, with a planner that looks every 50 ms. */
function scenario(arrivalsMs: readonly number[], pool: Partial<PoolSpec>, planner: Partial<PlannerSpec>): Scenario {
  const startup = { provisioningNs: 30 * MS, loadNs: 20 * MS, warmupNs: 10 * MS, warmReplicas: 0 };
  return handScenario(shortRequests(arrivalsMs), {
    pools: [handPool({ gpusPerReplica: 2, startup, ...pool })],
    planner: { intervalNs: 50 * MS, maxGpus: 8, minReplicas: [1], createPolicy: () => script([]), ...planner },
  });
}

/** Wants so many replicas at each tick, and the last number ever after; notes what it sees. */
function script(wanted: readonly number[], seen: Observation[] = []) {
  return {
    decide(observation: Observation) {
      seen.push(observation);
      return { replicas: [wanted[Math.min(seen.length, wanted.length) - 1] ?? 1], reason: 'as written' };
    },
  };
}

/** `ms starting/ready/draining` at each change. */
const changes = (scaling: ScalingRecord | null) =>
  scaling!.replicas.map(({ timeNs, starting, ready, draining }) => `${timeNs / MS} ${starting}/${ready}/${draining}`);

describe('replicas that come and go, against times worked out by hand', () => {
  it('start for 30 + 20 + 10 ms, are routed to, drain, and are gone with their last request', () => {
    const { scaling, log, workers, durationNs } = simulate(
      scenario([0, 105, 115, 120], {}, { createPolicy: () => script([2, 2, 1]) }),
    );
    // Asked for at 50, ready at 110: the third request. At 150 it drains, and has its last token at 115 + 100 + 20.
    expect(changes(scaling)).toEqual(['0 0/1/0', '50 1/1/0', '110 0/2/0', '150 0/1/1', '235 0/1/0']);
    expect([...log.worker]).toEqual([0, 0, 1, 0]);
    expect([...log.lastTokenNs].map((ns) => ns / MS)).toEqual([210, 320, 235, 330]);
    expect(workers.map(({ presence }) => presence)).toEqual([
      { startingNs: 0, servingNs: durationNs, drainingNs: 0 },
      { startingNs: 60 * MS, servingNs: 40 * MS, drainingNs: 85 * MS },
    ]);
    expect(scaling!.decisions.map(({ timeNs, from, granted }) => [timeNs / MS, from[0], granted[0]])).toEqual([
      [50, 1, 2],
      [150, 2, 1],
    ]);
  });

  it('take a warm node without provisioning, the next one only when it has been replaced', () => {
    const startup = { provisioningNs: 80 * MS, loadNs: 10 * MS, warmupNs: 0, warmReplicas: 1 };
    const { scaling } = simulate(
      scenario([0, 50, 100, 150, 200, 250], { startup }, { createPolicy: () => script([2, 3, 3, 4]), maxGpus: 10 }),
    );
    // Warm at 50, cold at 100 (the node comes back at 130), warm again at 200.
    expect(changes(scaling)).toEqual([
      '0 0/1/0',
      '50 1/1/0',
      '60 0/2/0',
      '100 1/2/0',
      '190 0/3/0',
      '200 1/3/0',
      '210 0/4/0',
    ]);
    expect(scaling!.gpusPeak).toBe(10);
  });

  it('that are not wanted any more while they start are gone at once, and come anew', () => {
    const { scaling, workers } = simulate(scenario([0, 200], {}, { createPolicy: () => script([3, 2, 3]) }));
    expect(changes(scaling)).toEqual(['0 0/1/0', '50 2/1/0', '100 1/1/0', '110 0/2/0', '150 1/2/0', '210 0/3/0']);
    expect(workers).toHaveLength(3);
  });

  it('wait for GPUs that others still drain', () => {
    const { scaling } = simulate(
      scenario([0, 60, 120, 200, 300], { replicas: 2 }, { createPolicy: () => script([2, 1, 2]), maxGpus: 4 }),
    );
    // The second has its last token at 180; what was asked for at 150 begins at 200.
    expect(changes(scaling)).toEqual(['0 0/2/0', '100 0/1/1', '180 0/1/0', '200 1/1/0', '260 0/2/0']);
  });

  it('let requests wait where a pool begins with none, and show the planner what there is', () => {
    const seen: Observation[] = [];
    const { log } = simulate(scenario([0, 10], { replicas: 0 }, { createPolicy: () => script([1], seen) }));
    expect([...log.firstTokenNs].map((ns) => ns / MS)).toEqual([210, 210]);
    expect(log.ttftStateNs(0, STATE.coldStart) / MS).toBe(110);
    expect(seen[0]).toMatchObject({ nowNs: 50 * MS, unrouted: 2, pools: [{ starting: 0, ready: [] }] });
    expect(seen[0].traffic).toMatchObject({ arrivals: 2, meanInputTokens: 50, completed: 0, meanTtftNs: 0 });
    expect(seen[2].pools[0].ready).toMatchObject([{ running: 2, waiting: 0, lastPass: null }]);
    expect(seen[3].pools[0].ready[0].lastPass).toBeNull();
  });
});

describe('a replica that changes its role, against times worked out by hand', () => {
  /** 100 ms a prompt, 10 ms a token, nothing between them; three replicas of two GPUs each are all there may be. */
  function split(
    arrivalsMs: readonly number[],
    wanted: readonly (readonly number[])[],
    planner: Partial<PlannerSpec>,
    { replicas = [2, 1], crash = [] as readonly { worker: number; ms: number }[] } = {},
  ) {
    const base = scenario(arrivalsMs, {}, {});
    let looks = 0;
    const policy = {
      decide: () => ({ replicas: wanted[Math.min(looks++, wanted.length - 1)], reason: 'as written' }),
    };
    return simulate({
      ...base,
      pools: [
        { ...base.pools[0], name: 'p', role: 'prefill', replicas: replicas[0] },
        { ...base.pools[0], name: 'd', role: 'decode', replicas: replicas[1] },
      ],
      transfer: { bandwidthBytesPerS: Number.POSITIVE_INFINITY, latencyNs: 0, kvBytesPerToken: 1 },
      faults: {
        crashes: crash.map(({ worker, ms }) => ({ worker, atNs: ms * MS, downNs: MS })),
        stragglers: [],
        retries: 1,
      },
      planner: { ...base.planner!, maxGpus: 6, minReplicas: [1, 1], createPolicy: () => policy, ...planner },
    });
  }
  const kinds = ['same', 'same'];
  const ofPools = (scaling: ScalingRecord | null) =>
    changes(scaling).map((change, i) => `${'pd'[scaling!.replicas[i].pool]} ${change}`);

  it('drains, and only warms up', () => {
    const { scaling, workers, durationNs } = split([0, 0, 200, 400], [[1, 2]], { kinds });
    // Decided at 50. Its prompt is computed at 100; the decode replica has the KV at once, so it starts then, and is ready 10 ms later.
    expect(ofPools(scaling)).toEqual([
      'p 0 0/2/0',
      'd 0 0/1/0',
      'p 50 0/1/1',
      'p 100 0/1/0',
      'd 100 1/1/0',
      'd 110 0/2/0',
    ]);
    expect(scaling!.reroled).toBe(1);
    expect(scaling!.gpusPeak).toBe(6);
    expect(scaling!.decisions.map(({ reason }) => reason)).toEqual(['as written; 1 of p to d']);
    expect(workers.map(({ pool, presence }) => [pool, presence])).toEqual([
      [0, { startingNs: 0, servingNs: durationNs, drainingNs: 0 }],
      [0, { startingNs: 0, servingNs: 50 * MS, drainingNs: 50 * MS }],
      [1, { startingNs: 0, servingNs: durationNs, drainingNs: 0 }],
      [1, { startingNs: 10 * MS, servingNs: durationNs - 110 * MS, drainingNs: 0 }],
    ]);
  });

  it('goes at once where it has nothing to do, and comes back', () => {
    const { scaling } = split(
      [0, 200, 400],
      [
        [1, 2],
        [2, 1],
      ],
      { kinds },
    );
    expect(ofPools(scaling).slice(2)).toEqual([
      'p 50 0/1/1',
      'p 50 0/1/0',
      'd 50 1/1/0',
      'd 60 0/2/0',
      'd 100 0/1/1',
      'd 100 0/1/0',
      'p 100 1/1/0',
      'p 110 0/2/0',
    ]);
    expect(scaling!.reroled).toBe(2);
  });

  it('leaves for good where its new pool has thought better of it', () => {
    const { scaling } = split(
      [0, 0, 10, 10, 400],
      [
        [1, 2],
        [1, 1],
      ],
      { kinds },
    );
    // Its second prompt, for which it drains, is computed from 100 to 200.
    expect(ofPools(scaling).slice(2)).toEqual(['p 50 0/1/1', 'p 200 0/1/0']);
    expect(scaling!.reroled).toBe(0);
  });

  it('that crashes before is replaced at the next look', () => {
    const { scaling } = split([0, 0, 200, 400], [[1, 2]], { kinds }, { crash: [{ worker: 1, ms: 70 }] });
    expect(ofPools(scaling).slice(2)).toEqual(['p 50 0/1/1', 'p 70 0/1/0', 'd 100 1/1/0', 'd 160 0/2/0']);
    expect(scaling!.reroled).toBe(0);
  });

  it('that crashes with its last token is gone once', () => {
    const drained = split([0, 0, 400], [[2, 1]], { kinds, intervalNs: 110 * MS }, { replicas: [1, 2] });
    // Decoding three tokens from 100 on.
    expect(ofPools(drained.scaling).slice(2, 5)).toEqual(['d 110 0/1/1', 'd 130 0/1/0', 'p 130 1/1/0']);
    const crash = [{ worker: 2, ms: 130 }];
    const { scaling, losses } = split(
      [0, 0, 400],
      [[2, 1]],
      { kinds, intervalNs: 110 * MS },
      { replicas: [1, 2], crash },
    );
    expect(ofPools(scaling).slice(2)).toEqual(['d 110 0/1/1', 'd 130 0/1/0', 'p 220 1/1/0', 'p 280 0/2/0']);
    expect(losses).toMatchObject({ crashes: 1, lostAttempts: 0 });
  });

  it('has to be replaced where roles are kept', () => {
    const { scaling } = split([0, 0, 200, 400], [[1, 2]], {});
    // Its GPUs are free at 100, just after the planner has looked; then 60 ms for the whole start-up.
    expect(ofPools(scaling).slice(2)).toEqual(['p 50 0/1/1', 'p 100 0/1/0', 'd 150 1/1/0', 'd 210 0/2/0']);
    expect(scaling!.reroled).toBe(0);
  });
});

describe('a GPU budget', () => {
  const pools = [{ gpusPerReplica: 1 }, { gpusPerReplica: 2 }] as PoolSpec[];
  const bounded = (wanted: number[], maxGpus: number, warm = 0) =>
    boundedReplicas(wanted, pools, { minReplicas: [1, 1], maxGpus }, warm);

  it.each([
    [[3, 2], 8, [3, 2]],
    [[0, -4], 8, [1, 1]],
    // 6 + 2 x 5 = 16 GPUs for 8: half of each.
    [[6, 5], 8, [3, 2]],
    // Three quarters of 3 is 2, which leaves 4 GPUs.
    [[3, 3], 6.75, [2, 2]],
    [[100, 1], 8, [6, 1]],
    [[1, 100], 8, [1, 3]],
  ])('makes %j of %d GPUs %j', (wanted, maxGpus, granted) => {
    expect(bounded(wanted, maxGpus)).toEqual(granted);
  });

  it('keeps what warm nodes take', () => {
    expect(bounded([3, 2], 8, 3)).toEqual([2, 1]);
  });
});
