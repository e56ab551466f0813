import { admissionCap, type KvGroup } from '../timing/kvGroup.ts';
import type { Block, BlockPool } from './blockPool.ts';
import { blocksOfHit, isPublished, type KvLayout, skippedTokens } from './kvLayout.ts';
import type { PageNames } from './pageNames.ts';

/** The blocks that requests hold in one group of layers, block by block (vLLM single_type_kv_cache_manager.py at 017e9f4). */
export class BlockGroup {
  readonly spec: KvGroup;
  readonly #index: number;
  readonly #layout: KvLayout;
  readonly #pool: BlockPool;
  readonly #names: PageNames;
  /** Per request, in context order; the null block where nothing is kept. */
  readonly #tables = new Map<number, Block[]>();
  /** Leading blocks per request that have been published, or passed over for good. */
  readonly #published = new Map<number, number>();
  /** States: requests that have had a block of their own, and the block of the state before the running one. */
  readonly #started = new Set<number>();
  readonly #lastState = new Map<number, number>();
  /** States published since the step began, which this step's requests cannot start from. */
  readonly #fresh = new Set<string>();

  constructor(spec: KvGroup, index: number, layout: KvLayout, pool: BlockPool, names: PageNames) {
    this.spec = spec;
    this.#index = index;
    this.#layout = layout;
    this.#pool = pool;
    this.#names = names;
  }

  table(request: number): readonly Block[] {
    return this.#tables.get(request) ?? [];
  }

  /** Leading blocks of the request that have been published. */
  published(request: number): number {
    return this.#published.get(request) ?? 0;
  }

  find(request: number, block: number): Block | null {
    return this.#pool.find(this.#key(request, block));
  }

  startStep(): void {
    this.#fresh.clear();
  }

