import { describe, expect, it } from 'vitest';
import { PLAIN_SGLANG } from '../../../test/support/engineConfigs.ts';
import { LogHistogram } from '../../base/logHistogram.ts';
import type { StepTimer } from '../../timing/stepTimer.ts';
import { WorkloadBuilder } from '../../workload/workloadBuilder.ts';
import { createEngine } from '../createEngine.ts';
import type { EngineCore } from '../engineCore.ts';
import { PassLedger } from '../passLedger.ts';
import { RequestLog } from '../requestLog.ts';
import { buildRequestTable } from '../requestTable.ts';
import type { SglangConfig } from './sglangConfig.ts';

interface Ask {
  readonly input: number;
  readonly output: number;
  readonly maxOutput?: number;
  readonly ids?: number[];
}

/** One engine whose decode passes last 1000 ns and prefill passes 5000, and when each request got its first and last token. */
function bench(core: 'fast' | 'plain', config: Partial<SglangConfig>, requests: readonly Ask[], blockTokens = 16) {
  const builder = new WorkloadBuilder('cases', blockTokens);
  for (const { input, output, maxOutput, ids } of requests) {
    builder.add({
      arrivalNs: 0,
      inputTokens: input,
      outputTokens: output,
      ...(maxOutput ? { maxOutputTokens: maxOutput } : {}),
      ...(ids ? { blockIds: ids } : {}),
    });
  }
  const workload = builder.build();
  const timer: StepTimer = {
    window: 0,
    passNs: ({ chunks }) => (chunks > 0 ? 5000 : 1000),
    decodeNs: () => 1000,
    boundOf: () => 0,
  };
  const log = new RequestLog(workload.count);
  const ledger = new PassLedger(new LogHistogram());
  const engine: EngineCore = createEngine(core, {
    worker: 0,
    role: 'aggregated',
    config: { ...PLAIN_SGLANG, ...config },
    timer,
    table: buildRequestTable(workload, Number.POSITIVE_INFINITY),
    log,
    host: { finished: () => {}, prefilled: () => {}, reserved: () => {}, onboards: () => {} },
    tiers: null,
    ledger,
  });
  const runUntil = (timeNs: number): void => {
    while (engine.nextEventNs <= timeNs) engine.runEvent();
    engine.advanceTo(timeNs);
  };
  return { engine, log, ledger, runUntil };
}

const EVER = 1e12;

