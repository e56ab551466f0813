import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/base/random.ts';
import type { Observation, PlannerSpec } from '../../src/cluster/planner.ts';
import type { RouterSpec } from '../../src/cluster/router/routerSpec.ts';
import type { PoolSpec, Scenario } from '../../src/cluster/scenario.ts';
import type { ReplicaCount, SimulationResult } from '../../src/cluster/simulationResult.ts';
import { OUTCOME, STATE } from '../../src/engine/requestLog.ts';
import { differences, timelineOf } from '../metamorphic/timeline.ts';
import { simulate } from '../support/lawfulSimulation.ts';
import { randomScenario } from './randomScenario.ts';

const RUNS = Number(process.env.DYNOSIM_RUNS ?? 300);

/** Wants whatever comes into its head: from none to many. */
function erratic(seed: number, scenario: Scenario, seen: Observation[]): PlannerSpec {
  const random = new RandomStream(seed, 'erratic planner');
  const initial = scenario.pools.reduce((sum, { replicas }) => sum + replicas, 0);
  return {
    intervalNs: random.integer(1, 6) * 9_001,
    maxGpus: initial + random.integer(0, 4) + scenario.pools.length,
    minReplicas: scenario.pools.map(() => 1),
    createPolicy: () => {
      const wishes = new RandomStream(seed, 'wishes');
      return {
        decide(observation: Observation) {
          seen.push(observation);
          const replicas = observation.pools.map(() => (wishes.integer(0, 9) === 0 ? 1000 : wishes.integer(-1, 5)));
          return { replicas, reason: 'a whim' };
        },
      };
    },
  };
}

function scaled(seed: number, core: Scenario['core'], seen: Observation[] = []): Scenario {
  const scenario = randomScenario(seed, core);
  const random = new RandomStream(seed, 'start-up');
  const pools = scenario.pools.map((pool) => ({
    ...pool,
    startup: {
      provisioningNs: random.integer(0, 2) * 10_000,
      loadNs: random.integer(0, 1) * 5_000,
      warmupNs: random.integer(0, 1) * 2_500,
      warmReplicas: 0,
    },
  }));
  return { ...scenario, pools, planner: erratic(seed, scenario, seen) };
}

/** The same fleet, whose replicas take one another's role; in every third one some of them crash. */
function reroling(seed: number, core: Scenario['core'], seen: Observation[] = []): Scenario {
  const scenario = scaled(seed, core, seen);
  const crashes = [0, 1, 2, 3].map((worker) => ({ worker, atNs: 25_000 * (worker + 1), downNs: 12_000 }));
  return {
    ...scenario,
    ...(seed % 3 === 0 ? { faults: { crashes, stragglers: [], retries: 5 } } : {}),
    planner: { ...scenario.planner!, kinds: scenario.pools.map(() => 'one') },
  };
}

const ROUTERS: readonly RouterSpec[] = (['round_robin', 'prefix_aware', 'kv_router'] as const).map((policy) => ({
  policy,
}));

/** The same prefill and decode pools, with an aggregated one beside them: a planner goes from one to the other, and from router to router. */
function changingWays(seed: number, core: Scenario['core'], seen: Observation[] = []): Scenario {
  const { faults: _, router: __, ...scenario } = scaled(seed, core, seen);
  const decode = scenario.pools.find(({ role }) => role === 'decode')!;
  const pools: PoolSpec[] = [...scenario.pools, { ...decode, name: 'both', role: 'aggregated' }];
  const most = pools.reduce((sum, { replicas }) => sum + replicas, 0) + 10;
  const planner: PlannerSpec = {
    ...scenario.planner!,
    maxGpus: most * Math.max(...pools.map(({ gpusPerReplica }) => gpusPerReplica)),
    minReplicas: pools.map(() => 0),
    routers: ROUTERS,
    createPolicy: () => {
      const wishes = new RandomStream(seed, 'ways');
      return {
        decide(observation: Observation) {
          seen.push(observation);
          const isSplit = wishes.integer(0, 1) === 0;
          const replicas = pools.map(({ role }) => ((role === 'aggregated') === isSplit ? 0 : wishes.integer(1, 2)));
          return { replicas, router: wishes.integer(0, ROUTERS.length - 1), reason: 'another way' };
        },
      };
    },
  };
  return { ...scenario, pools, router: ROUTERS[0], planner };
}

