import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/base/random.ts';
import type { FaultSpec, SlowLinks } from '../../src/cluster/faultSpec.ts';
import type { PatienceSpec } from '../../src/cluster/patience.ts';
import type { Scenario } from '../../src/cluster/scenario.ts';
import { Spells } from '../../src/cluster/spells.ts';
import { OUTCOME, STATE } from '../../src/engine/requestLog.ts';
import { differences, timelineOf } from '../metamorphic/timeline.ts';
import { simulate } from '../support/lawfulSimulation.ts';
import { randomScenario } from './randomScenario.ts';

const RUNS = Number(process.env.DYNOSIM_RUNS ?? 300);

/** The spells that begin by then. */
function spellsUntil(ns: number, spells: Spells): { atNs: number; untilNs: number }[] {
  const found: { atNs: number; untilNs: number }[] = [];
  while (spells.nextNs <= ns) {
    const atNs = spells.nextNs;
    spells.passTo(atNs);
    found.push({ atNs, untilNs: spells.nextNs });
    spells.passTo(spells.nextNs);
  }
  return found;
}

function slowLinks(random: RandomStream, worker: () => number): SlowLinks[] {
  return Array.from({ length: random.integer(0, 3) }, () => {
    const atNs = random.integer(0, 300_000);
    const untilNs = random.integer(0, 3) === 0 ? Number.POSITIVE_INFINITY : atNs + random.integer(0, 200_000);
    const of = random.integer(0, 1) === 0 ? { node: random.integer(0, 2) } : { worker: worker() };
    return { of, factor: random.integer(1, 9) / 10, atNs, untilNs };
  });
}

function straggler(random: RandomStream, worker: number): FaultSpec['stragglers'][number] {
  const atNs = random.integer(0, 2) * 40_000;
  return { worker, factor: 1.7, atNs, ...(random.integer(0, 1) === 0 ? { untilNs: atNs + 70_000 } : {}) };
}

function patience(random: RandomStream): PatienceSpec {
  return {
    ...(random.integer(0, 1) === 0 ? { firstTokenNs: random.integer(5_000, 100_000) } : {}),
    ...(random.integer(0, 1) === 0 ? { wholeNs: random.integer(20_000, 500_000) } : {}),
    ...(random.integer(0, 1) === 0 ? { abandoned: { share: 0.2, meanNs: 60_000 } } : {}),
  };
}

/** A random scenario with workers that start late, crash, are slow, and a door that closes. */
function troubled(seed: number, core: Scenario['core']): Scenario {
  const scenario = randomScenario(seed, core);
  const random = new RandomStream(seed, 'trouble');
  const split = scenario.transfer !== null;
  const workers = scenario.pools.reduce((sum, pool) => sum + pool.replicas, 0);
  const worker = (): number => random.integer(0, workers - 1);
  const crashes = Array.from({ length: random.integer(0, 3) }, () => ({
    worker: worker(),
    atNs: random.integer(0, 300_000),
    downNs: random.integer(1, 100_000),
  }));
  return {
    ...scenario,
    pools: scenario.pools.map((pool) => ({ ...pool, startupNs: random.integer(0, 2) * 20_000 })),
    faults: {
      crashes,
      ...(random.integer(0, 2) === 0 ? { random: { meanUpNs: 400_000, downNs: 30_000 } } : {}),
      ...(scenario.network !== undefined ? { slowLinks: slowLinks(random, worker) } : {}),
      stragglers: random.integer(0, 2) === 0 ? [straggler(random, worker())] : [],
      retries: random.integer(0, 3),
      ...(seed % 2 === 0 ? { migrates: true } : {}),
    },
    ...(random.integer(0, 3) === 0 ? { maxInFlight: random.integer(1, 8) } : {}),
    ...(random.integer(0, 2) === 0 ? { patience: patience(random) } : {}),
    ...(split && random.integer(0, 1) === 0
      ? { transfer: { ...scenario.transfer!, timeoutNs: random.integer(1_000, 60_000) } }
      : {}),
  };
}

