import { describe, expect, it } from 'vitest';
import { PLAIN_VLLM } from '../../test/support/engineConfigs.ts';
import { handPool, handScenario, MS, shortRequests } from '../../test/support/handScenario.ts';
import { simulate } from '../../test/support/lawfulSimulation.ts';
import { OUTCOME, STATE } from '../engine/requestLog.ts';
import type { FaultSpec } from './faultSpec.ts';
import type { Scenario } from './scenario.ts';

const NO_FAULTS: FaultSpec = { crashes: [], stragglers: [], retries: 1 };

/** Short requests on so many workers, which take `startupMs` to start. */
function scenario(
  arrivalsMs: readonly number[],
  replicas: number,
  changes: Partial<Scenario>,
  startupMs = 0,
): Scenario {
  const pools = [handPool({ replicas, startupNs: startupMs * MS })];
  return handScenario(shortRequests(arrivalsMs), { pools, ...changes });
}

const crash = (worker: number, atMs: number, downMs: number) => ({ worker, atNs: atMs * MS, downNs: downMs * MS });

describe('faults, against times worked out by hand', () => {
  it('lets requests wait for a worker to start, and calls that a cold start', () => {
    const { log } = simulate(scenario([0, 10, 200], 1, {}, 50));
    expect([...log.firstTokenNs].map((ns) => ns / MS)).toEqual([150, 150, 300]);
    expect([0, 1, 2].map((request) => log.ttftStateNs(request, STATE.coldStart) / MS)).toEqual([50, 40, 0]);
  });

  it('starts a request anew on another worker when its own is lost', () => {
    const { log, losses, workers } = simulate(
      scenario([0, 0], 2, { faults: { ...NO_FAULTS, crashes: [crash(0, 105, 1000)] } }),
    );
    // One token was out; the second pass is lost. Worker 1 ends its pass at 110 and then takes the prompt in.
    expect(log.firstTokenNs[0] / MS).toBe(210);
    expect(log.ttftStateNs(0, STATE.retry) / MS).toBe(105);
    expect(log.ttftStateNs(0, STATE.admissionQueue) / MS).toBe(5);
    expect([...log.worker]).toEqual([1, 1]);
    expect(losses).toEqual({
      crashes: 1,
      lostAttempts: 1,
      retriedRequests: 1,
      migrations: 0,
      lostOutputs: 1,
      timedOut: 0,
      shed: 0,
    });
    expect(workers[0].busyNs / MS).toBe(100);
  });

  it('lets a request go on elsewhere with the tokens it has', () => {
    const faults = { ...NO_FAULTS, crashes: [crash(0, 115, 1000)], migrates: true };
    const { log, losses, gaps } = simulate(scenario([0, 0], 2, { faults }));
    // Two tokens are out, at 100 and 110. Worker 1 is free at 120 and computes 52 tokens: the third comes out with them.
    expect([log.firstTokenNs[0], log.lastTokenNs[0], log.maxGapNs[0]].map((ns) => ns / MS)).toEqual([100, 220, 110]);
    expect(log.ttftStateNs(0, STATE.prefill) / MS).toBe(100);
    const states = [STATE.prefill, STATE.decode, STATE.retry, STATE.admissionQueue];
    expect(states.map((state) => log.e2eStateNs(0, state) / MS)).toEqual([200, 10, 5, 5]);
    // No token comes twice: two requests of three tokens have two gaps each.
    expect(gaps.count).toBe(4);
    expect(losses).toMatchObject({ lostAttempts: 1, retriedRequests: 1, migrations: 1 });
  });

  it('lets it go on more than once, each time with a longer prompt, and fail after that', () => {
    const faults = { ...NO_FAULTS, crashes: [crash(0, 105, 5), crash(0, 215, 5)], migrates: true };
    const log = (retries: number) => simulate(scenario([0], 1, { faults: { ...faults, retries } })).log;
    // Tokens at 100, 210 and 320.
    const last = log(2);
    expect([last.firstTokenNs[0], last.lastTokenNs[0]].map((ns) => ns / MS)).toEqual([100, 320]);
    const states = [STATE.prefill, STATE.retry, STATE.coldStart];
    expect(states.map((state) => last.e2eStateNs(0, state) / MS)).toEqual([300, 10, 10]);
    expect(log(1).outcome[0]).toBe(OUTCOME.failed);
  });

  it('lets it fail when it was lost too often, or waits when nobody else is up', () => {
    const faults = { ...NO_FAULTS, crashes: [crash(0, 50, 100)] };
    const failed = simulate(scenario([0], 1, { faults: { ...faults, retries: 0 } })).log;
    expect(failed.outcome[0]).toBe(OUTCOME.failed);
    const { log, durationNs } = simulate(scenario([0], 1, { faults }));
    expect(log.firstTokenNs[0] / MS).toBe(250);
    expect([STATE.retry, STATE.coldStart, STATE.prefill].map((state) => log.e2eStateNs(0, state) / MS)).toEqual([
      50, 100, 100,
    ]);
    expect(durationNs / MS).toBe(270);
  });

  it('loses the cache with the worker', () => {
    const faults = { ...NO_FAULTS, crashes: [crash(0, 200, 10)] };
    const build = (changes: Partial<Scenario>) => {
      const rows = shortRequests([0, 300]).map((row) => ({ ...row, blockIds: [1, 2, 3, 4] }));
      return simulate(handScenario(rows, changes)).log.reusedTokens[1];
    };
    expect(build({})).toBe(48);
    expect(build({ faults })).toBe(0);
  });

  it('makes a straggler slow, and turns away who is too many', () => {
    const slow = simulate(scenario([0], 1, { faults: { ...NO_FAULTS, stragglers: [{ worker: 0, factor: 1.5 }] } }));
    expect(slow.log.lastTokenNs[0] / MS).toBe(180);
    const { log, losses } = simulate(scenario([0, 1, 2, 300], 1, { maxInFlight: 2 }));
    expect(losses.shed).toBe(1);
    expect([...log.outcome]).toEqual([OUTCOME.completed, OUTCOME.completed, OUTCOME.rejected, OUTCOME.completed]);
  });

  it('turns away who arrives while every replica has more than a share of its KV pages in use', () => {
    // 50 tokens are 4 pages of 16; the first two requests are in their prompts at 50 ms, each on a replica of its own.
    const usable = PLAIN_VLLM.blocks - 1;
    const outcomesAbove = (pages: number) => {
      const { log, losses } = simulate(scenario([0, 1, 50, 300], 2, { maxKvUsage: pages / usable }));
      expect(losses.shed).toBe(Number(log.outcome[2] === OUTCOME.rejected));
      return log.outcome[2];
    };
    expect(outcomesAbove(3.5)).toBe(OUTCOME.rejected);
    expect(outcomesAbove(4.5)).toBe(OUTCOME.completed);
  });

  it('ends with the last request, whatever workers would go on to do', () => {
    const random = { meanUpNs: 30 * MS, downNs: 5 * MS };
    const { log, losses } = simulate(scenario([0, 100, 200], 2, { faults: { ...NO_FAULTS, random, retries: 200 } }));
    expect([...log.outcome]).toEqual([OUTCOME.completed, OUTCOME.completed, OUTCOME.completed]);
    expect(losses.lostAttempts).toBeGreaterThan(0);
  });
});
