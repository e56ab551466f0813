import { describe, expect, it } from 'vitest';
import { bench, DEFAULTS } from '../../../test/support/vllmBench.ts';
import { LogHistogram } from '../../base/logHistogram.ts';
import { WorkloadBuilder } from '../../workload/workloadBuilder.ts';
import { createEngine } from '../createEngine.ts';
import { PassLedger } from '../passLedger.ts';
import { RequestLog } from '../requestLog.ts';
import { buildRequestTable } from '../requestTable.ts';

describe.each([
  'fast',
  'plain',
] as const)('%s core, decision cases of vLLM (tests/v1/core/test_scheduler.py)', (core) => {
  it('admits ten short prompts in one step (test_schedule)', () => {
    const { engine, passes, runUntil } = bench(
      core,
      {},
      Array.from({ length: 10 }, () => ({ input: 10, output: 2 })),
    );
    for (let request = 0; request < 10; request++) engine.enqueue(request, 0);
    runUntil(0);
    expect(passes).toEqual(['0+10:100']);
  });

  it('chunks the second prompt when chunking is on, and lets nobody past it when off (test_schedule_order)', () => {
    const prompts = [800, 800, 10, 10].map((input) => ({ input, output: 2 }));
    const on = bench(core, { maxBatchedTokens: 1024, maxSequences: 3 }, prompts);
    const off = bench(core, { maxBatchedTokens: 1024, maxSequences: 3, chunkedPrefill: false }, prompts);
    for (const { engine, runUntil } of [on, off]) {
      for (let request = 0; request < 4; request++) engine.enqueue(request, 0);
      runUntil(0);
    }
    expect(on.passes).toEqual(['0+2:1024']);
    expect(off.passes).toEqual(['0+1:800']);
  });

  it('preempts the last admitted when a decode finds no block (after test_preempt_during_execution)', () => {
    // 10 usable blocks; both prompts fill 5. The first decode of request 0 needs a sixth. (Upstream's case has two batches
    // in flight; with one, both prompts must come at once.)
    const { engine, log, ends, runUntil } = bench(core, { blocks: 11, maxBatchedTokens: 200 }, [
      { input: 80, output: 3 },
      { input: 80, output: 3 },
    ]);
    engine.enqueue(0, 0);
    engine.enqueue(1, 0);
    runUntil(999);
    expect([...log.preemptions]).toEqual([0, 0]);
    runUntil(1000);
    expect([...log.preemptions]).toEqual([0, 1]);
    runUntil(1e9);
    expect(ends).toEqual([0, 1]);
    // Request 0 ends at 3000; request 1 then recomputes 81 tokens in one pass, which yields its second token.
    expect([...log.lastTokenNs]).toEqual([3000, 5000]);
    expect([...log.maxGapNs]).toEqual([1000, 3000]);
  });

  it('recomputes the last block of an aligned full hit, the rest of an unaligned one (get_computed_blocks)', () => {
    const shared = [1, 2, 3];
    const { engine, log, runUntil } = bench(core, { prefixCaching: true }, [
      { input: 48, output: 1, ids: shared },
      { input: 48, output: 1, ids: shared },
      { input: 53, output: 1, ids: [...shared, 9] },
    ]);
    engine.enqueue(0, 0);
    runUntil(1000);
    engine.enqueue(1, 2000);
    engine.enqueue(2, 2000);
    runUntil(1e6);
    expect([...log.reusedTokens]).toEqual([0, 32, 48]);
  });

  it('hits blocks that an earlier request of the same step is still computing (test_prefix_caching_for_prefill_dedup)', () => {
    const ids = [1, 2, 3, 4, 5, 6, 7];
    const { engine, log, passes, runUntil } = bench(core, { prefixCaching: true, maxBatchedTokens: 1000 }, [
      { input: 100, output: 1, ids },
      { input: 100, output: 1, ids },
    ]);
    engine.enqueue(0, 0);
    engine.enqueue(1, 0);
    runUntil(0);
    expect(passes).toEqual(['0+2:104']);
    expect([...log.reusedTokens]).toEqual([0, 96]);
  });

  it('reuses generated blocks in the next turn (test_prefix_caching_for_multi_turn)', () => {
    const builder = new WorkloadBuilder('turns', 16);
    const ids = Array.from({ length: 19 }, (_, block) => block + 1);
    builder.add({ arrivalNs: 0, inputTokens: 100, outputTokens: 201, blockIds: ids.slice(0, 7), session: 's' });
    builder.add({ inputTokens: 300, outputTokens: 1, blockIds: ids, session: 's', thinkNs: 0 });
    const workload = builder.build();
    const log = new RequestLog(2);
    const engine = createEngine(core, {
      worker: 0,
      role: 'aggregated',
      config: { ...DEFAULTS, prefixCaching: true },
      timer: { window: 0, passNs: () => 1000, decodeNs: () => 1000, boundOf: () => 0 },
      table: buildRequestTable(workload, Number.POSITIVE_INFINITY),
      log,
      host: { finished: () => {}, prefilled: () => {}, reserved: () => {}, onboards: () => {} },
      ledger: new PassLedger(new LogHistogram()),
      tiers: null,
    });
    engine.enqueue(0, 0);
    while (engine.nextEventNs < 1e9) engine.runEvent();
    engine.enqueue(1, 1e9);
    while (engine.nextEventNs < 2e9) engine.runEvent();
    // 300 known tokens: 18 full blocks, 12 tokens to compute.
    expect(log.reusedTokens[1]).toBe(288);
  });
});
