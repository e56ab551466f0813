import { describe, expect, it } from 'vitest';
import { PLAIN_VLLM } from '../../test/support/engineConfigs.ts';
import { handPool, handScenario, MS } from '../../test/support/handScenario.ts';
import { simulate } from '../../test/support/lawfulSimulation.ts';
import type { CommonConfig } from '../engine/commonConfig.ts';
import { OUTCOME, STATE } from '../engine/requestLog.ts';
import type { WorkloadRow } from '../workload/workloadBuilder.ts';
import type { RouterPolicy } from './router/routerSpec.ts';
import type { PoolSpec, Scenario } from './scenario.ts';
import { createSimulation } from './simulation.ts';

function pool(changes: Partial<PoolSpec> = {}, engine: Partial<CommonConfig> = {}): PoolSpec {
  const roomy = { maxBatchedTokens: 10_000, maxSequences: 8, blocks: 10_000, contextLength: 10_000 };
  return handPool({ engine: { ...PLAIN_VLLM, ...roomy, ...engine }, ...changes });
}

function scenario(rows: readonly WorkloadRow[], changes: Partial<Scenario> = {}): Scenario {
  return handScenario(rows, { pools: [pool()], ...changes });
}

const inMs = (column: Float64Array): number[] => [...column].map((ns) => ns / MS);

describe('simulate, against times worked out by hand', () => {
  it('serves one request: its prompt, then a pass for each further token', () => {
    const { log, durationNs, passes } = simulate(scenario([{ arrivalNs: 0, inputTokens: 50, outputTokens: 4 }]));
    expect(inMs(log.firstTokenNs)).toEqual([100]);
    expect(inMs(log.lastTokenNs)).toEqual([130]);
    expect(durationNs).toBe(130 * MS);
    expect(passes).toBe(4);
  });

  it('lets an arrival at the very end of a pass join the next batch, and one just after wait for its end', () => {
    const first = { arrivalNs: 0, inputTokens: 50, outputTokens: 5 };
    const onTime = simulate(scenario([first, { arrivalNs: 110 * MS, inputTokens: 50, outputTokens: 1 }]));
    expect(inMs(onTime.log.scheduledNs)[1]).toBe(110);
    const late = simulate(scenario([first, { arrivalNs: 110 * MS + 1, inputTokens: 50, outputTokens: 1 }]));
    expect(inMs(late.log.scheduledNs)[1]).toBe(120);
    // Its prompt holds up the other's third token, and that is called interference.
    expect(onTime.log.maxGapNs[0]).toBe(100 * MS);
    expect(onTime.log.e2eStateNs(0, STATE.decodeInterference)).toBe(90 * MS);
    expect(onTime.log.e2eStateNs(0, STATE.decode)).toBe(40 * MS);
  });

  it('keeps a closed loop full and starts the clock of a request at its dispatch', () => {
    const rows = Array.from({ length: 4 }, () => ({ arrivalNs: 0, inputTokens: 50, outputTokens: 1 }));
    const { log } = simulate(scenario(rows, { load: { kind: 'closed', concurrency: 1 } }));
    expect(inMs(log.arrivalNs)).toEqual([0, 100, 200, 300]);
    expect(inMs(log.lastTokenNs)).toEqual([100, 200, 300, 400]);
  });

  it('sends the next turn after the think time, which speeds up with the trace', () => {
    const rows = [
      { arrivalNs: 0, inputTokens: 50, outputTokens: 1, session: 's' },
      { inputTokens: 60, outputTokens: 1, session: 's', thinkNs: 500 * MS },
    ];
    expect(inMs(simulate(scenario(rows)).log.arrivalNs)).toEqual([0, 600]);
    const twice = scenario(rows, { load: { kind: 'open', speedup: 2 } });
    expect(inMs(simulate(twice).log.arrivalNs)).toEqual([0, 350]);
  });

  it('holds a slot of a closed loop while the session thinks', () => {
    const rows = [
      { arrivalNs: 0, inputTokens: 50, outputTokens: 1, session: 's' },
      { inputTokens: 60, outputTokens: 1, session: 's', thinkNs: 500 * MS },
      { arrivalNs: 0, inputTokens: 50, outputTokens: 1, session: 't' },
    ];
    const { log } = simulate(scenario(rows, { load: { kind: 'closed', concurrency: 1 } }));
    expect(inMs(log.arrivalNs)).toEqual([0, 600, 700]);
  });

  it('moves a prompt from prefill to decode: 8192 tokens of 131,072 bytes at 64 GB/s take 16.78 ms', () => {
    const pools = [pool({ name: 'p', role: 'prefill' }), pool({ name: 'd', role: 'decode' })];
    const transfer = { bandwidthBytesPerS: 64e9, latencyNs: 2 * MS, kvBytesPerToken: 131_072 };
    const { log } = simulate(scenario([{ arrivalNs: 0, inputTokens: 8192, outputTokens: 3 }], { pools, transfer }));
    const wireNs = Math.round(((8192 * 131_072) / 64e9) * 1e9);
    expect(wireNs / MS).toBeCloseTo(16.78, 2);
    expect(log.e2eStateNs(0, STATE.transfer)).toBe(wireNs + 2 * MS);
    // The decode worker computes the prompt's last token, as a decode, which yields the first token the client sees.
    expect(log.firstTokenNs[0]).toBe(100 * MS + wireNs + 2 * MS + 10 * MS);
    expect(log.lastTokenNs[0]).toBe(log.firstTokenNs[0] + 2 * 10 * MS);
  });

  it('transfers only what the decode worker does not have', () => {
    const pools = [pool({ name: 'p', role: 'prefill' }), pool({ name: 'd', role: 'decode' })];
    const transfer = { bandwidthBytesPerS: 1e6, latencyNs: 0, kvBytesPerToken: 100 };
    const blockIds = [1, 2, 3, 4];
    const rows = [0, 10_000 * MS].map((arrivalNs) => ({ arrivalNs, inputTokens: 64, outputTokens: 1, blockIds }));
    const { log } = simulate(scenario(rows, { pools, transfer }));
    // The second finds 48 tokens; the last page is always fetched.
    expect(log.e2eStateNs(0, STATE.transfer) / MS).toBeCloseTo(6.4, 6);
    expect(log.e2eStateNs(1, STATE.transfer) / MS).toBeCloseTo(1.6, 6);
  });

  it('rejects, drops or cuts what is too long for the context', () => {
    const rows = [
      { arrivalNs: 0, inputTokens: 50, outputTokens: 2 },
      { arrivalNs: 0, inputTokens: 500, outputTokens: 2 },
    ];
    const pools = [pool({}, { contextLength: 100 })];
    const run = (overLength: Scenario['overLength']) => simulate(scenario(rows, { pools, overLength }));
    expect([...run('reject').log.outcome]).toEqual([OUTCOME.completed, OUTCOME.rejected]);
    expect(run('reject').submitted).toBe(2);
    expect([...run('drop').log.outcome]).toEqual([OUTCOME.completed, OUTCOME.pending]);
    expect(run('drop').submitted).toBe(1);
    expect([...run('truncate').log.outcome]).toEqual([OUTCOME.completed, OUTCOME.completed]);
  });

  it('releases nothing after the time limit and finishes what runs', () => {
    const rows = [0, 50, 150].map((ms) => ({ arrivalNs: ms * MS, inputTokens: 50, outputTokens: 2 }));
    const { log, submitted } = simulate(scenario(rows, { maxVirtualNs: 100 * MS }));
    expect(submitted).toBe(2);
    expect([...log.outcome]).toEqual([OUTCOME.completed, OUTCOME.completed, OUTCOME.pending]);
  });
});

