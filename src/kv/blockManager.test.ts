import { describe, expect, it } from 'vitest';
import { freshTokens, Texts } from '../../test/support/texts.ts';
import { admissionCap, type KvGroup } from '../timing/kvGroup.ts';
import { BlockGroup } from './blockGroup.ts';
import { BlockManager } from './blockManager.ts';
import { BlockPool } from './blockPool.ts';
import { type KvLayout, skippedTokens } from './kvLayout.ts';
import { PageHold } from './pageHold.ts';

const full = (blockTokens = 16, dropsLastHit = false): KvGroup => ({ kind: 'full', blockTokens, dropsLastHit });
const window = (tokens: number, blockTokens = 16, dropsLastHit = false): KvGroup => ({
  kind: 'window',
  blockTokens,
  window: tokens,
  dropsLastHit,
});
const chunked = (chunk: number, blockTokens: number): KvGroup => ({
  kind: 'chunked',
  blockTokens,
  chunk,
  dropsLastHit: false,
});
const state = (blockTokens: number, draftBlocks = 0): KvGroup => ({
  kind: 'state',
  blockTokens,
  aligned: true,
  draftBlocks,
  dropsLastHit: false,
});

/** A manager and requests on it, driven as upstream's tests drive theirs. */
class Bench {
  readonly manager: BlockManager;
  readonly holds: PageHold[];
  readonly #texts: readonly (readonly number[])[];

  constructor(texts: readonly (readonly number[])[], layout: Partial<KvLayout> & { blocks: number }) {
    const all = new Texts();
    for (const text of texts) all.add(text);
    this.#texts = texts;
    this.holds = texts.map((text, request) => new PageHold(request, text.length));
    this.manager = new BlockManager(
      {
        groups: [full()],
        contextLength: 8192,
        inFlightTokens: 8192,
        prefixCaching: true,
        unhashedFreedFirst: true,
        retentionTokens: null,
        ...layout,
      },
      (blockTokens) => all.names(blockTokens),
    );
  }

  get free(): number {
    return this.manager.freePages;
  }

  get queue(): number[] {
    return this.manager.pool.freeIds;
  }

  ids(request: number, group = 0): number[] {
    return this.manager.groups[group].table(request).map(({ id }) => id);
  }

  holders(request: number): number[] {
    return this.manager.groups[0].table(request).map(({ holders }) => holders);
  }

  hit(request: number, known = this.#texts[request].length): number {
    return this.manager.lookup(request, known);
  }

  /** Blocks of the request's text that lookups find in a group. */
  cached(request: number, group = 0): number[] {
    const { blockTokens } = this.manager.groups[group].spec;
    const blocks = Math.floor(this.#texts[request].length / blockTokens);
    const found = Array.from({ length: blocks }, (_, block) => block);
    return found.filter((block) => this.manager.groups[group].find(request, block) !== null);
  }

  forget(request: number, group: number, block: number): void {
    this.manager.pool.forget(this.manager.groups[group].find(request, block)!);
  }

  /** Looks up and allocates all of the request, or `tokens` of it; returns the hit, or -1 if it found no room. */
  admit(
    request: number,
    options: { tokens?: number; known?: number; reads?: boolean; gate?: boolean; pin?: boolean } = {},
  ) {
    const known = options.known ?? this.#texts[request].length;
    const hit = options.reads === false ? 0 : this.manager.lookup(request, known);
    const junction = options.pin === false ? 0 : this.manager.junction;
    const tokens = options.tokens ?? known - hit;
    return this.#call(request, { known, hit, junction, tokens, gate: options.gate ?? false }) ? hit : -1;
  }

  /** A running request computes on. */
  run(request: number, computed: number, tokens: number, options: { processed?: number; lookahead?: number } = {}) {
    return this.#call(request, { known: this.#texts[request].length, computed, tokens, ...options });
  }

  release(request: number): void {
    this.manager.release(this.holds[request]);
  }

  #call(request: number, call: { known: number; tokens: number } & Partial<Parameters<BlockManager['allocate']>[1]>) {
    return this.manager.allocate(this.holds[request], {
      computed: 0,
      processed: call.computed ?? 0,
      hit: 0,
      junction: 0,
      external: 0,
      lookahead: 0,
      keepFree: 0,
      gate: false,
      publishes: true,
      ...call,
    });
  }
}

