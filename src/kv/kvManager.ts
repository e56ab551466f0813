import type { PageHold } from './pageHold.ts';

/** One request asks for room (vLLM `allocate_slots`). All counts in tokens but `keepFree`. */
export interface KvCall {
  /** Prompt and generated tokens; drafts are not among them. */
  known: number;
  /** Computed or scheduled so far; of a waiting request 0, or what a remote load brought. */
  computed: number;
  /** The same without what is in flight: windows are moved on by this. */
  processed: number;
  /** Leading tokens found by `lookup` just before; 0 for a running request. */
  hit: number;
  /** What `lookup` said of the junction, 0 = none. */
  junction: number;
  /** Tokens after the hit that a connector brings. */
  external: number;
  /** Tokens to compute. */
  tokens: number;
  /** Room for drafts beyond them. */
  lookahead: number;
  /** Blocks that must stay free (watermark, reserves). */
  keepFree: number;
  /** All known tokens must fit, not just those of this call. */
  gate: boolean;
  /** What gets full is published at once; not so while a remote load is under way. */
  publishes: boolean;
}

/** KV blocks of one scheduler's requests, as vLLM's KVCacheManager keeps them (kv_cache_manager.py at 017e9f4). */
export interface KvManager {
  readonly usablePages: number;
  /** Blocks an allocation could take: never used, scratch, or cached but held by nobody. */
  readonly freePages: number;
  /** Cached blocks thrown out to make room, so far. */
  readonly evictedPages: number;
  /** Of the last `lookup`: how far some group could have gone on while another lagged behind; 0 = all went equally far. */
  readonly junction: number;
  /** Leading tokens of the request that are cached, its last known one never among them. Touches nothing. */
  lookup(request: number, known: number): number;
  /** Makes room; false if there is none, and then nothing has changed but that windows moved on. */
  allocate(hold: PageHold, call: KvCall): boolean;
  /** What is full among the first `tokens` tokens can be found from now on. */
  publish(hold: PageHold, tokens: number): void;
  /** Gives everything back, last block first. */
  release(hold: PageHold): void;
  /** A new batch is put together: recurrent states published for the last one may be hit from now on. */
  startStep(): void;
}
