import { BlockGroup, findHit } from './blockGroup.ts';
import { type Block, BlockPool } from './blockPool.ts';
import { alignmentOf, type KvLayout } from './kvLayout.ts';
import type { KvCall, KvManager } from './kvManager.ts';
import type { PageHold } from './pageHold.ts';
import type { PageNames } from './pageNames.ts';

/**
 * vLLM's KV cache manager and its coordinator of groups, one block at a time: the slow statement of what the fast one must
 * do. Used by plain engine cores and by tests only.
 */
export class BlockManager implements KvManager {
  readonly pool: BlockPool;
  readonly groups: readonly BlockGroup[];
  junction = 0;
  readonly #layout: KvLayout;
  /** Groups that are alike look for hits together. Full attention comes first. */
  readonly #kinds: BlockGroup[][] = [];
  readonly #alignment: number;
  #hits: Block[][] = [];

  /** `namesOf` gives names for blocks of so many tokens. */
  constructor(layout: KvLayout, namesOf: (blockTokens: number) => PageNames) {
    this.#layout = layout;
    this.pool = new BlockPool(layout.blocks, layout.unhashedFreedFirst);
    this.groups = layout.groups.map(
      (spec, index) => new BlockGroup(spec, index, layout, this.pool, namesOf(spec.blockTokens)),
    );
    this.#alignment = alignmentOf(layout.groups);
    const kinds = new Map<string, BlockGroup[]>();
    for (const group of this.groups) {
      const name = JSON.stringify(group.spec);
      const alike = kinds.get(name);
      if (alike !== undefined) alike.push(group);
      else {
        kinds.set(name, [group]);
        this.#kinds.push(kinds.get(name)!);
      }
    }
  }

  get usablePages(): number {
    return this.pool.usable;
  }

  get freePages(): number {
    return this.pool.free;
  }

  get evictedPages(): number {
    return this.pool.evicted;
  }

  startStep(): void {
    for (const group of this.groups) group.startStep();
  }

  lookup(request: number, known: number): number {
    this.junction = 0;
    this.#hits = this.groups.map(() => []);
    if (!this.#layout.prefixCaching) return 0;
    const found = new Map<BlockGroup, Block[]>();
    const most = known - 1;
    const hit =
      this.#kinds.length === 1
        ? this.#search(this.#kinds[0], request, most, true, found)
        : this.#settle(request, most, found);
    this.#hits = this.groups.map((group) => found.get(group)!.slice(0, Math.ceil(hit / group.spec.blockTokens)));
    return hit;
  }

  /** Each kind accepts the candidate length or shortens it, until all accept. */
  #settle(request: number, most: number, found: Map<BlockGroup, Block[]>): number {
    const simple = this.#kinds.length === 2 && this.#kinds[0][0].spec.kind === 'full';
    const given = new Set<BlockGroup[]>();
    let full: number | null = null;
    let longest = 0;
    let candidate = most;
    for (;;) {
      let current = candidate;
      for (const kind of this.#kinds) {
        const { spec } = kind[0];
        if (spec.kind === 'full' && full !== null) {
          current = Math.min(current, full);
          continue;
        }
        const drops = spec.dropsLastHit && !given.has(kind);
        // The block to give up may lie past the candidate.
        const limit = drops && spec.kind !== 'state' ? Math.min(current + spec.blockTokens, most) : current;
        const length = this.#search(kind, request, limit, drops, found);
        if (drops) given.add(kind);
        else if (length < current) given.clear();
        if (spec.kind === 'full') full = length;
        current = length;
        longest = Math.max(longest, current);
      }
      const settled = current >= candidate;
      if (!settled) candidate = current;
      if (settled || simple) break;
    }
    if (longest > candidate) this.junction = longest;
    return candidate;
  }

  #search(
    kind: readonly BlockGroup[],
    request: number,
    limit: number,
    drops: boolean,
    found: Map<BlockGroup, Block[]>,
  ): number {
    const { spec } = kind[0];
    const blocks = findHit(kind, request, limit, this.#alignment, drops && spec.dropsLastHit, this.pool.nothing);
    kind.forEach((group, index) => {
      found.set(group, blocks[index]);
    });
    return blocks[0].length * spec.blockTokens;
  }

  /** `act` is told of every cached block of the first group that makes room: its segment, and its number there. */
  onDropped(act: (segment: number, block: number) => void): void {
    this.pool.dropped = (key) => {
      const [group, segment, block] = key.split(/[/:]/).map(Number);
      if (group === 0) act(segment, block);
    };
  }

  /** Leading blocks of the request that have been published. */
  published(request: number): number {
    return this.groups[0].published(request);
  }

  /** Whether a call would be granted; windows move on. Of a waiting request, right after its `lookup`. */
  fits({ request }: PageHold, call: KvCall): boolean {
    const { contextLength } = this.#layout;
    const hits = call.hit > 0 ? this.#hits : this.groups.map((): Block[] => []);
    const computed = call.computed + call.hit + call.external;
    const need = (tokens: number, lookahead: number, capped: boolean): number =>
      this.groups.reduce(
        (sum, group, index) => sum + group.need(request, tokens, lookahead, hits[index], computed, capped),
        0,
      );
    if (call.gate && need(Math.min(call.known, contextLength), 0, true) + call.keepFree > this.pool.free) return false;
    const main = Math.min(computed + call.tokens, contextLength);
    const total = Math.min(computed + call.tokens + call.lookahead, contextLength);
    for (const group of this.groups) group.moveOn(request, call.processed + call.hit + call.external);
    return need(total, total - main, false) + call.keepFree <= this.pool.free;
  }

  /** Of a waiting request, right after its `lookup`. */
  allocate(hold: PageHold, call: KvCall): boolean {
    if (!this.fits(hold, call)) return false;
    const { request } = hold;
    const { contextLength } = this.#layout;
    const hits = call.hit > 0 ? this.#hits : this.groups.map((): Block[] => []);
    const computed = call.computed + call.hit + call.external;
    const main = Math.min(computed + call.tokens, contextLength);
    const total = Math.min(computed + call.tokens + call.lookahead, contextLength);
    const isNew = !hold.isHeld;
    hold.isHeld = true;
    if (isNew) {
      this.groups.forEach((group, index) => {
        group.adopt(request, hits[index], computed);
      });
      if (call.external > 0) for (const group of this.groups) group.addExternal(request, computed, call.external);
    }
    for (const group of this.groups) group.grow(request, total, total - main);
    if (isNew) hold.junction = call.junction;
    if (call.publishes) this.publish(hold, Math.min(computed + call.tokens, call.known));
    return true;
  }

  publish(hold: PageHold, tokens: number): void {
    if (!this.#layout.prefixCaching) return;
    const single = this.groups.length === 1;
    const aligned = single ? tokens : Math.floor(tokens / this.#alignment) * this.#alignment;
    for (const group of this.groups) {
      const { blockTokens, dropsLastHit, kind } = group.spec;
      const past = dropsLastHit && kind !== 'state' && aligned > 0 ? blockTokens : 0;
      const to = single ? tokens : Math.min(tokens, aligned + past);
      group.publish(hold.request, to, hold.promptTokens - 1, hold.junction, this.#alignment);
    }
  }

  release(hold: PageHold): void {
    for (const group of this.groups) group.release(hold.request);
    hold.isHeld = false;
  }
}