  /** Blocks a call takes out of the free ones; Infinity: not in this step. */
  need(
    request: number,
    tokens: number,
    lookahead: number,
    hits: readonly Block[],
    computed: number,
    capped: boolean,
  ): number {
    const { spec } = this;
    const { blockTokens } = spec;
    const own = this.table(request).length;
    const last = hits[hits.length - 1];
    if (spec.kind === 'state' && last?.key != null && this.#fresh.has(last.key)) return Number.POSITIVE_INFINITY;
    if (spec.kind === 'state' && spec.aligned) {
      const missing = Math.ceil((tokens - lookahead) / blockTokens) + spec.draftBlocks - hits.length - own;
      const fresh = missing <= 0 ? 0 : this.#started.has(request) ? 1 : 1 + spec.draftBlocks;
      return fresh + hits.filter(isIdle).length;
    }
    const drafts = spec.kind === 'state' ? spec.draftBlocks : 0;
    let required = Math.ceil(tokens / blockTokens) + drafts;
    if (capped) {
      required = Math.min(required, admissionCap(spec, this.#layout.inFlightTokens, this.#layout.contextLength));
    }
    if (this.#published.has(request)) return Math.max(required - own, 0);
    const skipped = Math.floor(skippedTokens(spec, computed) / blockTokens);
    const fresh = Math.max(required - Math.max(skipped, hits.length + own), 0);
    return fresh + hits.slice(Math.max(0, skipped - own)).filter(isIdle).length;
  }

  /** Blocks that lie wholly behind what the request still looks at become null. */
  moveOn(request: number, processed: number): void {
    const { spec } = this;
    const table = this.#tables.get(request);
    if (table === undefined || table.length === 0) return;
    const skipped = Math.min(table.length, Math.floor(skippedTokens(spec, processed) / spec.blockTokens));
    const dropped: Block[] = [];
    for (let block = skipped - 1; block >= 0 && table[block] !== this.#pool.nothing; block--) {
      dropped.push(table[block]);
      table[block] = this.#pool.nothing;
    }
    this.#pool.release(dropped);
    const last = this.#lastState.get(request);
    if (last === undefined || last >= Math.ceil(processed / spec.blockTokens) - 1) return;
    this.#pool.release([table[last]]);
    table[last] = this.#pool.nothing;
  }

  /** A request that holds nothing starts with its hits, of which those behind what it looks at are not held. */
  adopt(request: number, hits: readonly Block[], computed: number): void {
    const skipped = Math.floor(skippedTokens(this.spec, computed) / this.spec.blockTokens);
    const held = hits.slice(skipped);
    this.#pool.touch(held);
    const table = [...Array.from({ length: skipped }, () => this.#pool.nothing), ...held];
    this.#tables.set(request, table);
    this.#published.set(request, table.length);
  }

  /** Blocks for the tokens a connector brings, as far as the request will look at them. */
  addExternal(request: number, computed: number, external: number): void {
    const kept = Math.min(computed - skippedTokens(this.spec, computed), external);
    if (kept <= 0) return;
    const table = this.#tables.get(request)!;
    table.push(...this.#pool.take(Math.ceil(computed / this.spec.blockTokens) - table.length));
  }

  grow(request: number, tokens: number, lookahead: number): void {
    const { spec } = this;
    if (spec.kind === 'state' && spec.aligned) {
      this.#growState(request, tokens - lookahead, spec.draftBlocks);
      return;
    }
    const drafts = spec.kind === 'state' ? spec.draftBlocks : 0;
    const table = this.#tables.get(request)!;
    const missing = Math.ceil(tokens / spec.blockTokens) + drafts - table.length;
    if (missing > 0) table.push(...this.#pool.take(missing));
  }

  /** The running state and those of the drafts sit at the end of the table; a chunk leaves nothing in between. */
  #growState(request: number, tokens: number, draftBlocks: number): void {
    const table = this.#tables.get(request)!;
    const required = Math.ceil(tokens / this.spec.blockTokens) + draftBlocks;
    const before = table.length;
    if (required <= before) return;
    const started = this.#started.has(request);
    if (started) this.#lastState.set(request, before - 1 - draftBlocks);
    else if (before > 0) this.#lastState.set(request, before - 1);
    const skipped = required - draftBlocks - 1;
    while (table.length < skipped) table.push(this.#pool.nothing);
    if (started) {
      for (let block = before - draftBlocks; block < before && block < skipped; block++) {
        table.push(table[block]);
        table[block] = this.#pool.nothing;
      }
    }
    table.push(...this.#pool.take(required - table.length));
    this.#started.add(request);
  }

  publish(request: number, tokens: number, replayTokens: number, junction: number, alignment: number): void {
    const { spec } = this;
    const table = this.#tables.get(request)!;
    const from = this.#published.get(request) ?? 0;
    const to = Math.floor(tokens / spec.blockTokens);
    for (let block = from; block < to; block++) {
      const own = table[block];
      const { retentionTokens } = this.#layout;
      if (own === this.#pool.nothing) continue;
      if (!isPublished(spec, block, alignment, retentionTokens, replayTokens, junction)) continue;
      const key = this.#key(request, block);
      this.#pool.publish(own, key);
      if (spec.kind === 'state') this.#fresh.add(key);
    }
    this.#published.set(request, Math.max(from, to));
  }

  release(request: number): void {
    this.#pool.release([...this.table(request)].reverse());
    this.#tables.delete(request);
    this.#published.delete(request);
    this.#started.delete(request);
    this.#lastState.delete(request);
  }

  #key(request: number, block: number): string {
    return `${this.#index}/${this.#names.keyOf(request, block)}`;
  }
}

/** The blocks of a hit of at most `limit` tokens in each of `groups`, which are alike; `drops`: the last one is given up. */
export function findHit(
  groups: readonly BlockGroup[],
  request: number,
  limit: number,
  alignment: number,
  drops: boolean,
  nothing: Block,
): Block[][] {
  const { spec } = groups[0];
  const { blockTokens } = spec;
  const most = Math.floor(limit / blockTokens);
  const isAligned = (blocks: number): boolean => (blocks * blockTokens) % alignment === 0;
  /** The groups' blocks, if all of them have it: one group alone is no help. */
  const at = (block: number): Block[] | null => {
    const found = groups.map((group) => group.find(request, block));
    return found.every((one) => one !== null) ? (found as Block[]) : null;
  };
  let length = 0;
  let first = 0;
  if (spec.kind === 'full' || spec.kind === 'chunked') {
    if (spec.kind === 'chunked') first = Math.floor((Math.floor(limit / spec.chunk) * spec.chunk) / blockTokens);
    length = first;
    while (length < most && at(length) !== null) length += 1;
  } else if (spec.kind === 'state') {
    length = most;
    while (length > 0 && (!isAligned(length) || at(length - 1) === null)) length -= 1;
    first = Math.max(0, length - 1);
  } else {
    const needed = blocksOfHit(spec.window, blockTokens, drops);
    let run = 0;
    let block = most - 1;
    for (; block >= 0 && run < needed; block--) {
      if (at(block) === null) run = 0;
      else if (run > 0 || isAligned(drops ? block : block + 1)) run += 1;
    }
    first = block + 1;
    length = first + run;
    if (run < needed) while (!isAligned(length)) length -= 1;
  }
  if (drops && spec.kind !== 'state' && length > 0) length -= 1;
  if (spec.kind !== 'chunked') while (!isAligned(length)) length -= 1;
  return groups.map((group) =>
    Array.from({ length }, (_, block) => (block < first ? nothing : group.find(request, block)!)),
  );
}

function isIdle(block: Block): boolean {
  return block.holders === 0 && block.id !== 0;
}
