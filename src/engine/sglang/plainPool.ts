import type { KvTiers } from '../../kv/kvTiers.ts';
import type { PageNames } from '../../kv/pageNames.ts';
import { type PlainNode, PlainRadixTree } from '../../kv/plainRadixTree.ts';
import type { RequestLog } from '../requestLog.ts';
import { noteReuse } from '../tierReuse.ts';
import { LOAD_BACK_TOKENS } from './loadBack.ts';
import type { PlainJob } from './plainJob.ts';
import { pagesToMatch } from './policies.ts';
import type { SglangConfig } from './sglangConfig.ts';

/** KV of one rank: pages of the tree, pages of jobs that the tree does not have, and free ones; counted afresh each time. */
export class PlainPool {
  readonly tree: PlainRadixTree;
  readonly #config: SglangConfig;
  readonly #names: PageNames;
  readonly #tiers: KvTiers | null;
  readonly #owners = new Set<PlainJob>();

  constructor(config: SglangConfig, names: PageNames, tiers: KvTiers | null) {
    this.#config = config;
    this.#names = names;
    this.tree = new PlainRadixTree(names);
    this.#tiers = tiers;
    this.tree.dropped = (request, from, to) => tiers?.evictedOf(request, from, to);
  }

  get freePages(): number {
    let free = this.#config.blocks - this.tree.pages;
    for (const job of this.#owners) free -= this.#pages(Math.max(job.slots, job.allocated)) - job.treePages;
    return free;
  }

  /** Tokens that are free or can be made free. */
  get roomTokens(): number {
    return (this.freePages + this.tree.evictablePages) * this.#config.blockTokens;
  }

  get heldPages(): number {
    return this.#config.blocks - this.freePages - this.tree.evictablePages;
  }

  /** Finds the job's cached prefix, at most all but its last known token. */
  match(job: PlainJob): { tokens: number; node: PlainNode } {
    if (!this.#config.prefixCaching) return { tokens: 0, node: this.tree.root };
    const pages = this.tree.match(job.request, pagesToMatch(job, this.#names));
    return { tokens: pages * this.#config.blockTokens, node: this.tree.matched };
  }

  /** Cached tokens of a prompt of so many tokens, found without a use of them. */
  cachedTokens(request: number, inputTokens: number): number {
    return this.tree.peek(request, pagesToMatch({ knownTokens: inputTokens }, this.#names)) * this.#config.blockTokens;
  }

  /** Tokens after its `cached` ones that would come up from the tiers if it were admitted. */
  below(job: PlainJob, cached: number): number {
    const page = this.#config.blockTokens;
    const from = cached / page;
    const to = this.#tiers?.reach(job.request, from, pagesToMatch(job, this.#names)) ?? from;
    return (to - from) * page;
  }

  /** Fetches them into the tree, if there is room: `tree.matched` is their end. Returns when they are there, or null. */
  loadBack({ request }: PlainJob, cached: number, tokens: number, log: RequestLog): number | null {
    if (tokens < LOAD_BACK_TOKENS || tokens > this.roomTokens) return null;
    const page = this.#config.blockTokens;
    const [from, to] = [cached / page, (cached + tokens) / page];
    noteReuse(log, this.#tiers!, request, from, to, page);
    const loadedNs = this.#tiers!.load(request, from, to);
    this.makeFree(tokens);
    this.tree.insert(request, to);
    return loadedNs;
  }

  /** The job starts on its cached prefix, which is locked already. */
  begin(job: PlainJob, tokens: number, node: PlainNode): void {
    job.slots = tokens;
    job.treePages = tokens / this.#config.blockTokens;
    job.node = node;
    job.inserted = tokens;
    this.#owners.add(job);
  }

  get freeTokens(): number {
    return this.freePages * this.#config.blockTokens;
  }

  /** Slots for the first `tokens` tokens of a job whose KV comes from elsewhere. */
  allocate(job: PlainJob, tokens: number): void {
    this.begin(job, 0, this.tree.root);
    job.slots = tokens;
    job.committed = tokens;
  }

  /** Pages that `tokens` more slots of the job need. */
  missingPages(job: PlainJob, tokens: number): number {
    return this.#pages(job.slots + tokens) - this.#pages(job.slots);
  }

  /** Pages that the job lacks to have slots for `tokens` tokens. */
  lackingPages(job: PlainJob, tokens: number): number {
    return Math.max(0, this.#pages(tokens) - this.#pages(Math.max(job.slots, job.allocated)));
  }

  /** Tokens that the job's pages, all free and all evictable ones could still take. */
  fitting(job: PlainJob): number {
    return this.#pages(job.slots) * this.#config.blockTokens - job.slots + this.roomTokens;
  }

  /** Evicts `tokens` (not what is missing of them) if fewer are free. */
  makeFree(tokens: number): void {
    if (this.freePages * this.#config.blockTokens < tokens) this.tree.evict(this.#pages(tokens));
  }

  /** Puts the job's first `tokens` tokens into the tree, whole pages of them, and moves its lock there. */
  insert(job: PlainJob, tokens: number): void {
    job.inserted = tokens;
    if (!this.#config.prefixCaching) return;
    const pages = this.#nameable(tokens);
    this.tree.insert(job.request, pages);
    this.#tiers?.store(job.request, pages);
    const node = this.tree.matched;
    this.tree.lock(node);
    this.tree.unlock(job.node!);
    job.node = node;
    // What it computed beside someone else's equal pages is freed: it goes on with theirs.
    job.treePages = pages;
  }

  /** The job is over: its first `tokens` tokens stay in the tree. */
  finish(job: PlainJob, tokens: number): void {
    if (this.#config.prefixCaching) {
      const pages = this.#nameable(tokens);
      this.tree.insert(job.request, pages);
      this.#tiers?.store(job.request, pages);
    }
    this.drop(job);
  }

  /** The job loses its KV; what the tree has of it stays. */
  drop(job: PlainJob): void {
    this.tree.unlock(job.node!);
    this.#owners.delete(job);
    job.slots = 0;
    job.committed = 0;
    job.allocated = 0;
    job.inFlight = 0;
    job.treePages = 0;
    job.node = null;
    job.inserted = 0;
    job.life += 1;
  }

  /** Whole pages of the first `tokens` tokens; EAGLE's last token lacks the one that goes with it. */
  #nameable(tokens: number): number {
    const pairs = this.#config.speculation?.method === 'eagle' ? tokens - 1 : tokens;
    return Math.floor(pairs / this.#config.blockTokens);
  }

  #pages(tokens: number): number {
    return Math.ceil(tokens / this.#config.blockTokens);
  }
}
