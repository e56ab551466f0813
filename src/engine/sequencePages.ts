import { alignedChunk, alignedStateOf, type KvLayout, mostReusable } from '../kv/kvLayout.ts';
import type { KvTiers } from '../kv/kvTiers.ts';
import { PageNames } from '../kv/pageNames.ts';
import { RunManager } from '../kv/runManager.ts';
import type { StateGroup } from '../timing/kvGroup.ts';
import type { EngineSetup } from './engineSetup.ts';
import type { Sequence } from './sequence.ts';

/**
 * A worker's KV pages as its sequences take, fill, publish and lose them (vLLM's KVCacheManager). With full attention alone,
 * pages of decoding sequences follow from the clock and are only counted; with groups beside it (`hasGroups`) every sequence
 * takes and gives back its own.
 */
export class SequencePages {
  readonly pageTokens: number;
  /** Windows or states are among the groups. */
  readonly hasGroups: boolean;
  /** States are cached at block ends, where chunks of prompts have to end. */
  readonly #alignedState: StateGroup | null;
  /** Where pages are kept besides GPU memory; only with full attention alone. */
  readonly tiers: KvTiers | null;
  readonly #manager: RunManager;
  readonly #layout: KvLayout;
  readonly #names: PageNames;

  constructor(layout: KvLayout, { table, tiers }: EngineSetup) {
    const { groups } = layout;
    const namesOf = (tokens: number): PageNames => new PageNames(table.workload, table.namedTokens, tokens);
    this.#layout = layout;
    this.pageTokens = groups[0].blockTokens;
    this.hasGroups = groups.length > 1 || groups[0].kind !== 'full';
    this.#alignedState = alignedStateOf(layout);
    this.#names = namesOf(this.pageTokens);
    this.#manager = new RunManager(layout, namesOf);
    this.tiers = tiers;
    if (tiers?.takesEvicted) this.#manager.onDropped((...pages) => tiers.evicted(...pages));
  }

  /** Prompts are cut where states can be cached: several may be in the middle at once. */
  get cutsChunks(): boolean {
    return this.#alignedState !== null;
  }

  /** States published for the batch just formed, which the next one may start from, but it could not. */
  get hasFreshStates(): boolean {
    return this.#alignedState !== null && this.#manager.hasFreshStates;
  }

  /** Where the last lookup saw another request's text part from this one's, in tokens; 0 = nowhere. */
  get junction(): number {
    return this.#manager.junction;
  }

  get usable(): number {
    return this.#manager.usablePages;
  }

  get free(): number {
    return this.#manager.freePages;
  }

  /** Free pages that can be taken without giving up content. */
  get blank(): number {
    return this.#manager.blankPages;
  }

  get evicted(): number {
    return this.#manager.evictedPages;
  }

  /** A new batch is put together. */
  startStep(): void {
    if (this.hasGroups) this.#manager.startStep();
  }

  /** How many of the next `tokens` tokens after the first `computed` the next pass may compute; see `alignedChunk`. */
  chunkOf(sequence: Sequence, computed: number, tokens: number, junction: number): number {
    const state = this.#alignedState;
    if (state === null) return tokens;
    return alignedChunk(state, computed, tokens, sequence.inputTokens, sequence.knownTokens, junction);
  }

  /** Cached leading pages; the last known token is always computed, so a full hit leaves one page (vLLM). */
  lookup(request: number, knownTokens: number): number {
    return this.#manager.lookup(request, knownTokens) / this.pageTokens;
  }

  /**
   * Whether a waiting sequence's first `tokens` fit at once, all `knownTokens` in time, and `keepFree` pages stay free. The
   * lookup just before found `hit` pages cached, and `external` tokens come from elsewhere. Cached pages nobody holds are free
   * until taken, so taking them counts.
   */
  fits(
    { hold }: Sequence,
    hit: number,
    external: number,
    tokens: number,
    knownTokens: number,
    keepFree: number,
    lookahead = 0,
  ): boolean {
    const hitTokens = hit * this.pageTokens;
    if (!this.#manager.passesGate(hold, hitTokens, external, knownTokens, keepFree)) return false;
    // With full attention alone nothing is given back in time; padding goes beyond what is known.
    if (!this.hasGroups && lookahead === 0 && tokens <= knownTokens) return true;
    return this.#manager.fits(hold, hitTokens, external, tokens, keepFree, lookahead);
  }

  /** Up to which page the tiers have what follows the `hit` cached ones; the last known token is computed all the same. */
  reachInTiers(request: number, hit: number, knownTokens: number): number {
    if (this.tiers === null) return hit;
    return this.tiers.reach(request, hit, mostReusable(knownTokens, this.#layout));
  }

  /** Leading pages that are cached, or can be fetched from the tiers. */
  reusable(request: number, knownTokens: number): number {
    return this.reachInTiers(request, this.lookup(request, knownTokens), knownTokens);
  }

  /** Whether the first `pages` >= 1 pages of two requests are the same text. */
  agreeOn(request: number, other: number, pages: number): boolean {
    return this.#names.agreeOn(request, other, pages);
  }

  /** The tiers may copy what is published of the sequence's pages. */
  store({ hold }: Sequence): void {
    this.tiers?.store(hold.request, hold.published);
  }

  /** A sequence that owns nothing starts with its cached pages, and pages for what comes from elsewhere. */
  take(sequence: Sequence, hit: number, external: number): void {
    const manager = this.#manager;
    manager.adopt(sequence.hold, hit * this.pageTokens, external, manager.junction);
    sequence.owned = sequence.hold.owned;
    sequence.computed = hit * this.pageTokens;
  }

  /** Pages the sequence lacks to hold `tokens`, with full attention alone. */
  missing(sequence: Sequence, tokens: number): number {
    return Math.max(0, this.count(tokens) - sequence.owned);
  }

  /** Pages that hold so many tokens, with full attention alone. */
  count(tokens: number): number {
    return Math.ceil(tokens / this.pageTokens);
  }

  /** With groups: whether a running sequence has room for `tokens`, once it gave back what lies behind `processed` of them. */
  hasRoom(sequence: Sequence, tokens: number, processed: number, lookahead: number): boolean {
    this.#manager.moveOn(sequence.hold, processed);
    return this.#manager.hasRoom(sequence.hold, tokens, lookahead);
  }

  /** The sequence gets the pages it lacks to hold `tokens`, the last `lookahead` of them drafts; they must be free. */
  grow(sequence: Sequence, tokens: number, lookahead = 0): void {
    if (!this.hasGroups) sequence.hold.owned = sequence.owned;
    this.#manager.grow(sequence.hold, tokens, lookahead);
    sequence.owned = sequence.hold.owned;
  }

  /** With groups: see `RunManager.noteDue`. */
  noteDue(sequence: Sequence, computed: number, processed: number, published: number): void {
    this.#manager.noteDue(sequence.hold, computed, processed, published);
  }

  /** With full attention alone: decoding sequences, whose pages follow from the clock, get pages, which must be free. */
  allocate(pages: number): void {
    this.#manager.takePages(pages);
  }

  /** The full pages of the sequence's first `tokens` tokens can be found from now on. */
  publish(sequence: Sequence, tokens: number): void {
    this.#manager.publish(sequence.hold, tokens);
  }

  release(sequence: Sequence): void {
    if (!this.hasGroups) sequence.hold.owned = sequence.owned;
    this.#manager.release(sequence.hold);
    sequence.owned = 0;
    sequence.computed = 0;
  }
}