const common = freshTokens(48);
const withCommon = (tokens: number): number[] => [...common, ...freshTokens(tokens - 48)];

describe('BlockManager with full attention, on cases of vLLM (tests/v1/core)', () => {
  it('shares full blocks and evicts scratch first (test_prefix_caching.py::test_prefill)', () => {
    const prompts = [withCommon(55), withCommon(53), withCommon(53), freshTokens(160)];
    const bench = new Bench(prompts, { blocks: 11 });
    expect(bench.admit(0)).toBe(0);
    expect(bench.ids(0)).toEqual([1, 2, 3, 4]);
    expect(bench.admit(1)).toBe(48);
    expect(bench.ids(1)).toEqual([1, 2, 3, 5]);
    expect(bench.holders(1)).toEqual([2, 2, 2, 1]);
    expect(bench.free).toBe(5);
    bench.release(0);
    bench.release(1);
    expect(bench.free).toBe(10);
    expect(bench.queue).toEqual([5, 4, 6, 7, 8, 9, 10, 3, 2, 1]);
    expect(bench.admit(2)).toBe(48);
    expect(bench.ids(2)).toEqual([1, 2, 3, 5]);
    expect(bench.free).toBe(6);
    bench.release(2);
    expect(bench.admit(3)).toBe(0);
    expect(bench.ids(3)).toEqual([5, 4, 6, 7, 8, 9, 10, 3, 2, 1]);
  });

  it('kept one queue in order of release before June 2026 (test_prefill at v0.10.0)', () => {
    const bench = new Bench([withCommon(55), withCommon(53)], { blocks: 11, unhashedFreedFirst: false });
    bench.admit(0);
    bench.admit(1);
    bench.release(0);
    bench.release(1);
    expect(bench.queue).toEqual([6, 7, 8, 9, 10, 4, 5, 3, 2, 1]);
  });

  it('publishes second copies of requests that may not read the cache (test_prefill_plp)', () => {
    const bench = new Bench([withCommon(55), withCommon(53), withCommon(53)], { blocks: 16 });
    bench.admit(0, { reads: false });
    expect(bench.admit(1)).toBe(48);
    expect(bench.ids(1)).toEqual([1, 2, 3, 5]);
    expect(bench.admit(2, { reads: false })).toBe(0);
    expect(bench.ids(2)).toEqual([6, 7, 8, 9]);
    // All three copies are there; the first published is found, and after it is gone the second.
    bench.forget(0, 0, 2);
    expect(bench.hit(0)).toBe(48);
    bench.forget(0, 0, 2);
    expect(bench.hit(0)).toBe(32);
  });

  it('publishes blocks that decoding fills (test_decode)', () => {
    const text = freshTokens(55 + 4 + 19);
    const bench = new Bench([text], { blocks: 11 });
    bench.admit(0, { known: 55 });
    expect(bench.ids(0)).toHaveLength(4);
    bench.run(0, 55, 4);
    expect(bench.ids(0)).toHaveLength(4);
    expect(bench.cached(0)).toEqual([0, 1, 2]);
    bench.run(0, 59, 19);
    expect(bench.ids(0)).toHaveLength(5);
    expect(bench.cached(0)).toEqual([0, 1, 2, 3]);
  });

  it.each([
    [true, [6, 10, 5, 4, 3, 2, 1], [6, 10, 5, 4, 3, 2, 1, 9, 8, 7], [1, 2, 6]],
    [false, [10, 6, 5, 4, 3, 2, 1], [10, 6, 5, 4, 3, 2, 1, 9, 8, 7], [1, 2, 10]],
  ])('evicts the last block of the oldest release first, scratch first: %s (test_evict)', (first, one, both, ids) => {
    const long = freshTokens(87);
    const bench = new Bench([long, freshTokens(48), [...long.slice(0, 32), ...freshTokens(3)]], {
      blocks: 11,
      unhashedFreedFirst: first,
    });
    bench.admit(0);
    bench.admit(1);
    expect([bench.ids(0).length, bench.ids(1).length, bench.free]).toEqual([6, 3, 1]);
    bench.release(0);
    expect(bench.queue).toEqual(one);
    bench.release(1);
    expect(bench.queue).toEqual(both);
    expect(bench.admit(2)).toBe(32);
    expect(bench.ids(2)).toEqual(ids);
    expect(bench.free).toBe(7);
  });

  it('clears the hash of a block that is handed out again (test_hash_block_correct_reuse)', () => {
    const bench = new Bench([freshTokens(16), freshTokens(15)], { blocks: 2 });
    bench.admit(0);
    bench.release(0);
    expect(bench.cached(0)).toEqual([0]);
    bench.admit(1);
    expect(bench.cached(0)).toEqual([]);
    expect(bench.manager.pool.blocks[1].key).toBeNull();
  });

  it('does not evict what it is about to reuse (test_computed_blocks_not_evicted)', () => {
    const first = freshTokens(16);
    const bench = new Bench([first, freshTokens(16), [...first, ...freshTokens(16)]], { blocks: 3 });
    for (const request of [0, 1]) {
      bench.admit(request);
      bench.release(request);
    }
    expect(bench.admit(2)).toBe(16);
    expect(bench.ids(2)).toEqual([1, 2]);
    expect(bench.cached(1)).toEqual([]);
  });

  it('finds nothing with caching off (test_basic_prefix_caching_disabled)', () => {
    const text = freshTokens(16);
    const bench = new Bench([text.slice(0, 10), text, freshTokens(4)], {
      blocks: 5,
      groups: [full(4)],
      prefixCaching: false,
    });
    bench.admit(0);
    expect(bench.ids(0)).toHaveLength(3);
    bench.release(0);
    expect(bench.admit(1)).toBe(0);
    expect(bench.ids(1)).toHaveLength(4);
    expect(bench.admit(2)).toBe(-1);
  });

  it('counts idle hits against the free blocks (test_prefill_not_enough_free_blocks_with_computed_blocks)', () => {
    const text = freshTokens(96);
    const bench = new Bench([text.slice(0, 48), text, freshTokens(32), [...text, ...freshTokens(48)]], { blocks: 11 });
    bench.admit(0);
    bench.admit(1);
    const blocks = bench.manager.groups[0].table(1);
    bench.release(1);
    bench.admit(2);
    expect(bench.free).toBe(5);
    expect(bench.hit(3)).toBe(96);
    expect(bench.admit(3)).toBe(-1);
    expect(blocks.map(({ holders }) => holders)).toEqual([1, 1, 1, 0, 0, 0]);
    expect(bench.free).toBe(5);
  });

  it('keeps salts apart from the first block on (test_cache_key_salting)', () => {
    const salted = (salt: number, tail: number): number[] => [salt, ...common.slice(1), ...freshTokens(tail)];
    const bench = new Bench([salted(1, 16), salted(1, 11), salted(2, 11)], { blocks: 20 });
    bench.admit(0, { known: 59 });
    expect(bench.cached(0)).toEqual([0, 1, 2]);
    bench.run(0, 59, 5);
    expect(bench.cached(0)).toEqual([0, 1, 2, 3]);
    expect(bench.hit(1)).toBe(48);
    expect(bench.hit(2)).toBe(0);
  });

  it.each([
    48, 37,
  ])('with EAGLE gives up the last block of a hit: %i tokens (test_eagle_enabled_removes_last_block, test_eagle_with_partial_blocks)', (tokens) => {
    const text = freshTokens(tokens);
    const bench = new Bench([text, text], { blocks: 10, groups: [full(16, true)] });
    bench.admit(0);
    bench.release(0);
    expect(bench.hit(1)).toBe(16);
  });

  it('makes room for drafts (test_kv_cache_utils.py::test_allocate_with_lookahead)', () => {
    const text = freshTokens(20);
    for (const lookahead of [2, 4]) {
      const bench = new Bench([text], { blocks: 10, groups: [full(4)], contextLength: 100 });
      bench.run(0, 0, 3, { lookahead });
      expect(bench.ids(0)).toHaveLength(2);
    }
  });

  it('hands out what was put in front first (test_free_kv_cache_block_queue_prepend_n)', () => {
    const pool = new BlockPool(7, true);
    const [, zero, one, two, , four, five] = pool.blocks;
    pool.take(6);
    pool.release([zero]);
    pool.release([four, five]);
    pool.release([one, two]);
    expect(pool.take(5)).toEqual([one, two, four, five, zero]);
  });

  it('keeps the watermark and reserves free', () => {
    const bench = new Bench([freshTokens(64)], { blocks: 6 });
    const call = { known: 64, computed: 0, processed: 0, hit: 0, junction: 0, external: 0, tokens: 64, lookahead: 0 };
    const ask = (keepFree: number, gate: boolean, tokens = 64): boolean =>
      bench.manager.allocate(bench.holds[0], { ...call, tokens, keepFree, gate, publishes: true });
    expect(ask(2, false)).toBe(false);
    expect(ask(2, true, 16)).toBe(false);
    expect(ask(1, true)).toBe(true);
  });

  it('publishes a remote prompt when it has arrived', () => {
    const text = freshTokens(64);
    const bench = new Bench([text, text], { blocks: 12 });
    const call = { known: 64, computed: 0, processed: 0, hit: 0, junction: 0, external: 64, tokens: 0, lookahead: 0 };
    expect(bench.manager.allocate(bench.holds[0], { ...call, keepFree: 0, gate: true, publishes: false })).toBe(true);
    expect(bench.ids(0)).toHaveLength(4);
    expect(bench.hit(1)).toBe(0);
    bench.manager.publish(bench.holds[0], 64);
    expect(bench.hit(1)).toBe(48);
    expect(bench.run(0, 63, 1)).toBe(true);
    expect(bench.ids(0)).toHaveLength(4);
  });
});

