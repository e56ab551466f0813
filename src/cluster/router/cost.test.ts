import { describe, expect, it } from 'vitest';
import { costOf, type Prospect } from './cost.ts';
import { KV_ROUTER } from './routerSpec.ts';

const PAGE = 16;

/** A request of ten blocks for an idle worker, with changes told in blocks. */
function prospect(changes: {
  prefill?: number;
  cached?: number;
  host?: number;
  disk?: number;
  shared?: number;
  blocks?: number;
  excess?: number;
  requests?: number;
}): Prospect {
  return {
    pageTokens: PAGE,
    requestTokens: 10 * PAGE,
    prefillTokens: (changes.prefill ?? 0) * PAGE,
    excessPrefillTokens: (changes.excess ?? 0) * PAGE,
    cachedTokens: (changes.cached ?? 0) * PAGE,
    tierTokens: {
      host: (changes.host ?? 0) * PAGE,
      disk: (changes.disk ?? 0) * PAGE,
      shared: (changes.shared ?? 0) * PAGE,
    },
    blocks: changes.blocks ?? 10,
    requests: changes.requests ?? 0,
  };
}

describe('the cost of a worker, in blocks', () => {
  it('is what is left to prefill plus the blocks in use: eight of ten cached leave 2, none leaves 10', () => {
    expect(costOf(prospect({ cached: 8 }), KV_ROUTER)).toBe(2 + 10);
    expect(costOf(prospect({}), KV_ROUTER)).toBe(10 + 10);
  });

  it('weighs prefill by its scale and cached blocks by their credit', () => {
    expect(costOf(prospect({ cached: 8 }), { ...KV_ROUTER, prefillLoadScale: 4 })).toBe(4 * 2 + 10);
    expect(costOf(prospect({ cached: 8 }), { ...KV_ROUTER, overlapCredit: 0.5 })).toBe(6 + 10);
    expect(costOf(prospect({ cached: 8, prefill: 3 }), KV_ROUTER)).toBe(5 + 10);
  });

  it('spares less for what has to come up: of four blocks three from host memory, one from disk, two from a shared store', () => {
    expect(costOf(prospect({ cached: 2, host: 4 }), KV_ROUTER)).toBe(10 - 2 - 3 + 10);
    expect(costOf(prospect({ disk: 4 }), KV_ROUTER)).toBe(10 - 1 + 10);
    expect(costOf(prospect({ host: 4, disk: 4, shared: 4 }), { ...KV_ROUTER, sharedCredit: 0 })).toBe(10 - 4 + 10);
    expect(costOf(prospect({ shared: 4 }), KV_ROUTER)).toBe(10 - 2 + 10);
  });

  it('never counts prefill below nothing', () => {
    expect(costOf(prospect({ cached: 8 }), { ...KV_ROUTER, overlapCredit: 2 })).toBe(10);
  });

  it('halves the credit at one request of excess prefill when it decays by 1', () => {
    const spec = { ...KV_ROUTER, overlapCreditDecay: 1 };
    expect(costOf(prospect({ cached: 8, prefill: 10, excess: 10 }), spec)).toBe(10 + 10 - 4 + 10);
    expect(costOf(prospect({ cached: 8, prefill: 10 }), spec)).toBe(10 + 10 - 8 + 10);
  });

  it('can charge for requests and multiply instead of adding', () => {
    expect(costOf(prospect({ cached: 8, requests: 3 }), { ...KV_ROUTER, activeRequestWeight: 2 })).toBe(2 + 10 + 6);
    expect(costOf(prospect({ cached: 8 }), { ...KV_ROUTER, combine: 'product' })).toBe(2 * 11);
  });
});
