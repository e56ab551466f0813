import { describe, expect, it } from 'vitest';
import { PLAIN_SGLANG } from '../../../test/support/engineConfigs.ts';
import { type Addable, PrefillAdder, remainingNewTokens } from './prefillAdder.ts';
import type { SglangConfig } from './sglangConfig.ts';

const nothing = (): void => {};

function adderOf(
  config: Partial<SglangConfig>,
  running: readonly Addable[],
  { mixed = 0, room = 10_000, ratio = 1 } = {},
): PrefillAdder {
  const view = {
    remainingTokens: () => running.reduce((sum, request) => sum + remainingNewTokens(request), 0),
    states: () => running,
  };
  return new PrefillAdder({ ...PLAIN_SGLANG, ...config }, view, ratio, mixed, () => room);
}

function request(inputTokens: number, maxNewTokens: number, generated = 0): Addable {
  return { inputTokens, maxNewTokens, generated };
}

function runningOf(count: number, maxNewTokens: number): Addable[] {
  return Array.from({ length: count }, () => request(1, maxNewTokens));
}

describe('prefill adder, decision cases of SGLang (test/registered/unit/managers/test_prefill_adder.py)', () => {
  it('keeps what the running requests may still generate (the offsets of test_preempt_success_*)', () => {
    const adder = adderOf({}, [request(1, 50), request(1, 75), request(1, 100)]);
    expect(adder.totalOffset).toBe(225);
  });

  it('takes the mixed decodes off every budget (test_mixed_chunk_prefill_budgets, eight running)', () => {
    const adder = adderOf({ maxPrefillTokens: 200, chunkedPrefillTokens: 64 }, runningOf(8, 50), { mixed: 8 });
    const { inputTokens, chunkTokens, totalOffset, currentOffset } = adder;
    expect([inputTokens, chunkTokens, totalOffset, currentOffset]).toEqual([192, 56, 408, 8]);
    expect(adder.add(request(56, 50), 0, 56, nothing, nothing)).toBe('other');
    expect([adder.inputTokens, adder.chunkTokens]).toEqual([136, 0]);
  });

  it('goes on while the chunk has room (test_mixed_chunk_prefill_budgets, five running)', () => {
    const adder = adderOf({ maxPrefillTokens: 200, chunkedPrefillTokens: 64 }, runningOf(5, 50), { mixed: 5 });
    expect([adder.inputTokens, adder.chunkTokens, adder.totalOffset]).toEqual([195, 59, 255]);
    expect(adder.add(request(56, 50), 0, 56, nothing, nothing)).toBe('continue');
    expect(adder.chunkTokens).toBe(3);
    expect(adder.add(request(3, 50), 0, 3, nothing, nothing)).toBe('other');
    expect([adder.chunkTokens, adder.taken, adder.isCut]).toEqual([0, 3, false]);
  });

  it('finishes a prompt in progress that fits (test_add_chunked_req_non_hybrid_no_swa_reservation)', () => {
    const adder = adderOf({ blockTokens: 16, chunkedPrefillTokens: 500 }, [], { room: 300 });
    adder.addChunked(request(200, 50), 200, 300);
    expect([adder.taken, adder.isCut]).toEqual([200, false]);
  });
});

describe('prefill adder, arithmetic', () => {
  it('refuses a request whose tokens and reservation just reach the pool', () => {
    const tight = adderOf({}, [], { room: 100 });
    expect(tight.add(request(60, 40), 0, 60, nothing, nothing)).toBe('noToken');
    expect(tight.taken).toBe(0);
    const fits = adderOf({}, [], { room: 101 });
    fits.add(request(60, 40), 0, 60, nothing, nothing);
    expect(fits.taken).toBe(60);
  });

  it('wants a page more in its paged form', () => {
    const room = 16 * 8;
    const plain = adderOf({ blockTokens: 16 }, [], { room });
    plain.add(request(64, 50), 0, 64, nothing, nothing);
    expect(plain.taken).toBe(64);
    const paged = adderOf({ blockTokens: 16, adder: 'paged' }, [], { room });
    expect(paged.add(request(64, 50), 0, 64, nothing, nothing)).toBe('noToken');
  });

  it('counts no more than 4096 tokens of a reservation', () => {
    const adder = adderOf({}, [request(1, 100_000, 10)], { ratio: 0.5 });
    expect(adder.totalOffset).toBe(2048);
  });

  it('looks again once the prefix is locked, and lets go of it when refusing', () => {
    let room = 200;
    let locks = 0;
    const view = { remainingTokens: () => 0, states: () => [] };
    const adder = new PrefillAdder(PLAIN_SGLANG, view, 1, 0, () => room);
    const lock = (): void => {
      locks += 1;
      room -= 150;
    };
    const result = adder.add(request(160, 40), 100, 60, lock, () => {
      locks -= 1;
    });
    expect([result, adder.taken, locks]).toEqual(['noToken', 0, 0]);
  });

  it('cuts to whole pages: of the chunk, or in its paged form up to a page of the context', () => {
    const plain = adderOf({ blockTokens: 16, chunkedPrefillTokens: 40 }, []);
    plain.add(request(200, 10), 16, 184, nothing, nothing);
    expect([plain.taken, plain.isCut]).toEqual([32, true]);
    const paged = adderOf({ blockTokens: 16, chunkedPrefillTokens: 40, adder: 'paged' }, []);
    paged.add(request(200, 10), 8, 192, nothing, nothing);
    expect([paged.taken, paged.isCut]).toEqual([40, true]);
  });

  it('lets the first request of a batch exceed max_prefill_tokens, and no other', () => {
    const adder = adderOf({ maxPrefillTokens: 100, chunkedPrefillTokens: null }, []);
    expect(adder.add(request(90, 1), 0, 90, nothing, nothing)).toBe('continue');
    expect(adder.add(request(20, 1), 0, 20, nothing, nothing)).toBe('other');
    expect(adder.taken).toBe(0);
    const alone = adderOf({ maxPrefillTokens: 100, chunkedPrefillTokens: null }, []);
    alone.add(request(500, 1), 0, 500, nothing, nothing);
    expect(alone.taken).toBe(500);
  });

  it('plays all requests through with ignore_eos and no radix cache', () => {
    // Two run with 10 and 30 tokens to go, holding 100 each; the newcomer wants 50 and 20 more.
    const running = [request(90, 20, 10), request(80, 50, 20)];
    const exact = { ignoreEos: true, prefixCaching: false };
    // free - 10 * 3 > 3, + 100 - 20 * 2 > 2 ...: the first test is the tight one: free = room - 50 > 33.
    const refused = adderOf(exact, running, { room: 83, ratio: 0 });
    expect(refused.add(request(50, 20), 0, 50, nothing, nothing)).toBe('noToken');
    const taken = adderOf(exact, running, { room: 84, ratio: 0 });
    taken.add(request(50, 20), 0, 50, nothing, nothing);
    expect(taken.taken).toBe(50);
  });
});