describe('routers', () => {
  const workersOf = (policy: RouterPolicy, rows: readonly WorkloadRow[], seed = 1): number[] => [
    ...simulate(scenario(rows, { pools: [pool({ replicas: 3 })], router: { policy }, seed })).log.worker,
  ];
  const at = (ms: number, outputTokens = 1, blockIds?: number[]): WorkloadRow => ({
    arrivalNs: ms * MS,
    inputTokens: blockIds === undefined ? 50 : blockIds.length * 16,
    outputTokens,
    ...(blockIds === undefined ? {} : { blockIds }),
  });

  it('round robin takes turns', () => {
    expect(workersOf('round_robin', [at(0), at(1), at(2), at(3)])).toEqual([0, 1, 2, 0]);
  });

  it('least loaded avoids who is still busy; among equals it goes on in turn', () => {
    expect(workersOf('least_loaded', [at(0, 100), at(1), at(2), at(500), at(501), at(502)])).toEqual([
      0, 1, 2, 1, 2, 0,
    ]);
  });

  it('prefix aware returns to who has the prompt', () => {
    const ids = Array.from({ length: 40 }, (_, id) => id + 1);
    const other = ids.map((id) => id + 100);
    expect(workersOf('prefix_aware', [at(0, 1, ids), at(1, 1, other), at(1000, 1, ids), at(2000, 1, other)])).toEqual([
      0, 1, 0, 1,
    ]);
  });

  it('random depends on the seed and the request, not on who else came', () => {
    const rows = Array.from({ length: 30 }, (_, request) => at(request));
    const all = workersOf('random', rows);
    expect(workersOf('random', rows)).toEqual(all);
    expect(workersOf('random', rows, 2)).not.toEqual(all);
    expect(workersOf('random', rows.slice(0, 10))).toEqual(all.slice(0, 10));
    expect(new Set(all).size).toBe(3);
  });
});

describe('createSimulation', () => {
  it('can be advanced in steps and watched in between', () => {
    const rows = Array.from({ length: 20 }, (_, n) => ({ arrivalNs: n * 7 * MS, inputTokens: 60, outputTokens: 9 }));
    const simulation = createSimulation(scenario(rows));
    let steps = 0;
    while (!simulation.advance(1)) steps += 1;
    expect(steps).toBeGreaterThanOrEqual(10);
    expect(simulation.status()).toMatchObject({ done: true, inFlight: 0 });
    expect(simulation.result().log).toEqual(simulate(scenario(rows)).log);
  });

  it('refuses scenarios that break its contract', () => {
    const rows = [{ arrivalNs: 0, inputTokens: 1, outputTokens: 1 }];
    expect(() => simulate(scenario(rows, { pools: [pool({ role: 'prefill' })] }))).toThrow(/prefill and decode/);
    expect(() => simulate(scenario(rows, { pools: [pool({}, { maxSequences: 20_000 })] }))).toThrow(/sequences/);
  });
});