describe('under faults', () => {
  it(`books balance and both cores agree, in ${RUNS} random scenarios that show what they must`, () => {
    const seen = {
      'lost attempts': 0,
      retries: 0,
      'tokens kept': 0,
      failures: 0,
      'cold starts': 0,
      'turned away': 0,
      stragglers: 0,
      'slow links': 0,
      'lost between prefill and decode': 0,
      'clients gone': 0,
      'hand-overs too long': 0,
    };
    for (let seed = 1; seed <= RUNS; seed++) {
      const scenario = troubled(seed, 'fast');
      const fast = simulate(scenario);
      const plain = simulate(troubled(seed, 'plain'));
      expect(differences(timelineOf(fast), timelineOf(plain)), `seed ${seed}`).toEqual([]);
      expect(fast.losses).toEqual(plain.losses);
      const { log } = fast;
      const requests = [...log.outcome.keys()];
      const spent = (state: number) => requests.some((request) => log.e2eStateNs(request, state) > 0);
      if (fast.losses.lostAttempts > 0) seen['lost attempts'] += 1;
      if (requests.some((r) => log.outcome[r] === OUTCOME.completed && log.e2eStateNs(r, STATE.retry) > 0)) {
        seen.retries += 1;
      }
      // Lost after its first token, and that token was not lost.
      const keepsTokens = (r: number) => log.e2eStateNs(r, STATE.retry) > log.ttftStateNs(r, STATE.retry);
      if (requests.some((r) => log.outcome[r] === OUTCOME.completed && keepsTokens(r))) seen['tokens kept'] += 1;
      if (log.outcome.includes(OUTCOME.failed)) seen.failures += 1;
      if (spent(STATE.coldStart)) seen['cold starts'] += 1;
      if (scenario.maxInFlight !== undefined && log.outcome.includes(OUTCOME.rejected)) seen['turned away'] += 1;
      if (scenario.faults!.stragglers.length > 0) seen.stragglers += 1;
      if (scenario.transfer !== null && fast.losses.lostAttempts > 0) seen['lost between prefill and decode'] += 1;
      if (log.outcome.includes(OUTCOME.cancelled)) seen['clients gone'] += 1;
      if (fast.losses.timedOut > 0) seen['hand-overs too long'] += 1;
      if ((scenario.faults!.slowLinks ?? []).length > 0 && fast.network!.transfers > 0) seen['slow links'] += 1;
      expect(requests.filter((r) => log.arrivalNs[r] >= 0 && log.outcome[r] === OUTCOME.pending)).toEqual([]);
    }
    // A quarter have prefill and decode pools.
    for (const [what, count] of Object.entries(seen)) {
      console.log(`${what}: ${((100 * count) / RUNS).toFixed(0)} % of runs`);
      expect(count / RUNS, what).toBeGreaterThanOrEqual(0.05);
    }
  });

  it('makes no difference whether slow spells are drawn on the way or scheduled as they would be drawn', () => {
    let shown = 0;
    for (let seed = 1; seed <= 60; seed++) {
      const scenario = randomScenario(seed, 'fast');
      const spell = { meanUpNs: 60_000, lengthNs: 25_000, factor: 0.4 };
      const slow = { ...spell, factor: 2.5 };
      const hasNetwork = scenario.network !== undefined;
      const faults = { crashes: [], stragglers: [], retries: 0 };
      const byChance: FaultSpec = {
        ...faults,
        randomStragglers: slow,
        ...(hasNetwork ? { randomSlowLinks: { ...spell, of: 'worker' as const } } : {}),
      };
      const result = simulate({ ...scenario, faults: byChance });
      const workers = scenario.pools.reduce((sum, pool) => sum + pool.replicas, 0);
      const drawn = (stream: string, spec: typeof spell) =>
        Array.from({ length: workers }, (_, worker) =>
          spellsUntil(result.durationNs, new Spells(new RandomStream(scenario.seed, stream, worker), spec)).map(
            (span) => ({
              worker,
              factor: spec.factor,
              ...span,
            }),
          ),
        ).flat();
      const scheduled: FaultSpec = {
        ...faults,
        stragglers: drawn('stragglers', slow),
        ...(hasNetwork
          ? { slowLinks: drawn('slow links', spell).map(({ worker, ...rest }) => ({ of: { worker }, ...rest })) }
          : {}),
      };
      const expected = timelineOf(simulate({ ...scenario, faults: scheduled }));
      expect(differences(timelineOf(result), expected), `seed ${seed}`).toEqual([]);
      if (differences(expected, timelineOf(simulate(scenario))).length > 0) shown += 1;
    }
    expect(shown).toBeGreaterThan(40);
  });

  it('is not disturbed by faults that do nothing', () => {
    for (let seed = 1; seed <= 150; seed++) {
      const scenario = randomScenario(seed, 'fast');
      const expected = timelineOf(simulate(scenario));
      const split = scenario.transfer !== null;
      const inert: Partial<Scenario> = {
        pools: scenario.pools.map((pool) => ({ ...pool, startupNs: 0 })),
        faults: {
          // Long after the end, and a straggler as fast as the others.
          crashes: [{ worker: 0, atNs: 1e15, downNs: 1 }],
          stragglers: [
            { worker: 0, factor: 1 },
            { worker: 0, factor: 3, atNs: 1e15 },
          ],
          ...(scenario.network === undefined
            ? {}
            : { slowLinks: [{ of: { worker: 0 }, factor: 1, atNs: 0, untilNs: 1e5 }] }),
          randomStragglers: { meanUpNs: 10_000, lengthNs: 5_000, factor: 1 },
          ...(scenario.network === undefined
            ? {}
            : { randomSlowLinks: { of: 'node' as const, meanUpNs: 10_000, lengthNs: 5_000, factor: 1 } }),
          retries: 3,
          migrates: seed % 2 === 0,
        },
        maxInFlight: scenario.workload.count,
        patience: { firstTokenNs: 1e15, wholeNs: 1e15, abandoned: { share: 0, meanNs: 1 } },
        transfer: split ? { ...scenario.transfer!, timeoutNs: 1e15 } : null,
      };
      expect(differences(timelineOf(simulate({ ...scenario, ...inert })), expected), `seed ${seed}`).toEqual([]);
    }
  });
});