describe('BlockManager with windows and states, on cases of vLLM (tests/v1/core)', () => {
  it('gives up a block of a window hit with EAGLE (test_eagle_with_sliding_window)', () => {
    const text = freshTokens(37);
    const bench = new Bench([text, text], { blocks: 10, groups: [window(16, 16, true)] });
    bench.admit(0);
    bench.release(0);
    expect(bench.hit(1)).toBe(16);
    bench.forget(1, 0, 0);
    expect(bench.hit(1)).toBe(0);
  });

  it('asks every group of a hybrid for the hit (test_prefill_hybrid_model)', () => {
    const hybrid = (): Bench => {
      const made = new Bench([withCommon(55), withCommon(53)], {
        blocks: 21,
        groups: [full(), window(32), window(32)],
      });
      made.admit(0);
      return made;
    };
    const bench = hybrid();
    expect([0, 1, 2].map((group) => bench.ids(0, group))).toEqual([
      [1, 2, 3, 4],
      [5, 6, 7, 8],
      [9, 10, 11, 12],
    ]);
    expect(bench.admit(1)).toBe(48);
    expect([0, 1, 2].map((group) => bench.ids(1, group))).toEqual([
      [1, 2, 3, 13],
      [0, 6, 7, 14],
      [0, 10, 11, 15],
    ]);
    const without = (...lost: [group: number, block: number][]): number => {
      const made = hybrid();
      for (const [group, block] of lost) made.forget(0, group, block);
      return made.hit(1);
    };
    expect(without([1, 0])).toBe(48);
    expect(without([0, 0])).toBe(0);
    expect([0, 1, 2].map((group) => without([group, 2]))).toEqual([32, 32, 32]);
    expect(without([0, 2], [1, 0])).toBe(0);
  });

  it('aligns hits to the least common multiple of block sizes (test_different_block_size)', () => {
    const text = freshTokens(160);
    const bench = new Bench([text, text.slice(0, 113), text.slice(0, 97)], {
      blocks: 40,
      groups: [full(32), window(32, 16)],
    });
    bench.admit(0, { tokens: 112 });
    expect(bench.hit(1)).toBe(96);
    expect(bench.hit(2)).toBe(96);
    bench.forget(0, 1, 5);
    expect(bench.hit(1)).toBe(64);
  });

  it('publishes only window blocks that can end a hit (test_hybrid_cache_blocks_swa_tail_window_only, ..._clamped_to_lcm)', () => {
    const narrow = new Bench([freshTokens(64)], { blocks: 40, groups: [full(32), window(8, 8)] });
    narrow.admit(0);
    expect(narrow.cached(0, 1)).toEqual([3, 7]);
    const clamped = new Bench([freshTokens(112)], { blocks: 40, groups: [full(32), window(32, 16)] });
    clamped.admit(0);
    expect(clamped.cached(0, 1)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it.each([
    [null, Array.from({ length: 16 }, (_, block) => block)],
    [64, [3, 7, 11, 14, 15]],
    [0, [14]],
  ])('retains of a window what %s asks for (test_pure_swa_dense_retention_caches_all, ..._interval_caches_sparse_tails, ..._latest_only)', (retentionTokens, cached) => {
    const bench = new Bench([freshTokens(256)], { blocks: 40, groups: [window(16)], retentionTokens });
    bench.admit(0);
    expect(bench.cached(0)).toEqual(cached);
    expect(bench.hit(0)).toBe(240);
  });

  it('with retention 0 reuses the replay boundary only (test_hybrid_local_kv_retention_latest_only_reuses_replay_boundary)', () => {
    const text = freshTokens(128);
    const bench = new Bench([text, text, text.slice(0, 96)], {
      blocks: 60,
      groups: [full(32), window(8, 8)],
      retentionTokens: 0,
    });
    bench.admit(0);
    expect(bench.cached(0, 1)).toEqual([11]);
    expect(bench.hit(1)).toBe(96);
    expect(bench.hit(2)).toBe(0);
  });

  it.each([
    [null, true, 64],
    [0, false, 0],
    [0, true, 64],
  ])('retention %s, junction pinned: %s: third request hits %i (test_swa_shared_prefix_reuse_under_zero_retention)', (retentionTokens, pin, hit) => {
    const shared = freshTokens(64);
    const texts = [0, 1, 2].map(() => [...shared, ...freshTokens(32)]);
    const bench = new Bench(texts, { blocks: 60, groups: [full(), window(32)], retentionTokens });
    for (const request of [0, 1]) {
      bench.admit(request, { pin });
      bench.release(request);
    }
    expect(bench.hit(2)).toBe(hit);
  });

  it('admits by what a window can come to hold (test_can_fit_full_sequence_swa_cap_admits_long_prompt, ..._still_gates_oversized)', () => {
    const groups = [full(), window(64)];
    const layout = { groups, contextLength: 1024, inFlightTokens: 128 };
    expect(new Bench([freshTokens(512)], { ...layout, blocks: 78 }).admit(0, { tokens: 16, gate: true })).toBe(0);
    // 32 + 13 blocks.
    expect(new Bench([freshTokens(512)], { ...layout, blocks: 46 }).admit(0, { tokens: 16, gate: true })).toBe(0);
    expect(new Bench([freshTokens(512)], { ...layout, blocks: 45 }).admit(0, { tokens: 16, gate: true })).toBe(-1);
    expect(new Bench([freshTokens(256)], { ...layout, blocks: 5 }).admit(0, { tokens: 16, gate: true })).toBe(-1);
  });

  it('caps a window by what is in flight (test_swa_inflight_window_free.py::test_swa_admission_cap_accounts_for_overlapping_batches)', () => {
    expect(admissionCap(window(1024), 1024, 16384)).toBe(129);
    expect(admissionCap(window(1024), 2048, 16384)).toBe(193);
  });

  it.each([
    ['1', 1],
    ['10', 1],
    ['11', 2],
    ['110', 2],
    ['111', 3],
    ['1110', 3],
    ['110100110111', 12],
    ['11010011000', 8],
    ['110100110001', 8],
  ])('finds in %s a window hit of %i blocks (test_single_type_kv_cache_manager.py::test_sliding_window_possible_cached_prefix)', (pattern, blocks) => {
    const text = freshTokens(2 * pattern.length + 1);
    const bench = new Bench([text], { blocks: 40, groups: [window(4, 2)] });
    bench.admit(0);
    for (const [block, bit] of [...pattern].entries()) if (bit === '0') bench.forget(0, 0, block);
    expect(bench.hit(0)).toBe(2 * blocks);
  });

  it('moves windows and chunks on (test_sliding_window_remove_skipped_blocks, test_chunked_local_attention_remove_skipped_blocks)', () => {
    const nulled = (group: KvGroup, computed: number): number => {
      const bench = new Bench([freshTokens(24)], { blocks: 20, groups: [group] });
      bench.admit(0, { tokens: 22, reads: false });
      bench.run(0, 22, 1, { processed: computed });
      return bench.ids(0).filter((id) => id === 0).length;
    };
    expect([4, 5, 6, 7, 11].map((computed) => nulled(window(4, 2), computed))).toEqual([0, 1, 1, 2, 4]);
    expect([4, 6, 12].map((computed) => nulled(chunked(4, 2), computed))).toEqual([2, 2, 6]);
    expect(skippedTokens(window(4, 2), 3)).toBe(0);
  });

  it('frees behind the window what has been processed (test_swa_inflight_window_free.py::test_swa_free_waits_for_in_flight_step, ..._immediate_when_sync)', () => {
    const freed = (processed: number): number => {
      const bench = new Bench([freshTokens(110)], { blocks: 20, groups: [window(16)] });
      bench.admit(0, { known: 100 });
      const { free } = bench;
      bench.run(0, 100, 1, { processed });
      return bench.free - free;
    };
    expect(freed(0)).toBe(0);
    expect(freed(100)).toBe(5);
  });

  it('needs new blocks and idle hits (test_get_num_blocks_to_allocate)', () => {
    const spec = window(4, 2);
    const layout: KvLayout = {
      groups: [spec],
      blocks: 100,
      contextLength: 1000,
      inFlightTokens: 100,
      prefixCaching: true,
      unhashedFreedFirst: true,
      retentionTokens: null,
    };
    const pool = new BlockPool(100, true);
    const group = new BlockGroup(spec, 0, layout, pool, new Texts().names(2));
    const idle = pool.blocks.slice(1, 11);
    expect(group.need(0, 40, 0, idle, 0, false)).toBe(20);
    expect(group.need(0, 40, 0, [...Array(5).fill(pool.nothing), ...idle.slice(5)], 0, false)).toBe(15);
  });

  it('takes one block for an idle hit and one new (test_evictable_cached_blocks_not_double_allocated)', () => {
    const text = freshTokens(4);
    const bench = new Bench([text.slice(0, 3), text], { blocks: 10, groups: [window(4, 2)] });
    bench.admit(0, { tokens: 2 });
    bench.release(0);
    expect(bench.admit(1)).toBe(2);
    expect([bench.free, bench.ids(1).length]).toEqual([7, 2]);
  });

  it('starts from the chunk a token is in, whatever is before it (ChunkedLocalAttentionManager.find_longest_cache_hit)', () => {
    const text = freshTokens(16);
    const bench = new Bench([text.slice(0, 15), text], { blocks: 20, groups: [chunked(8, 4)] });
    // Blocks 0 and 1 count as computed; of blocks 2 and 3 none is there, then one.
    expect(bench.hit(0)).toBe(8);
    bench.admit(1);
    expect(bench.hit(0)).toBe(12);
  });

  it('hits a state at its last cached block end, from the next step on (MambaManager, mode align)', () => {
    const text = freshTokens(40);
    const bench = new Bench([text, text], { blocks: 20, groups: [full(8), state(8)] });
    // A chunk of 32 leaves one state, at its end.
    bench.admit(0, { tokens: 32 });
    expect(bench.ids(0, 1)).toEqual([0, 0, 0, 5]);
    expect(bench.cached(0, 1)).toEqual([3]);
    expect(bench.admit(1)).toBe(-1);
    bench.manager.startStep();
    expect(bench.admit(1)).toBe(32);
    expect(bench.ids(1, 1).slice(0, 4)).toEqual([0, 0, 0, 5]);
    // The next chunk copies the state into a block of its own; the one after lets the old one go.
    bench.run(0, 32, 8);
    expect(bench.ids(0, 1)).toHaveLength(5);
    expect(bench.ids(0, 1)[3]).toBe(5);
  });
});
