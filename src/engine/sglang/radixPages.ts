import type { KvTiers } from '../../kv/kvTiers.ts';
import type { PageNames } from '../../kv/pageNames.ts';
import { RadixTree } from '../../kv/radixTree.ts';
import type { RequestLog } from '../requestLog.ts';
import type { Sequence } from '../sequence.ts';
import { noteReuse } from '../tierReuse.ts';
import { LOAD_BACK_TOKENS } from './loadBack.ts';
import { pagesToMatch } from './policies.ts';
import type { SglangConfig } from './sglangConfig.ts';

/** KV pages of one rank: the tree's, those sequences have beside it, and free ones. */
export class RadixPages {
  readonly tree: RadixTree;
  readonly pageTokens: number;
  readonly usable: number;
  readonly #caching: boolean;
  readonly #names: PageNames;
  /** Where pages are kept besides GPU memory (HiCache). */
  readonly #tiers: KvTiers | null;
  /** Pages of sequences that the tree does not have. */
  #own = 0;

  constructor(config: SglangConfig, names: PageNames, tiers: KvTiers | null) {
    this.tree = new RadixTree(names);
    this.#tiers = tiers;
    if (tiers?.takesEvicted) this.tree.dropped = (...pages) => tiers.evictedOf(...pages);
    this.pageTokens = config.blockTokens;
    this.usable = config.blocks;
    this.#caching = config.prefixCaching;
    this.#names = names;
  }

  get free(): number {
    return this.usable - this.tree.pages - this.#own;
  }

  /** Pages that are free or can be made free. */
  get room(): number {
    return this.free + this.tree.evictablePages;
  }

  get held(): number {
    return this.usable - this.room;
  }

  /** Finds the sequence's cached prefix, at most all but its last known token; returns its tokens. It ends in `tree.matched`. */
  match(sequence: Sequence): number {
    if (this.#caching) return this.tree.match(sequence.request, pagesToMatch(sequence, this.#names)) * this.pageTokens;
    return 0;
  }

  /** Tokens of the sequence after its `cached` ones that would come up from the tiers if it were admitted. */
  below(sequence: Sequence, cached: number): number {
    if (this.#tiers === null) return 0;
    const from = cached / this.pageTokens;
    const to = this.#tiers.reach(sequence.request, from, pagesToMatch(sequence, this.#names));
    return (to - from) * this.pageTokens;
  }

  /**
   * Fetches those `tokens` tokens into the tree, if there is room for them beside what is locked; they end in `tree.matched`.
   * Returns when the last of them is there, or -1.
   */
  loadBack({ request }: Sequence, cached: number, tokens: number, log: RequestLog): number {
    const from = cached / this.pageTokens;
    const pages = tokens / this.pageTokens;
    if (tokens < LOAD_BACK_TOKENS || pages > this.room) return -1;
    noteReuse(log, this.#tiers!, request, from, from + pages, this.pageTokens);
    // Before pages are taken: what that throws out could take the place of what is fetched.
    const loadedNs = this.#tiers!.load(request, from, from + pages);
    this.makeFree(pages);
    this.tree.insert(request, from + pages);
    return loadedNs;
  }

  /** The sequence starts on its cached prefix, which ends in `node` and is locked already. */
  begin(sequence: Sequence, tokens: number, node: number): void {
    sequence.computed = tokens;
    sequence.treePages = tokens / this.pageTokens;
    sequence.node = node;
    sequence.inserted = tokens;
  }

  get freeTokens(): number {
    return this.free * this.pageTokens;
  }

  /** Pages that `tokens` more tokens need after `computed`. */
  missing(computed: number, tokens: number): number {
    return this.#pages(computed + tokens) - this.#pages(computed);
  }

  /** Tokens that the sequence's pages, all free and all evictable ones could still take. */
  fitting({ computed }: Sequence): number {
    return (this.#pages(computed) + this.room) * this.pageTokens - computed;
  }

  /** Pages of `tokens` tokens from the start of a page on. */
  pagesFor(tokens: number): number {
    return this.#pages(tokens);
  }

  /** Pages that a decoding sequence under speculation lacks to hold `tokens` tokens. */
  lacking(sequence: Sequence, tokens: number): number {
    return Math.max(0, this.#pages(tokens) - this.#held(sequence));
  }

  /** It gets them. */
  reserve(sequence: Sequence, tokens: number): void {
    const held = this.#held(sequence);
    sequence.owned = Math.max(held, this.#pages(tokens));
    this.#own += sequence.owned - held;
  }

  /** It keeps no more than its first `tokens` tokens fill. */
  trim(sequence: Sequence, tokens: number): void {
    this.#own -= sequence.owned - this.#pages(tokens);
    sequence.owned = this.#pages(tokens);
  }

  /** Evicts `pages` (not what is missing of them) if fewer are free. */
  makeFree(pages: number): void {
    if (this.free < pages) this.tree.evict(pages);
  }

  take(pages: number): void {
    this.#own += pages;
  }

  /** Slots for the first `tokens` tokens of a sequence whose KV comes from elsewhere. */
  allocate(sequence: Sequence, tokens: number): void {
    this.begin(sequence, 0, this.tree.root);
    sequence.computed = tokens;
    this.#own += this.#pages(tokens);
  }

  /** Puts the sequence's first `tokens` tokens into the tree, whole pages of them, and moves its lock there. */
  insert(sequence: Sequence, tokens: number): void {
    sequence.inserted = tokens;
    if (!this.#caching) return;
    const pages = this.#names.pagesIn(tokens);
    this.tree.insert(sequence.request, pages);
    this.#tiers?.store(sequence.request, pages);
    const node = this.tree.matched;
    this.tree.lock(node);
    this.tree.unlock(sequence.node);
    sequence.node = node;
    // What it computed beside someone else's equal pages is freed: it goes on with theirs.
    this.#own -= pages - sequence.treePages;
    sequence.treePages = pages;
  }

  /** The sequence is over: its first `tokens` tokens stay in the tree. */
  finish(sequence: Sequence, tokens: number): void {
    if (this.#caching) {
      const pages = this.#names.pagesIn(tokens);
      this.tree.insert(sequence.request, pages);
      this.#tiers?.store(sequence.request, pages);
    }
    this.drop(sequence);
  }

  /** The sequence loses its KV; what the tree has of it stays. */
  drop(sequence: Sequence): void {
    this.tree.unlock(sequence.node);
    this.#own -= this.#held(sequence) - sequence.treePages;
    sequence.computed = 0;
    sequence.owned = 0;
    sequence.treePages = 0;
    sequence.node = this.tree.root;
    sequence.inserted = 0;
  }

  /** A decoding sequence may have room for more than it has computed. */
  #held({ computed, owned }: Sequence): number {
    return Math.max(this.#pages(computed), owned);
  }

  #pages(tokens: number): number {
    return Math.ceil(tokens / this.pageTokens);
  }
}