describe('a fleet that an erratic planner scales', () => {
  it(`loses no request, keeps to its limits, and both cores agree, in ${RUNS} random scenarios`, () => {
    const seen = { drains: 0, 'late starts': 0, 'reused places': 0, 'limits met': 0, 'P/D': 0 };
    for (let seed = 1; seed <= RUNS; seed++) {
      const { scenario, fast } = runBoth(seed, scaled);
      const { replicas, decisions } = fast.scaling!;
      if (replicas.some(({ draining }) => draining > 0)) seen.drains += 1;
      if (replicas.some(({ starting }) => starting > 0)) seen['late starts'] += 1;
      if (startsOf(fast) > fast.workers.length - scenario.pools.reduce((sum, pool) => sum + pool.replicas, 0))
        seen['reused places'] += 1;
      if (decisions.some(({ wanted, granted }) => wanted.some((want, pool) => want > granted[pool])))
        seen['limits met'] += 1;
      if (scenario.transfer !== null) seen['P/D'] += 1;
    }
    for (const [what, count] of Object.entries(seen)) expect(count / RUNS, what).toBeGreaterThan(0.1);
  });

  it(`does so where replicas change their roles, too, in ${RUNS} random scenarios`, () => {
    const seen = { reroled: 0, crashes: 0, 'of those that had to drain': 0 };
    let several = 0;
    for (let seed = 1; seed <= RUNS; seed++) {
      if (scaled(seed, 'fast').pools.length === 1) continue;
      several += 1;
      const { fast } = runBoth(seed, reroling);
      const { reroled, replicas, decisions } = fast.scaling!;
      expect(decisions.filter(({ reason }) => / of . to ./.test(reason)).length > 0 || reroled === 0).toBe(true);
      if (reroled === 0) continue;
      seen.reroled += 1;
      if (fast.losses.crashes > 0) seen.crashes += 1;
      const drained = replicas.filter(
        ({ draining }, i) => draining > 0 && replicas[i + 1]?.timeNs !== replicas[i].timeNs,
      );
      if (drained.length > 0) seen['of those that had to drain'] += 1;
    }
    for (const [what, count] of Object.entries(seen)) expect(count / several, what).toBeGreaterThan(0.1);
  });

  it('goes from aggregated to prefill and decode and back, and from router to router', () => {
    const seen = { 'both ways': 0, 'taken in again': 0 };
    let split = 0;
    for (let seed = 1; seed <= RUNS; seed++) {
      if (scaled(seed, 'fast').transfer === null) continue;
      split += 1;
      const { scenario, fast } = runBoth(seed, changingWays);
      const { log } = fast;
      const roles = new Set(
        [...log.worker].filter((worker) => worker >= 0).map((worker) => scenario.pools[fast.workers[worker].pool].role),
      );
      if (roles.has('aggregated') && roles.has('decode')) seen['both ways'] += 1;
      if ([...log.outcome.keys()].some((request) => log.ttftStateNs(request, STATE.retry) > 0))
        seen['taken in again'] += 1;
    }
    expect(seen['both ways'] / split).toBeGreaterThan(0.5);
    expect(seen['taken in again'] / split).toBeGreaterThan(0.05);
  });

  it('is left as it is by aggregated workers that nobody needs, and by a choice of routers that never changes', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const { faults: _, ...scenario } = randomScenario(seed, 'fast');
      if (scenario.transfer === null || scenario.router.queue !== undefined) continue;
      const pools: PoolSpec[] = [...scenario.pools, { ...scenario.pools[0], name: 'spare', role: 'aggregated' }];
      const planner: PlannerSpec = {
        intervalNs: 777 * seed,
        maxGpus: Number.POSITIVE_INFINITY,
        minReplicas: pools.map(() => 1),
        routers: [scenario.router, ...ROUTERS],
        createPolicy: () => ({
          decide: () => ({ replicas: pools.map(({ replicas }) => replicas), router: 0, reason: 'stay' }),
        }),
      };
      const { workers, ...spared } = simulate({ ...scenario, pools, planner });
      const needed = workers.filter(({ pool }) => pool < scenario.pools.length);
      expect(workers.slice(needed.length).every(({ passes }) => passes === 0)).toBe(true);
      const own = timelineOf({ ...spared, workers: needed });
      expect(differences(own, timelineOf(simulate(scenario))), `seed ${seed}`).toEqual([]);
    }
  });

  it('is left as it is where no two pools are of one kind', () => {
    for (let seed = 1; seed <= 100; seed++) {
      const scenario = scaled(seed, 'fast');
      const kinds = scenario.pools.map(({ name }) => name);
      const own = simulate({ ...scenario, planner: { ...scenario.planner!, kinds } });
      const expected = simulate(scenario);
      expect(differences(timelineOf(own), timelineOf(expected)), `seed ${seed}`).toEqual([]);
      expect(own.scaling).toEqual(expected.scaling);
      expect(own.scaling!.reroled).toBe(0);
    }
  });

  it('is left as it is by a planner that never acts', () => {
    for (let seed = 1; seed <= 150; seed++) {
      const scenario = randomScenario(seed, 'fast');
      const idle: PlannerSpec = {
        intervalNs: 777 * seed,
        maxGpus: Number.POSITIVE_INFINITY,
        minReplicas: scenario.pools.map(() => 1),
        createPolicy: () => ({
          decide: () => ({ replicas: scenario.pools.map(({ replicas }) => replicas), reason: 'stay' }),
        }),
      };
      const expected = timelineOf(simulate(scenario));
      const watched = simulate({ ...scenario, planner: idle });
      expect(differences(timelineOf(watched), expected), `seed ${seed}`).toEqual([]);
      expect(watched.scaling!.decisions).toEqual([]);
      for (const { presence } of watched.workers) {
        expect(presence).toEqual({ startingNs: 0, servingNs: watched.durationNs, drainingNs: 0 });
      }
    }
  });
});

