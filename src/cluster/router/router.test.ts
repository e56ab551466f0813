import { describe, expect, it } from 'vitest';
import { handPool, handScenario, MS } from '../../../test/support/handScenario.ts';
import { simulate } from '../../../test/support/lawfulSimulation.ts';
import { STATE } from '../../engine/requestLog.ts';
import type { WorkloadRow } from '../../workload/workloadBuilder.ts';
import type { Scenario } from '../scenario.ts';
import type { RouterSpec } from './routerSpec.ts';

function scenario(
  rows: readonly WorkloadRow[],
  router: RouterSpec,
  replicas: number,
  changes: Partial<Scenario> = {},
): Scenario {
  return handScenario(rows, { pools: [handPool({ replicas })], router, ...changes });
}

const workersOf = (rows: readonly WorkloadRow[], router: RouterSpec, replicas: number, seed = 1): number[] => [
  ...simulate(scenario(rows, router, replicas, { seed })).log.worker,
];

const at = (ms: number, inputTokens: number, outputTokens = 2, more: Partial<WorkloadRow> = {}): WorkloadRow => ({
  arrivalNs: ms * MS,
  inputTokens,
  outputTokens,
  ...more,
});

describe('routers, against choices worked out by hand', () => {
  it('counts tokens rather than requests', () => {
    // One long prompt on the first worker weighs more than two short ones on the second.
    const rows = [at(0, 2000), at(1, 30), at(2, 30), at(3, 30)];
    expect(workersOf(rows, { policy: 'least_loaded' }, 2)).toEqual([0, 1, 0, 1]);
    expect(workersOf(rows, { policy: 'least_tokens' }, 2)).toEqual([0, 1, 1, 1]);
  });

  it('compares two workers of many, never the same twice, and drawn by the seed', () => {
    const rows = Array.from({ length: 60 }, (_, row) => at(row, 30, 50));
    const counts = (seed: number): number[] => {
      const counted = [0, 0, 0, 0];
      for (const worker of workersOf(rows, { policy: 'power_of_two' }, 4, seed)) counted[worker] += 1;
      return counted;
    };
    for (const seed of [1, 2, 3]) {
      // Two of four at random and the less loaded of them: the four never drift far apart, unlike with one at random.
      expect(Math.max(...counts(seed)) - Math.min(...counts(seed))).toBeLessThanOrEqual(4);
    }
    expect(counts(1)).not.toEqual(counts(4));
    // With two workers it is the less loaded one always.
    expect(workersOf(rows.slice(0, 2), { policy: 'power_of_two' }, 2).sort()).toEqual([0, 1]);
  });

  it('keeps a session where it was until its time has run out', () => {
    const turn = (ms: number, think: number): WorkloadRow => at(ms, 30, 1, { session: 's', thinkNs: think * MS });
    const rows = [turn(0, 0), turn(0, 50), turn(0, 500), at(10, 30), at(20, 30)];
    const router = { policy: 'round_robin', affinity: { ttlNs: 200 * MS } } as const;
    const { log, workload } = { ...simulate(scenario(rows, router, 3)), workload: scenario(rows, router, 3).workload };
    const turns = [0];
    for (let next = workload.nextTurn[0]; next >= 0; next = workload.nextTurn[next]) turns.push(next);
    // The second turn stays with the first (150 ms later); the third comes 600 ms after it and goes to the worker after that.
    expect(turns.map((request) => log.worker[request])).toEqual([0, 0, 1]);
    const tight = simulate(scenario(rows, { policy: 'round_robin', affinity: { ttlNs: 100 * MS } }, 4)).log;
    expect(turns.map((request) => tight.worker[request])).toEqual([0, 3, 0]);
  });

  it('knows no more than the last report', () => {
    const rows = [at(0, 30, 40), at(1, 30, 40), at(2, 30, 40), at(101, 30), at(102, 30), at(103, 30)];
    // Live: each goes to the emptiest. By reports at 0, 100, ... nobody is seen to be busy until 100.
    expect(workersOf(rows, { policy: 'least_loaded' }, 3)).toEqual([0, 1, 2, 0, 1, 2]);
    const stale = { policy: 'least_loaded', reportIntervalNs: 100 * MS } as const;
    expect(workersOf([at(0, 30, 99), at(150, 30), at(151, 30), at(152, 30), at(201, 30)], stale, 2)).toEqual([
      0, 1, 1, 1, 0,
    ]);
  });

  it('books what it sends: the KV router spreads a burst by tokens before any worker has reported a thing', () => {
    const rows = [at(0, 160), at(0, 32), at(0, 32), at(0, 32)];
    const chosen = workersOf(rows, { policy: 'kv_router' }, 2);
    expect(chosen.map((worker) => worker === chosen[0])).toEqual([true, false, false, false]);
  });

  it('sends a prompt to where most of it is cached, unless too much is queued there', () => {
    const ids = Array.from({ length: 10 }, (_, index) => index + 1);
    const long = (ms: number, output: number) => at(ms, 160, output, { blockIds: ids });
    const first = workersOf([long(0, 1), long(500, 1)], { policy: 'kv_router' }, 4);
    expect(first[1]).toBe(first[0]);
    // Cached 9 of 10 blocks there (1 + 10 blocks of cost) against 10 + 10 elsewhere: 12 blocks of others tip it.
    const crowd = [long(0, 1), at(499, 192, 1)];
    for (let seed = 1; seed <= 20; seed++) {
      const { worker } = simulate(scenario([...crowd, long(500, 1)], { policy: 'kv_router' }, 2, { seed })).log;
      expect(worker[2] === worker[0]).toBe(worker[1] !== worker[0]);
    }
  });

  it('remembers prompts it sent, with no word from the workers', () => {
    const ids = Array.from({ length: 10 }, (_, index) => index + 1);
    const long = (ms: number) => at(ms, 160, 1, { blockIds: ids });
    const router = { policy: 'kv_router', scorer: { index: 'remembered', indexTtlNs: 600 * MS } } as const;
    let strayed = 0;
    for (let seed = 1; seed <= 20; seed++) {
      const chosen = workersOf([long(0), long(600), long(1300)], router, 4, seed);
      expect(chosen[1]).toBe(chosen[0]);
      if (chosen[2] !== chosen[0]) strayed += 1;
    }
    // Past its time nothing is remembered: one of four at random.
    expect(strayed).toBeGreaterThan(8);
  });

  it('holds requests back while every worker has prefill enough, and says how long that took', () => {
    const queue = { thresholdTokens: 50, order: 'fcfs' } as const;
    const rows = [at(0, 60, 1), at(0, 60, 1), at(10, 60, 1), at(20, 20, 1)];
    const { log } = simulate(scenario(rows, { policy: 'kv_router', queue }, 2));
    // Both workers have 60 tokens booked until their pass ends at 100 ms; then the two waiting go at once.
    expect([2, 3].map((request) => log.e2eStateNs(request, STATE.routerQueue) / MS)).toEqual([90, 80]);
    expect([...log.firstTokenNs].map((ns) => ns / MS)).toEqual([100, 100, 200, 200]);
    const shortest = simulate(
      scenario([...rows, at(30, 30, 1)], { policy: 'kv_router', queue: { thresholdTokens: 50, order: 'wspt' } }, 1),
    );
    // One worker: 60, then the 20, the 30 and, as 50 is not more than 50, another 60; the last 60 waits for those.
    expect([...shortest.log.scheduledNs].map((ns) => ns / MS)).toEqual([0, 100, 200, 100, 100]);
  });
});
