import { describe, expect, it } from 'vitest';
import type { Scenario } from '../../src/cluster/scenario.ts';
import { simulate } from '../../src/cluster/simulation.ts';
import type { SimulationResult } from '../../src/cluster/simulationResult.ts';
import { STATES } from '../../src/engine/requestLog.ts';
import { checkLaws } from '../../src/metrics/laws.ts';
import { randomScenario } from './randomScenario.ts';

const RUNS = Number(process.env.DYNOSIM_RUNS ?? 600);

describe('the fast core and the reference core', () => {
  it(`agree on every timestamp of ${RUNS} random scenarios that show what they must`, () => {
    const seen = {
      preemption: 0,
      eviction: 0,
      'equal arrival times': 0,
      'closed loop, zero think time': 0,
      'partial last block': 0,
      'prefill/decode': 0,
      'prefix hits': 0,
      sessions: 0,
    };
    for (let seed = 1; seed <= RUNS; seed++) {
      const scenario = randomScenario(seed, 'fast');
      const fast = simulate(scenario);
      const plain = simulate(randomScenario(seed, 'plain'));
      expectSame(fast, plain, seed);
      expect(checkLaws(fast, scenario.workload), `seed ${seed}`).toEqual([]);
      noteWhatItShows(seen, scenario, fast);
    }
    for (const [what, count] of Object.entries(seen)) {
      console.log(`${what}: ${((100 * count) / RUNS).toFixed(1)} % of runs`);
      expect(count / RUNS, what).toBeGreaterThanOrEqual(0.1);
    }
  });

  it('is not changed by being watched', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const scenario = randomScenario(seed, 'fast');
      expectSame(simulate({ ...scenario, samples: 64 }), simulate(scenario), seed);
    }
  });
});

/** Every timestamp, state and total, with ===. */
function expectSame(a: SimulationResult, b: SimulationResult, seed: number): void {
  const fail = (what: string): never => {
    throw new Error(`seed ${seed}: ${what} differs`);
  };
  for (const column of [
    'arrivalNs',
    'scheduledNs',
    'firstTokenNs',
    'lastTokenNs',
    'maxGapNs',
    'outcome',
    'preemptions',
    'reusedTokens',
    'worker',
  ] as const) {
    for (let request = 0; request < a.log.count; request++) {
      if (a.log[column][request] !== b.log[column][request]) {
        fail(`${column} of request ${request}: ${a.log[column][request]} against ${b.log[column][request]};`);
      }
    }
  }
  for (let request = 0; request < a.log.count; request++) {
    for (const [state, name] of STATES.entries()) {
      if (a.log.e2eStateNs(request, state) !== b.log.e2eStateNs(request, state)) fail(`${name} of request ${request}`);
      if (a.log.ttftStateNs(request, state) !== b.log.ttftStateNs(request, state))
        fail(`${name} before first token of ${request}`);
    }
  }
  if (a.durationNs !== b.durationNs) fail('duration');
  if (a.passes !== b.passes) fail('passes');
  if (a.submitted !== b.submitted) fail('submitted');
  for (const figure of ['count', 'min', 'max', 'sum', 'mean', 'std'] as const) {
    if (a.gaps[figure] !== b.gaps[figure]) fail(`${figure} of gaps`);
  }
  if (!a.inFlightIntegralNs.equals(b.inFlightIntegralNs)) fail('integral');
  for (const [index, worker] of a.workers.entries()) {
    for (const key of [
      'busyNs',
      'batchSum',
      'preemptions',
      'hitTokens',
      'lookupTokens',
      'evictedBlocks',
      'passes',
    ] as const) {
      if (worker[key] !== b.workers[index][key]) fail(`${key} of worker ${index}`);
    }
  }
}

function noteWhatItShows(seen: Record<string, number>, scenario: Scenario, result: SimulationResult): void {
  const { workload } = scenario;
  const note = (what: string, shown: boolean): void => {
    if (shown) seen[what] += 1;
  };
  note(
    'preemption',
    result.workers.some((worker) => worker.preemptions > 0),
  );
  note(
    'eviction',
    result.workers.some((worker) => worker.evictedBlocks > 0),
  );
  note(
    'prefix hits',
    result.workers.some((worker) => worker.hitTokens > 0),
  );
  note('prefill/decode', scenario.transfer !== null);
  note(
    'sessions',
    workload.nextTurn.some((next) => next >= 0),
  );
  const arrivals = [...result.log.arrivalNs].filter((time) => time > 0);
  note('equal arrival times', scenario.load.kind === 'open' && new Set(arrivals).size < arrivals.length);
  note(
    'closed loop, zero think time',
    scenario.load.kind === 'closed' && workload.nextTurn.some((next) => next >= 0 && workload.thinkNs[next] === 0),
  );
  const page = scenario.pools[0].engine.blockTokens;
  note('partial last block', page > 1 && workload.inputTokens.some((tokens) => tokens % page !== 0));
}
