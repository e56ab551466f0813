import { describe, expect, it } from 'vitest';
import { bench, DEFAULTS } from '../../../test/support/vllmBench.ts';
import { admissionCap } from '../../timing/kvGroup.ts';
import type { EngineCore, EngineLoad } from '../engineCore.ts';
import type { Speculation } from '../speculation.ts';

const drafting = (...acceptance: number[]): Speculation => ({
  method: 'ngram',
  draftTokens: acceptance.length,
  acceptance,
  seed: 1,
});

function heldPages(engine: EngineCore): number {
  const load: EngineLoad = { running: 0, waiting: 0, queuedPrefillTokens: 0, heldPages: 0, usablePages: 0 };
  engine.readLoad(load);
  return load.heldPages;
}

describe.each(['fast', 'plain'] as const)('%s core, decision cases of vLLM (tests/v1/core)', (core) => {
  it('cuts long prompts to the threshold (vLLM tests/v1/core/test_scheduler.py::test_schedule_concurrent_partial_requests)', () => {
    const prompts = [800, 800, 800].map((input) => ({ input, output: 5 }));
    const { engine, passes, runUntil } = bench(core, { maxBatchedTokens: 1024, longPrefillTokens: 400 }, prompts);
    for (const request of prompts.keys()) engine.enqueue(request, 0);
    runUntil(2000);
    expect(passes).toEqual(['0+3:1024', '0+3:1024', '2+1:352']);
  });

  it('leaves a prompt in flight alone (after vLLM tests/v1/core/test_scheduler.py::test_schedule_concurrent_batches)', () => {
    // Upstream adds the second request between two steps of one instant; a budget of one prompt does the same.
    const prompts = [512, 512].map((input) => ({ input, output: 5 }));
    const { engine, passes, runUntil } = bench(core, { maxBatchedTokens: 512, pipelineStages: 2 }, prompts);
    for (const request of prompts.keys()) engine.enqueue(request, 0);
    runUntil(0);
    expect(passes).toEqual(['0+1:512', '0+1:512']);
    runUntil(1000);
    expect(passes[2]).toBe('1+0:0');
  });

  it('verifies no drafts in a chunk (vLLM tests/v1/core/test_scheduler.py::test_no_spec_tokens_scheduled_for_prefill_chunks)', () => {
    const config = { maxBatchedTokens: 50, speculation: drafting(0, 0, 0) };
    const { engine, passes, runUntil } = bench(core, config, [{ input: 80, output: 5 }]);
    engine.enqueue(0, 0);
    runUntil(2000);
    expect(passes).toEqual(['0+1:50', '0+1:30', '1/4+0:0']);
  });

  it.each([
    [true, 10 + 8],
    [false, 10 + 10],
  ])("counts a drafter's slots: %s (after vLLM tests/v1/core/test_scheduler.py::test_draft_slots_budgeted_per_scheduled_request)", (counts, tokens) => {
    const semantics = { ...DEFAULTS.semantics, countsDraftSlots: counts };
    const speculation = { ...drafting(0, 0), method: 'draft_model' as const };
    const requests = [10, 10].map((input) => ({ input, output: 5 }));
    const { engine, passes, runUntil } = bench(core, { maxBatchedTokens: 20, speculation, semantics }, requests);
    for (const request of requests.keys()) engine.enqueue(request, 0);
    runUntil(0);
    // A draft model takes one slot for each request (upstream's parallel drafts three): 20 - 10 - 1 - 1.
    expect(passes).toEqual([`0+2:${tokens}`]);
  });

  it.each([
    [true, 25],
    [false, 28],
  ])('pads a first decode: %s (vLLM tests/v1/core/test_scheduler.py::test_spec_decode_padding_first_decode_step)', (pads, rest) => {
    const semantics = { ...DEFAULTS.semantics, padsFirstSpeculativeDecode: pads };
    const config = { prefixCaching: true, maxBatchedTokens: 33, speculation: drafting(0, 0, 0), semantics };
    const ids = [1, 2, 3];
    const { engine, log, passes, runUntil } = bench(core, config, [
      { input: 33, output: 9, ids },
      { input: 33, output: 9, ids },
      { input: 99, output: 9 },
    ]);
    engine.enqueue(0, 0);
    runUntil(0);
    engine.enqueue(1, 500);
    engine.enqueue(2, 500);
    runUntil(1000);
    expect(log.reusedTokens[1]).toBe(32);
    // One token of the padded prompt, and what the budget leaves for the next.
    expect(passes).toEqual(['0+1:33', `1/4+2:${1 + rest}`]);
  });

  it('pads nobody beside a chunk (vLLM tests/v1/core/test_scheduler.py::test_spec_decode_padding_skipped_with_prefill_in_batch)', () => {
    const config = { prefixCaching: true, maxBatchedTokens: 64, speculation: drafting(0, 0, 0) };
    const ids = [1, 2, 3];
    const { engine, passes, runUntil } = bench(core, config, [
      { input: 33, output: 9, ids },
      { input: 20, output: 9 },
      { input: 33, output: 9, ids },
      { input: 99, output: 9 },
    ]);
    engine.enqueue(0, 0);
    runUntil(0);
    for (const request of [1, 2, 3]) engine.enqueue(request, 500);
    runUntil(1000);
    expect(passes[1]).toBe(`1/4+3:${20 + 1 + (64 - 4 - 20 - 1)}`);
  });

  it.each([
    [[1, 1, 1], 3],
    [[1, 0, 0], 1],
  ])('counts drafts accepted with %s: %i a pass (vLLM tests/v1/core/test_scheduler.py::test_schedule_spec_decoding_stats)', (acceptance, accepted) => {
    const speculation = drafting(...acceptance);
    const { engine, ledger, runUntil } = bench(core, { speculation }, [{ input: 1, output: 100 }]);
    engine.enqueue(0, 0);
    runUntil(1000 + 1000);
    expect([ledger.draftedDecodes, ledger.acceptedDrafts]).toEqual([1, accepted]);
  });

  it('counts a lookup once that is tried twice (vLLM tests/v1/core/test_scheduler.py::test_prefix_cache_stats_counted_once_for_retried_then_scheduled_request)', () => {
    const { engine, ledger, runUntil } = bench(core, { prefixCaching: true, chunkedPrefill: false, blocks: 8 }, [
      { input: 32, output: 1, ids: [1, 2] },
      { input: 64, output: 3 },
      { input: 48, output: 2, ids: [1, 2, 3] },
    ]);
    engine.enqueue(0, 0);
    runUntil(1000);
    engine.enqueue(1, 2000);
    runUntil(3000);
    engine.enqueue(2, 3500);
    runUntil(1e6);
    expect([ledger.lookupTokens, ledger.hitTokens]).toEqual([32 + 64 + 48, 32]);
  });

  it('preempts the least urgent (vLLM tests/v1/core/test_scheduler.py::test_priority_scheduling_preemption)', () => {
    const config = { policy: 'priority', blocks: 6, maxSequences: 3, maxBatchedTokens: 200 } as const;
    const { engine, log, passes, runUntil } = bench(core, config, [
      { input: 32, output: 9, priority: 5 },
      { input: 32, output: 9, priority: 0 },
    ]);
    engine.enqueue(0, 0);
    runUntil(0);
    engine.enqueue(1, 500);
    runUntil(1000);
    expect(heldPages(engine)).toBe(5);
    runUntil(2000);
    expect(passes).toEqual(['0+1:32', '1+1:32', '1+0:0']);
    expect([...log.preemptions]).toEqual([1, 0]);
  });

  it('serves the most urgent first (vLLM tests/v1/core/test_scheduler.py::test_priority_scheduling_preemption_victim_selection)', () => {
    const requests = [3, 2, 0].map((priority) => ({ input: 10, output: 2, priority }));
    const { engine, ends, runUntil } = bench(core, { policy: 'priority', maxSequences: 1 }, requests);
    for (const request of requests.keys()) engine.enqueue(request, 0);
    runUntil(1e6);
    expect(ends).toEqual([2, 1, 0]);
  });

  it('serves equals as they came (after vLLM tests/v1/core/test_scheduler.py::test_priority_scheduling_equal_priority_preemption)', () => {
    // Upstream names arrival times 3, 1, 2; here a request arrives when it comes.
    const requests = [0, 1, 2].map(() => ({ input: 10, output: 2, priority: 1 }));
    const { engine, ends, runUntil } = bench(core, { policy: 'priority', maxSequences: 1 }, requests);
    for (const [nowNs, request] of [1, 2, 0].entries()) engine.enqueue(request, nowNs);
    runUntil(1e6);
    expect(ends).toEqual([1, 2, 0]);
  });

  it('fills its places by urgency (vLLM tests/v1/core/test_scheduler.py::test_priority_scheduling_with_limited_slots)', () => {
    const requests = [3, 1, 2, 0].map((priority) => ({ input: 10, output: 9, priority }));
    const { engine, log, runUntil } = bench(core, { policy: 'priority', maxSequences: 2 }, requests);
    for (const request of requests.keys()) engine.enqueue(request, 0);
    runUntil(0);
    expect([...log.scheduledNs]).toEqual([-1, 0, -1, 0]);
  });

  it('resumes the preempted (vLLM tests/v1/core/test_scheduler.py::test_priority_scheduling_preemption_and_resumption_when_out_of_kv)', () => {
    const config = { policy: 'priority', blocks: 5, maxSequences: 2, maxBatchedTokens: 200 } as const;
    const { engine, passes, runUntil } = bench(core, config, [
      { input: 30, output: 9, priority: 1 },
      { input: 32, output: 2, priority: 0 },
    ]);
    engine.enqueue(0, 0);
    runUntil(0);
    engine.enqueue(1, 500);
    runUntil(3000);
    expect(passes).toEqual(['0+1:30', '1+1:32', '1+0:0', '0+1:32']);
  });

  it.each([
    1, 2, 3, 5,
  ])('wastes no step on a length stop after %i tokens (vLLM tests/v1/core/test_async_scheduler.py::test_stop_by_max_tokens)', (output) => {
    const requests = [10, 10].map((input) => ({ input, output }));
    const { engine, runUntil } = bench(core, { asyncScheduling: true }, requests);
    for (const request of requests.keys()) engine.enqueue(request, 0);
    runUntil(1e6);
    // A prompt and each token after the first are one share of a pass.
    expect(engine.totals().batchSum).toBe(2 * output);
  });

  it.each([
    [true, 9, 4],
    [true, 3, 3],
    [false, 9, 3],
  ])('asynchronously %s, of at most %i tokens: a stop after 3 takes part in %i steps (after vLLM tests/v1/core/test_deferred_block_free.py::test_gate_disabled_without_connector)', (asyncScheduling, most, shares) => {
    const { engine, ends, runUntil } = bench(core, { asyncScheduling }, [{ input: 10, output: 3, most }]);
    engine.enqueue(0, 0);
    runUntil(2999);
    expect(ends).toEqual([]);
    runUntil(3000);
    // Its blocks are free although the step after its last is in flight.
    expect([ends, heldPages(engine)]).toEqual([[0], 0]);
    runUntil(1e6);
    expect(engine.totals().batchSum).toBe(shares);
  });

  it('drops what is in flight of the aborted (vLLM tests/v1/core/test_async_scheduler.py::test_abort)', () => {
    const requests = Array.from({ length: 10 }, () => ({ input: 10, output: 20 }));
    const { engine, ledger, runUntil } = bench(core, { asyncScheduling: true }, requests);
    for (const request of requests.keys()) engine.enqueue(request, 0);
    for (const [steps, request] of [0, 8, 3, 1, 6, 4, 2, 5, 7, 9].entries()) {
      runUntil(1000 * steps);
      engine.advanceTo(1000 * steps);
      engine.cancel(request, 1000 * steps);
    }
    runUntil(1e6);
    // The k-th of them, from 0, has k tokens, with a gap between each two.
    expect(ledger.gaps.count).toBe(1 + 2 + 3 + 4 + 5 + 6 + 7 + 8);
    expect(heldPages(engine)).toBe(0);
  });

  // Requests on the first rank are what the upstream cases are about; the second rank gets one to keep it busy.
  const paced = { attentionDataRanks: 2, prefillInterval: 2 };

  it('lets prompts wait for their turn while others decode (vLLM tests/v1/core/test_scheduler.py::test_schedule_prefills_gating)', () => {
    const requests = [8, 8, 8].map((input) => ({ input, output: 9 }));
    const { engine, log, passes, runUntil } = bench(core, paced, requests);
    engine.enqueue(0, 0);
    runUntil(0);
    // The idle rank is not held back.
    engine.enqueue(1, 500);
    engine.enqueue(2, 500);
    runUntil(2000);
    expect([...log.scheduledNs]).toEqual([0, 1000, 2000]);
    expect(passes).toEqual(['0+1:8', '1+0:0', '1+1:8']);
  });

  it('lets prompts in progress wait as well (vLLM tests/v1/core/test_scheduler.py::test_throttle_defers_inflight_prefill_chunk)', () => {
    const requests = [4, 4, 80].map((input) => ({ input, output: 9 }));
    const { engine, passes, runUntil } = bench(core, { ...paced, maxBatchedTokens: 50 }, requests);
    engine.enqueue(0, 0);
    engine.enqueue(1, 0);
    runUntil(0);
    engine.enqueue(2, 500);
    runUntil(4000);
    expect(passes).toEqual(['0+1:4', '1+0:0', '1+1:49', '1+0:0', '1+1:31']);
  });

  it('gives a prompt whose turn it is its tokens before decodes that joined after it (Scheduler.schedule)', () => {
    const requests = [4, 4, 240, 8, 8].map((input) => ({ input, output: 9 }));
    const { engine, passes, runUntil } = bench(core, { ...paced, maxBatchedTokens: 50 }, requests);
    engine.enqueue(0, 0);
    engine.enqueue(1, 0);
    runUntil(0);
    // The long prompt to the first rank, another to the second.
    engine.enqueue(2, 500);
    engine.enqueue(3, 500);
    runUntil(2100);
    engine.enqueueRemote(4, 2100);
    runUntil(3000);
    engine.remoteArrived(4, 3500);
    runUntil(6000);
    // It starts to decode in a step in which the long prompt has to wait, behind it, and finds nothing left in the next.
    expect(passes.slice(2)).toEqual(['1+1:49', '1+0:0', '1+1:49', '2+0:0', '1+1:49']);
  });

  it('holds nobody back who found no room in turn (vLLM tests/v1/core/test_scheduler.py::test_throttle_capacity_bound_guard_admits)', () => {
    const requests = [200, 8, 200].map((input) => ({ input, output: 9 }));
    const { engine, log, runUntil } = bench(core, { ...paced, maxBatchedTokens: 200 }, requests);
    for (const request of requests.keys()) engine.enqueue(request, 0);
    runUntil(1000);
    expect([...log.scheduledNs]).toEqual([0, 0, 1000]);
  });

  it('does not hold back whose KV has come (vLLM tests/v1/core/test_scheduler.py::test_throttle_prefills_excludes_fully_transferred_remote_kv)', () => {
    const requests = [8, 8, 32].map((input) => ({ input, output: 9 }));
    const { engine, passes, runUntil } = bench(core, { ...paced, prefillInterval: 9 }, requests);
    engine.enqueue(0, 0);
    engine.enqueue(1, 0);
    runUntil(0);
    engine.enqueueRemote(2, 500);
    runUntil(1000);
    engine.remoteArrived(2, 1500);
    runUntil(2000);
    expect(passes).toEqual(['0+1:8', '1+0:0', '2+0:0']);
  });

  it('holds back whose KV has come in part (vLLM tests/v1/core/test_scheduler.py::test_throttle_prefills_defers_remote_kv_resume_with_local_prefill)', () => {
    const requests = [8, 8, 64].map((input) => ({ input, output: 12 }));
    const config = { ...paced, prefillInterval: 9, prefixCaching: true };
    const { engine, log, passes, runUntil } = bench(core, config, requests, 32);
    engine.enqueue(0, 0);
    engine.enqueue(1, 0);
    runUntil(1000);
    engine.enqueue(2, 1500);
    runUntil(8999);
    expect(log.scheduledNs[2]).toBe(-1);
    runUntil(9000);
    expect([passes.at(-1), log.scheduledNs[2]]).toEqual(['1+1:32', 9000]);
  });

  it('computes what neither the cache nor the connector has (vLLM tests/v1/core/test_scheduler.py::test_kv_connector_basic, asynchronous)', () => {
    const config = { prefixCaching: true };
    const { engine, log, passes, runUntil } = bench(
      core,
      config,
      [
        { input: 64, output: 3, ids: [1, 2, 3, 4] },
        { input: 64, output: 3, ids: [11, 12, 13, 14] },
        { input: 128, output: 3, ids: [1, 2, 3, 4, 5, 6, 7, 8] },
        { input: 128, output: 3, ids: [11, 12, 13, 14, 15, 16, 17, 18] },
      ],
      32,
    );
    for (const [pair, atNs] of [
      [[0, 1], 0],
      [[2, 3], 1e6],
    ] as const) {
      for (const request of pair) engine.enqueue(request, atNs);
      passes.length = 0;
      runUntil(atNs + 499);
      // Both wait, their pages reserved, and nothing runs.
      expect([passes, heldPages(engine)]).toEqual([[], pair[0] === 0 ? 8 : 16]);
      runUntil(atNs + 5e5);
      expect([passes[0], heldPages(engine)]).toEqual(['0+2:64', 0]);
    }
    expect([...log.reusedTokens]).toEqual([32, 32, 96, 96]);
  });

  it('counts what the cache has and what the connector adds apart (vLLM tests/v1/core/test_scheduler.py::test_external_prefix_cache_metrics)', () => {
    const ids = [1, 2, 3, 4, 5, 6, 7, 8];
    const config = { prefixCaching: true };
    const requests = [
      { input: 64, output: 1, ids: ids.slice(0, 4) },
      { input: 128, output: 1, ids },
    ];
    const { engine, ledger, log, passes, runUntil } = bench(core, config, requests, 32);
    engine.enqueue(0, 0);
    runUntil(1e5);
    const before = [ledger.lookupTokens, ledger.hitTokens];
    engine.enqueue(1, 1e6);
    runUntil(2e6);
    expect([ledger.lookupTokens - before[0], ledger.hitTokens - before[1]]).toEqual([128, 64]);
    expect([log.reusedTokens[1], passes.at(-1)]).toEqual([64 + 32, '0+1:32']);
  });

  it('admits nobody for whose KV there is no room (vLLM tests/v1/core/test_scheduler.py::test_kv_connector_unable_to_allocate, asynchronous)', () => {
    const requests = [24, 24].map((input) => ({ input, output: 2 }));
    const config = { prefixCaching: true, blockTokens: 4, blocks: 10 };
    const { engine, ends, log, passes, runUntil } = bench(core, config, requests, 8);
    for (const request of requests.keys()) engine.enqueue(request, 0);
    runUntil(500);
    expect([passes, [...log.scheduledNs]]).toEqual([['0+1:16'], [500, -1]]);
    runUntil(2500);
    expect([ends, log.scheduledNs[1]]).toEqual([[0], -1]);
    runUntil(1e6);
    expect([passes.filter((pass) => pass.endsWith(':16')).length, ends, heldPages(engine)]).toEqual([2, [0, 1], 0]);
  });

  it('computes after a preemption what cache and connector have lost (vLLM tests/v1/core/test_scheduler.py::test_kv_connector_handles_preemption, asynchronous)', () => {
    const requests = [
      { input: 5, output: 4, ids: [1, 2, 3] },
      { input: 5, output: 4, ids: [11, 12, 13] },
    ];
    const config = { prefixCaching: true, blockTokens: 2, blocks: 7 };
    const { engine, ends, log, passes, runUntil } = bench(core, config, requests, 2);
    for (const request of requests.keys()) engine.enqueue(request, 0);
    runUntil(500);
    expect(passes).toEqual(['0+2:6']);
    runUntil(2500);
    expect([passes.slice(1), [...log.preemptions]]).toEqual([
      ['2+0:0', '1+0:0'],
      [0, 1],
    ]);
    runUntil(1e6);
    // Of 7 known tokens 4 are still cached and 2 come from the connector.
    expect([passes.slice(3).filter((pass) => pass !== '1+0:0'), ends, heldPages(engine)]).toEqual([
      ['0+1:1'],
      [0, 1],
      0,
    ]);
  });

  it('passes nobody over after a victim that was passed over (vLLM tests/v1/core/test_priority_preemption_bug.py::test_priority_scheduler_preempt_skipped_request)', () => {
    const semantics = { ...DEFAULTS.semantics, fullIslGate: false };
    const config = { ...paced, policy: 'priority', blocks: 6, maxBatchedTokens: 200, longPrefillTokens: 15 } as const;
    const { engine, log, passes, runUntil } = bench(core, { ...config, semantics }, [
      { input: 200, output: 1, priority: 9 },
      { input: 1, output: 30 },
      { input: 15, output: 9, priority: 0 },
      { input: 1, output: 30 },
      { input: 1, output: 9, priority: 1 },
    ]);
    for (const [nowNs, arrivals] of [
      [0, [0, 1]],
      [500, [2]],
      [1500, [3, 4]],
    ] as const) {
      for (const request of arrivals) engine.enqueue(request, nowNs);
      runUntil(Math.ceil(nowNs / 1000) * 1000);
    }
    runUntil(3000);
    expect(passes).toEqual(['0+1:15', '0+2:30', '1+2:16', '2+0:0']);
    expect([...log.preemptions]).toEqual([1, 0, 0, 0, 0]);
  });

  it('serves others while KV is on its way, in order (after vLLM tests/v1/core/test_scheduler.py::test_prepend_skipped_requests_order)', () => {
    const requests = [8, 8, 8, 8].map((input) => ({ input, output: 1 }));
    const { engine, ends, log, runUntil } = bench(core, { maxSequences: 1 }, requests);
    engine.enqueueRemote(0, 0);
    engine.enqueueRemote(1, 0);
    engine.enqueue(2, 0);
    engine.enqueue(3, 0);
    runUntil(0);
    expect([...log.scheduledNs]).toEqual([-1, -1, 0, -1]);
    // Whichever comes first.
    engine.remoteArrived(1, 500);
    engine.remoteArrived(0, 500);
    runUntil(1e6);
    expect(ends).toEqual([2, 0, 1, 3]);
  });

  it('keeps the room of a prompt whose KV is on its way (after vLLM tests/v1/core/test_scheduler.py::test_async_load_reservation_prevents_wedge_e2e)', () => {
    const config = { blocks: 10, maxSequences: 4, maxBatchedTokens: 256 };
    const { engine, ends, log, runUntil } = bench(core, config, [
      { input: 128, output: 2 },
      { input: 80, output: 2 },
    ]);
    engine.enqueueRemote(0, 0);
    engine.enqueue(1, 0);
    runUntil(499);
    expect([heldPages(engine), ...log.scheduledNs]).toEqual([8, -1, -1]);
    engine.remoteArrived(0, 500);
    runUntil(500);
    expect([...log.scheduledNs]).toEqual([500, -1]);
    runUntil(1e6);
    expect([ends, [...log.preemptions]]).toEqual([
      [0, 1],
      [0, 0],
    ]);
  });

  it('shares a prompt within a step (vLLM tests/v1/core/test_async_scheduler.py::test_prefix_caching_for_prefill_dedup)', () => {
    const requests = Array.from({ length: 5 }, () => ({ input: 100, output: 3, ids: [1, 2, 3, 4, 5, 6, 7] }));
    const config = { asyncScheduling: true, prefixCaching: true, maxBatchedTokens: 1000 };
    const { engine, log, passes, runUntil } = bench(core, config, requests);
    for (const request of requests.keys()) engine.enqueue(request, 0);
    runUntil(0);
    expect(passes[0]).toBe('0+5:116');
    expect([...log.reusedTokens]).toEqual([0, 96, 96, 96, 96]);
  });

  it.each([
    [null],
    [drafting(1, 0.5, 0.5)],
  ])('loses no token to preemption (vLLM tests/v1/core/test_async_scheduler.py::test_kv_pressure_preemption_with_inflight_output)', (speculation) => {
    const requests = Array.from({ length: 8 }, () => ({ input: 8, output: 24 }));
    const config = { asyncScheduling: true, pipelineStages: 3, blocks: 5, speculation };
    const { engine, ends, ledger, runUntil } = bench(core, config, requests);
    for (const request of requests.keys()) engine.enqueue(request, 0);
    runUntil(1e9);
    expect(ledger.preemptions).toBeGreaterThan(0);
    expect(ends.length).toBe(8);
    expect(ledger.gaps.count + ledger.acceptedDrafts).toBe(8 * 23);
  });

  it.each([
    [null, [0, 0, 80, 48, 48, 0]],
    [0, [0, 0, 80, 0, 48, 0]],
  ])('ends chunks where states can be cached, which others start from: retention %s (Scheduler._mamba_block_aligned_split)', (retention, hits) => {
    const kvGroups = [
      { kind: 'full', blockTokens: 16, dropsLastHit: false },
      { kind: 'state', blockTokens: 16, aligned: true, draftBlocks: 0, dropsLastHit: false },
    ] as const;
    const semantics = { ...DEFAULTS.semantics, windowRetentionTokens: retention };
    const config = { kvGroups, prefixCaching: true, maxBatchedTokens: 60, semantics };
    const ids = [1, 2, 3, 4, 5, 6];
    const { engine, log, passes, runUntil } = bench(core, config, [
      { input: 83, output: 3, ids },
      { input: 20, output: 3 },
      { input: 83, output: 3, ids },
      { input: 50, output: 3, ids: ids.slice(0, 4) },
      { input: 50, output: 3, ids: ids.slice(0, 4) },
      { input: 5, output: 3 },
    ]);
    for (const request of [0, 1, 5]) engine.enqueue(request, 0);
    runUntil(3000);
    // 48 of 60 tokens, no block of the next prompt in what is left, and nobody past it; 32 more; the prompts' ends.
    expect(passes.slice(0, 3)).toEqual(['0+1:48', '0+3:53', '1+2:7']);
    for (const request of [2, 3, 4]) {
      engine.enqueue(request, request * 1e6);
      runUntil(request * 1e6 + 5e5);
    }
    // A state at 80; one at 48 is kept, or comes to be where the texts were seen to part.
    expect([...log.reusedTokens]).toEqual(hits);
  });

  it.each([
    [true, [7, 2]],
    [false, [7, 2]],
  ])('frees what falls behind the window once it is processed: asynchronously %s (vLLM tests/v1/core/test_swa_inflight_window_free.py::test_swa_free_waits_for_in_flight_step, ..._immediate_when_sync)', (asyncScheduling, held) => {
    const kvGroups = [{ kind: 'window', blockTokens: 16, window: 16, dropsLastHit: false }] as const;
    const { engine, passes, runUntil } = bench(core, { asyncScheduling, kvGroups }, [{ input: 100, output: 9 }]);
    engine.enqueue(0, 0);
    runUntil(0);
    // With two batches in flight the second has been scheduled by now.
    expect(passes.length).toBe(asyncScheduling ? 2 : 1);
    expect(heldPages(engine)).toBe(held[0]);
    runUntil(1000);
    expect(heldPages(engine)).toBe(held[1]);
  });
});

it.each([
  [1024, 129],
  [2048, 193],
])('caps a window with %i tokens under way at %i blocks (vLLM tests/v1/core/test_swa_inflight_window_free.py::test_swa_admission_cap_accounts_for_overlapping_batches)', (inFlight, blocks) => {
  const window = { kind: 'window', blockTokens: 16, window: 1024, dropsLastHit: false } as const;
  expect(admissionCap(window, inFlight, 16_384)).toBe(blocks);
});