/** Both cores agree on what happens; no request is lost, no limit broken. */
function runBoth(seed: number, build: typeof scaled): { scenario: Scenario; fast: SimulationResult } {
  const [fastSaw, plainSaw]: Observation[][] = [[], []];
  const scenario = build(seed, 'fast', fastSaw);
  const fast = simulate(scenario);
  const plain = simulate(build(seed, 'plain', plainSaw));
  expect(fastSaw, `seed ${seed}`).toEqual(plainSaw);
  expect(differences(timelineOf(fast), timelineOf(plain)), `seed ${seed}`).toEqual([]);
  expect(fast.scaling, `seed ${seed}`).toEqual(plain.scaling);
  expect(
    fast.log.outcome.filter((outcome, r) => outcome === OUTCOME.pending && fast.log.arrivalNs[r] >= 0),
  ).toHaveLength(0);
  checkLimits(scenario, fast);
  return { scenario, fast };
}

/** Replicas that began to start during the run. */
function startsOf({ scaling }: SimulationResult): number {
  const there: number[] = [];
  let starts = 0;
  for (const { pool, starting, ready } of scaling!.replicas) {
    if (there[pool] !== undefined) starts += Math.max(0, starting + ready - there[pool]);
    there[pool] = starting + ready;
  }
  return starts;
}

/**
 * GPUs never exceed the budget, no pool has more replicas to stay than it was granted, none is ever asked to be smaller than
 * its minimum, and books of GPU time balance.
 */
function checkLimits(scenario: Scenario, result: SimulationResult): void {
  const { maxGpus, minReplicas } = scenario.planner!;
  const { replicas, decisions, gpusPeak } = result.scaling!;
  const latest: ReplicaCount[] = [];
  const heldNs = scenario.pools.map(() => 0);
  let peak = 0;
  /** The more of before and after a decision at that moment. */
  const grantedAt = (timeNs: number, pool: number): number => {
    const before =
      decisions.findLast((decision) => decision.timeNs < timeNs)?.granted ?? scenario.pools.map((p) => p.replicas);
    const at = decisions.find((decision) => decision.timeNs === timeNs)?.granted ?? before;
    return Math.max(before[pool], at[pool]);
  };
  const held = (pool: number): number => {
    const { starting, ready, draining, down } = latest[pool];
    return (starting + ready + draining + down) * scenario.pools[pool].gpusPerReplica;
  };
  for (const count of replicas) {
    if (latest[count.pool] !== undefined)
      heldNs[count.pool] += held(count.pool) * (count.timeNs - latest[count.pool].timeNs);
    latest[count.pool] = count;
    const { timeNs, pool, starting, ready, down } = count;
    expect(starting + ready + down).toBeLessThanOrEqual(grantedAt(timeNs, pool));
    peak = Math.max(
      peak,
      latest.reduce((sum, _, pool) => sum + held(pool), 0),
    );
  }
  expect(peak).toBe(gpusPeak);
  expect(gpusPeak).toBeLessThanOrEqual(maxGpus);
  for (const { granted } of decisions) {
    for (const [pool, wanted] of granted.entries()) expect(wanted).toBeGreaterThanOrEqual(minReplicas[pool]);
  }
  for (const [pool, { gpusPerReplica }] of scenario.pools.entries()) {
    heldNs[pool] += held(pool) * (result.durationNs - latest[pool].timeNs);
    const booked = result.workers
      .filter((worker) => worker.pool === pool)
      .reduce((sum, { presence }) => sum + presence.startingNs + presence.servingNs + presence.drainingNs, 0);
    expect(booked * gpusPerReplica).toBe(heldNs[pool]);
  }
}
