import { FreeQueue } from '../kv/freeQueue.ts';
import { PageNames } from '../kv/pageNames.ts';
import { RunPool } from '../kv/runPool.ts';
import type { CommonConfig } from './commonConfig.ts';
import type { RequestTable } from './requestTable.ts';
import type { Sequence } from './sequence.ts';

/** A worker's KV pages as its sequences take, fill, publish and lose them (vLLM's KVCacheManager). */
export class SequencePages {
  readonly pageTokens: number;
  readonly #queue: FreeQueue;
  readonly #pool: RunPool;
  readonly #caching: boolean;

  constructor(config: CommonConfig, table: RequestTable, unhashedFreedFirst: boolean) {
    this.pageTokens = config.blockTokens;
    this.#caching = config.prefixCaching;
    const names = new PageNames(table.workload, table.namedTokens, config.blockTokens);
    // vLLM's block 0 is the null block: never handed out.
    this.#queue = new FreeQueue(config.blocks - 1, unhashedFreedFirst);
    this.#pool = new RunPool(this.#queue, names);
  }

  get usable(): number {
    return this.#queue.usablePages;
  }

  get free(): number {
    return this.#queue.freePages;
  }

  get evicted(): number {
    return this.#queue.evictedPages;
  }

  /** Cached leading pages; the last known token is always computed, so a full hit leaves one page (vLLM). */
  lookup(request: number, knownTokens: number): number {
    return this.#caching ? this.#pool.lookup(request, Math.floor((knownTokens - 1) / this.pageTokens)) : 0;
  }

  /**
   * Whether `knownTokens`, of which `hit` pages are cached, fit and leave `keepFree` pages free. Cached pages nobody holds are
   * free until taken, so taking them counts.
   */
  fits(request: number, hit: number, knownTokens: number, keepFree: number): boolean {
    const missing = Math.ceil(knownTokens / this.pageTokens) - hit;
    return missing + this.#pool.idleAmong(request, hit) + keepFree <= this.#queue.freePages;
  }

  /** A sequence that owns nothing starts with its cached pages. */
  take(sequence: Sequence, hit: number): void {
    if (hit > 0) this.#pool.take(sequence.hold, hit);
    sequence.owned = hit;
    sequence.computed = hit * this.pageTokens;
  }

  /** Pages the sequence lacks to hold `tokens`. */
  missing(sequence: Sequence, tokens: number): number {
    return Math.ceil(tokens / this.pageTokens) - sequence.owned;
  }

  /** The sequence gets pages, which must be free. */
  grow(sequence: Sequence, pages: number): void {
    this.#queue.take(pages);
    sequence.owned += pages;
  }

  /** Decoding sequences, whose pages follow from the clock, get pages, which must be free. */
  allocate(pages: number): void {
    this.#queue.take(pages);
  }

  /** The full pages of the sequence's first `tokens` tokens can be found from now on. */
  publish(sequence: Sequence, tokens: number): void {
    if (this.#caching) this.#pool.publish(sequence.hold, Math.floor(tokens / this.pageTokens));
  }

  release(sequence: Sequence): void {
    this.#pool.release(sequence.hold, sequence.owned);
    sequence.owned = 0;
    sequence.computed = 0;
  }
}