describe.each(['fast', 'plain'] as const)('%s SGLang core', (core) => {
  it('decodes once more for a request that ends by length, but only with overlap', () => {
    for (const overlap of [false, true]) {
      const { engine, log, ledger, runUntil } = bench(core, { overlap }, [{ input: 100, output: 8 }]);
      engine.enqueue(0, 0);
      runUntil(EVER);
      // One prefill and seven decodes; the eighth is launched before the last token is known.
      expect(log.lastTokenNs[0]).toBe(12_000);
      expect(ledger.passes).toBe(overlap ? 9 : 8);
    }
  });

  it('lets an arrival join the batch after the one that is queued', () => {
    for (const [overlap, scheduledNs] of [
      [false, 7000],
      [true, 7000],
    ] as const) {
      const { engine, log, runUntil } = bench(core, { overlap }, [
        { input: 100, output: 50 },
        { input: 100, output: 2 },
      ]);
      engine.enqueue(0, 0);
      runUntil(6500);
      // The second decode runs from 6000 to 7000; with overlap the third is launched behind it.
      engine.enqueue(1, 6500);
      runUntil(EVER);
      expect(log.scheduledNs[1]).toBe(scheduledNs);
      expect(log.firstTokenNs[1]).toBe(overlap ? 13_000 : 12_000);
    }
  });

  it('polls for requests after so many decodes, and after every prefill', () => {
    const { engine, log, runUntil } = bench(core, { pollingInterval: 10 }, [
      { input: 100, output: 500 },
      { input: 100, output: 1 },
      { input: 100, output: 1 },
    ]);
    engine.enqueue(0, 0);
    runUntil(2000);
    engine.enqueue(1, 2000);
    runUntil(5500);
    engine.enqueue(2, 5500);
    runUntil(EVER);
    // Request 1 comes in time for the poll after the prefill, at 5000; request 2 for the one after that, at 10,000.
    expect([log.scheduledNs[1], log.scheduledNs[2]]).toEqual([5000, 10_000]);
    const later = bench(core, { pollingInterval: 10 }, [
      { input: 100, output: 500 },
      { input: 100, output: 1 },
    ]);
    later.engine.enqueue(0, 0);
    later.runUntil(6500);
    later.engine.enqueue(1, 6500);
    later.runUntil(EVER);
    // The poll at 5000 found nothing; the next one follows the tenth decode after it.
    expect(later.log.scheduledNs[1]).toBe(15_000);
  });

  it('admits nobody after the pool was spoken for until somebody finishes', () => {
    // 0 runs, 1 does not fit beside its reservation; 2 would fit, but comes after the latch.
    const { engine, log, runUntil } = bench(core, { blocks: 400, conservativeness: 2 }, [
      { input: 100, output: 100 },
      { input: 150, output: 100 },
      { input: 10, output: 10 },
    ]);
    engine.enqueue(0, 0);
    engine.enqueue(1, 0);
    runUntil(20_000);
    engine.enqueue(2, 20_000);
    runUntil(EVER);
    expect(log.scheduledNs[0]).toBe(0);
    expect(log.scheduledNs[1]).toBe(log.lastTokenNs[0]);
    expect(log.scheduledNs[2]).toBeGreaterThanOrEqual(log.lastTokenNs[0]);
  });

  it('takes no second look at the queue while the latch is down, even if room appeared', () => {
    // At 5000 the reservation of 0 would let 2 in; nobody looks before 0 is through.
    const { engine, log, runUntil } = bench(core, { blocks: 400, conservativeness: 2, maxSequences: 2 }, [
      { input: 100, output: 100 },
      { input: 200, output: 99 },
    ]);
    engine.enqueue(0, 0);
    runUntil(100);
    engine.enqueue(1, 100);
    runUntil(EVER);
    expect(log.scheduledNs[1]).toBe(log.lastTokenNs[0]);
  });

  it('retracts the request with the fewest tokens, which keeps them and goes to the back of the queue', () => {
    const { engine, log, runUntil } = bench(core, { blocks: 200, conservativeness: 0.01, contextLength: 190 }, [
      { input: 30, output: 60 },
      { input: 40, output: 60 },
      { input: 35, output: 60 },
      { input: 10, output: 5 },
    ]);
    engine.enqueue(0, 0);
    runUntil(5500);
    engine.enqueue(1, 5500);
    runUntil(20_000);
    engine.enqueue(2, 20_000);
    runUntil(60_000);
    // 105 tokens of prompts, 95 more when the pool is full; the third has come last and so generated least.
    expect([...log.preemptions]).toEqual([0, 0, 1, 0]);
    engine.enqueue(3, 60_000);
    runUntil(EVER);
    expect(log.preemptions[0] + log.preemptions[1]).toBe(0);
    expect(log.lastTokenNs[2]).toBeGreaterThan(log.lastTokenNs[1]);
  });

  it('computes equal prompts of one batch twice, as nothing can be found before it has been processed', () => {
    const ids = [1, 2, 3, 4];
    const twins = [
      { input: 64, output: 4, ids },
      { input: 64, output: 4, ids },
      { input: 64, output: 4, ids },
    ];
    const { engine, log, runUntil } = bench(core, {}, twins);
    engine.enqueue(0, 0);
    engine.enqueue(1, 0);
    runUntil(5500);
    engine.enqueue(2, 5500);
    runUntil(EVER);
    expect([...log.reusedTokens]).toEqual([0, 0, 63]);
  });

  it('lets others find the chunks of a prompt in progress (after test_scheduler_chunked_req_gate)', () => {
    const ids = [1, 2, 3, 4];
    const { engine, runUntil } = bench(core, { chunkedPrefillTokens: 32 }, [
      { input: 64, output: 4, ids },
      { input: 64, output: 4, ids },
    ]);
    engine.enqueue(0, 0);
    runUntil(0);
    expect(engine.cachedTokens(1)).toBe(0);
    runUntil(5000);
    expect(engine.cachedTokens(1)).toBe(32);
  });

  it('keeps generated text in the tree, or in the versions between only the prompt', () => {
    for (const keepsGenerated of [true, false]) {
      const builder = new WorkloadBuilder('session', 16);
      builder.add({ arrivalNs: 0, inputTokens: 32, outputTokens: 32, blockIds: [1, 2], session: 's', thinkNs: 0 });
      builder.add({
        arrivalNs: 0,
        inputTokens: 80,
        outputTokens: 1,
        blockIds: [1, 2, 3, 4, 5],
        session: 's',
        thinkNs: 0,
      });
      const workload = builder.build();
      const log = new RequestLog(2);
      const engine = createEngine(core, {
        worker: 0,
        role: 'aggregated',
        config: { ...PLAIN_SGLANG, keepsGenerated },
        timer: { window: 0, passNs: () => 1000, decodeNs: () => 1000, boundOf: () => 0 },
        table: buildRequestTable(workload, Number.POSITIVE_INFINITY),
        log,
        host: { finished: () => {}, prefilled: () => {}, reserved: () => {}, onboards: () => {} },
        tiers: null,
        ledger: new PassLedger(new LogHistogram()),
      });
      engine.enqueue(0, 0);
      while (engine.nextEventNs < EVER) engine.runEvent();
      // The last generated token was never computed.
      expect(engine.cachedTokens(1)).toBe(keepsGenerated ? 63 : 32);
    }
  });

  it('serves prompts below max_req_len - 5, and outputs that fit behind them', () => {
    const { engine } = bench(core, { contextLength: 1000, blocks: 5000 }, [{ input: 1, output: 1 }]);
    expect([engine.admits(993, 1), engine.admits(994, 1)]).toEqual([true, false]);
    expect([engine.admits(900, 98), engine.admits(900, 99)]).toEqual([true, false]);
  });

  it('holds a prompt back for other attention-DP ranks, five passes at most', () => {
    for (const [prefillDelayPasses, scheduledNs] of [
      [0, 6000],
      [5, 10_000],
    ]) {
      const asks = [100, 100, 100].map((input) => ({ input, output: 50 }));
      const { engine, log, runUntil } = bench(core, { attentionDataRanks: 2, prefillDelayPasses }, asks);
      engine.enqueue(0, 0);
      engine.enqueue(1, 0);
      runUntil(5500);
      engine.enqueue(2, 5500);
      runUntil(EVER);
      expect([...log.scheduledNs]).toEqual([0, 0, scheduledNs]);
      // The other rank stands still in its lockstep: its decode lasts as long as the prefill.
      expect(log.maxGapNs[1]).toBe(5000);
    }
  });

  it('puts one token of every running request into a prefill pass with mixed chunks', () => {
    for (const mixedChunk of [false, true]) {
      const { engine, log, runUntil } = bench(core, { mixedChunk }, [
        { input: 100, output: 20 },
        { input: 100, output: 2 },
      ]);
      engine.enqueue(0, 0);
      runUntil(6500);
      engine.enqueue(1, 6500);
      runUntil(EVER);
      // Prefill of 5000 ns at 7000: request 0 stands still, or gets a token out of it.
      expect(log.maxGapNs[0]).toBe(mixedChunk ? 5000 : 6000);
    }
  });
});
