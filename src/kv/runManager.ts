import type { KvGroup } from '../timing/kvGroup.ts';
import { FreeQueue } from './freeQueue.ts';
import { GroupPages } from './groupPages.ts';
import { alignmentOf, type KvLayout, nextSkip } from './kvLayout.ts';
import type { KvCall, KvManager } from './kvManager.ts';
import { PageGroup } from './pageGroup.ts';
import type { PageHold } from './pageHold.ts';
import type { PageNames } from './pageNames.ts';
import { RunPool } from './runPool.ts';

/** A hit of one group: its pages [from, to) are cached, those before `from` do not matter. */
interface GroupHit {
  from: number;
  to: number;
}

/** Groups that are alike look for hits together: a page is of use only where all of them have it. */
interface Kind {
  readonly spec: KvGroup;
  readonly members: readonly number[];
}

/**
 * `BlockManager` made fast: full attention in runs, so that its cost follows the workload's blocks; groups beside it, or
 * without it, page by page; one free queue for all.
 */
export class RunManager implements KvManager {
  junction = 0;
  readonly #layout: KvLayout;
  readonly #queue: FreeQueue;
  /** The first group, if it is full attention. */
  readonly #full: RunPool | null;
  /** The others by group number; the first entry is missing if it is in runs. */
  readonly #groups: (PageGroup | undefined)[];
  readonly #kinds: readonly Kind[];
  readonly #alignment: number;
  /** Of the last lookup, by group. */
  readonly #hits: GroupHit[];

  /** `namesOf` gives names for pages of so many tokens. */
  constructor(layout: KvLayout, namesOf: (pageTokens: number) => PageNames) {
    const { groups } = layout;
    this.#layout = layout;
    this.#queue = new FreeQueue(layout.blocks - 1, layout.unhashedFreedFirst);
    this.#full = groups[0].kind === 'full' ? new RunPool(this.#queue, namesOf(groups[0].blockTokens)) : null;
    this.#groups = groups.map((spec, index) =>
      index === 0 && this.#full !== null
        ? undefined
        : new PageGroup(spec, index, layout, this.#queue, namesOf(spec.blockTokens)),
    );
    this.#kinds = kindsOf(groups);
    this.#alignment = alignmentOf(groups);
    this.#hits = groups.map(() => ({ from: 0, to: 0 }));
  }

  get usablePages(): number {
    return this.#queue.usablePages;
  }

  get freePages(): number {
    return this.#queue.freePages;
  }

  /** Free pages that come before any content does. */
  get blankPages(): number {
    return this.#queue.blankPages;
  }

  /** `act` is told of every cached page that makes room: pages [from, to) of a segment, the last of them first. */
  onDropped(act: (segment: number, from: number, to: number) => void): void {
    this.#queue.dropped = act;
  }

  get evictedPages(): number {
    return this.#queue.evictedPages;
  }

  /** States were published in this step. */
  get hasFreshStates(): boolean {
    return this.#groups.some((group) => group?.hasFreshStates === true);
  }

  startStep(): void {
    for (const group of this.#groups) group?.startStep();
  }

  lookup(request: number, known: number): number {
    const { groups } = this.#layout;
    const most = known - 1;
    this.junction = 0;
    for (const hit of this.#hits) {
      hit.from = 0;
      hit.to = 0;
    }
    if (!this.#layout.prefixCaching) return 0;
    const hit =
      this.#kinds.length === 1 ? this.#search(this.#kinds[0], request, most, true) : this.#settle(request, most);
    for (const [index, { blockTokens }] of groups.entries()) {
      const found = this.#hits[index];
      found.to = Math.min(found.to, Math.ceil(hit / blockTokens));
    }
    return hit;
  }

  allocate(hold: PageHold, call: KvCall): boolean {
    const { contextLength } = this.#layout;
    const { hit, external, keepFree } = call;
    const computed = call.computed + hit + external;
    if (call.gate && !this.passesGate(hold, hit, external, call.known, keepFree)) return false;
    const main = Math.min(computed + call.tokens, contextLength);
    const total = Math.min(computed + call.tokens + call.lookahead, contextLength);
    this.moveOn(hold, call.processed + hit + external);
    if (this.#need(hold, hit, total, total - main, computed, false) + keepFree > this.freePages) return false;
    if (!hold.isHeld) this.adopt(hold, hit, external, call.junction);
    this.grow(hold, total, total - main);
    if (call.publishes) this.publish(hold, Math.min(computed + call.tokens, call.known));
    return true;
  }

  /**
   * Whether all `known` tokens of a waiting request can come to fit and leave `keepFree` pages free; its first `hit` ones were
   * found by the lookup just before, and `external` ones after them come from elsewhere (vLLM's full-sequence gate).
   */
  passesGate(hold: PageHold, hit: number, external: number, known: number, keepFree: number): boolean {
    const tokens = Math.min(known, this.#layout.contextLength);
    return this.#need(hold, hit, tokens, 0, hit + external, true) + keepFree <= this.freePages;
  }

  /** The same of its first `tokens` tokens, the last `lookahead` of them drafts, to be had at once. */
  fits(hold: PageHold, hit: number, external: number, tokens: number, keepFree: number, lookahead: number): boolean {
    return this.#need(hold, hit, tokens, lookahead, hit + external, false) + keepFree <= this.freePages;
  }

  /** What lies wholly behind what the request, `processed` tokens long, still looks at is given back. */
  moveOn(hold: PageHold, processed: number): void {
    this.#open(hold);
    for (const group of this.#groups) group?.moveOn(hold, processed);
  }

  /** Whether a running request can grow to `tokens` tokens. */
  hasRoom(hold: PageHold, tokens: number, lookahead = 0): boolean {
    return this.#need(hold, 0, Math.min(tokens, this.#layout.contextLength), lookahead, 0, false) <= this.freePages;
  }

  /**
   * A request that holds nothing holds the hit of the lookup just before, and pages for what comes from elsewhere. All groups
   * hold their hits before any takes a page: it could be another's hit.
   */
  adopt(hold: PageHold, hit: number, external: number, junction: number): void {
    const computed = hit + external;
    this.#open(hold);
    hold.isHeld = true;
    hold.dueAt = 0;
    hold.junction = junction;
    if (this.#full !== null && hit > 0) {
      this.#full.take(hold, this.#hits[0].to);
      hold.owned = this.#hits[0].to;
    }
    for (const [index, group] of this.#groups.entries()) {
      const { from, to } = this.#hits[index];
      group?.adopt(hold, hit > 0 ? from : 0, hit > 0 ? to : 0, computed);
    }
    if (external === 0) return;
    if (this.#full !== null) this.#growFull(hold, computed);
    for (const group of this.#groups) group?.addExternal(hold, computed, external);
  }

  /** The request gets what it lacks for `tokens` tokens, of which the last `lookahead` are drafts; there must be room. */
  grow(hold: PageHold, tokens: number, lookahead: number): void {
    if (this.#full !== null) this.#growFull(hold, tokens);
    for (const group of this.#groups) group?.grow(hold, tokens, lookahead);
  }

  publish(hold: PageHold, tokens: number): void {
    const { groups, prefixCaching } = this.#layout;
    if (!prefixCaching) return;
    const alignment = this.#alignment;
    const aligned = groups.length === 1 ? tokens : Math.floor(tokens / alignment) * alignment;
    for (const [index, { blockTokens, dropsLastHit, kind }] of groups.entries()) {
      // The page to give up lies past the hit.
      const past = dropsLastHit && kind !== 'state' && aligned > 0 ? blockTokens : 0;
      const to = Math.min(tokens, aligned + past);
      const group = this.#groups[index];
      if (group === undefined) this.#full!.publish(hold, Math.floor(to / blockTokens));
      else group.publish(hold, to, alignment);
    }
  }

  /**
   * Notes from how many computed tokens on one more changes anything for a decoding request: it needs a page, one is full, or
   * one falls behind a window. `computed`: with the pass just formed; `processed`, `published`: as given for it.
   */
  noteDue(hold: PageHold, computed: number, processed: number, published: number): void {
    let due = Number.POSITIVE_INFINITY;
    for (const group of this.#layout.groups) {
      const { blockTokens } = group;
      const grows = Math.ceil(computed / blockTokens) * blockTokens;
      // What is processed or named is never more than what is computed.
      const fills = (Math.floor(published / blockTokens) + 1) * blockTokens - 1;
      due = Math.min(due, grows, fills, nextSkip(group, processed));
    }
    hold.dueAt = due;
  }

  release(hold: PageHold): void {
    this.#open(hold);
    if (this.#full !== null) this.#full.release(hold, hold.owned);
    hold.owned = 0;
    for (const group of this.#groups) group?.release(hold);
    hold.isHeld = false;
  }

  /** Full attention takes pages for sequences whose tables follow from a clock; they must be free. */
  takePages(pages: number): void {
    this.#queue.take(pages);
  }

  #open(hold: PageHold): void {
    while (hold.groups.length < this.#groups.length) hold.groups.push(new GroupPages());
  }

  /** Free pages it takes to have `tokens` tokens, the last `lookahead` of which are drafts. */
  #need(hold: PageHold, hit: number, tokens: number, lookahead: number, computed: number, capped: boolean): number {
    this.#open(hold);
    let need = 0;
    if (this.#full !== null) {
      const pages = hit > 0 ? this.#hits[0].to : 0;
      need = Math.max(Math.ceil(tokens / this.#layout.groups[0].blockTokens) - pages - hold.owned, 0);
      if (hit > 0) need += this.#full.idleAmong(hold.request, pages);
    }
    for (const [index, group] of this.#groups.entries()) {
      if (group === undefined) continue;
      const { from, to } = this.#hits[index];
      need += group.need(hold, tokens, lookahead, hit > 0 ? from : 0, hit > 0 ? to : 0, computed, capped);
    }
    return need;
  }

  #growFull(hold: PageHold, tokens: number): void {
    const missing = Math.ceil(tokens / this.#layout.groups[0].blockTokens) - hold.owned;
    if (missing <= 0) return;
    this.#queue.take(missing);
    hold.owned += missing;
  }

  /** Each kind accepts the candidate length or shortens it, until all accept (vLLM HybridKVCacheCoordinator). */
  #settle(request: number, most: number): number {
    const kinds = this.#kinds;
    const isSimple = kinds.length === 2 && kinds[0].spec.kind === 'full';
    const given = kinds.map(() => false);
    let full = -1;
    let longest = 0;
    let candidate = most;
    for (;;) {
      let current = candidate;
      for (const [index, kind] of kinds.entries()) {
        const { spec } = kind;
        if (spec.kind === 'full' && full >= 0) {
          current = Math.min(current, full);
          continue;
        }
        const drops = spec.dropsLastHit && !given[index];
        // The page to give up may lie past the candidate.
        const limit = drops && spec.kind !== 'state' ? Math.min(current + spec.blockTokens, most) : current;
        const length = this.#search(kind, request, limit, drops);
        if (drops) given[index] = true;
        else if (length < current) given.fill(false);
        if (spec.kind === 'full') full = length;
        current = length;
        longest = Math.max(longest, current);
      }
      const isSettled = current >= candidate;
      if (!isSettled) candidate = current;
      if (isSettled || isSimple) break;
    }
    if (longest > candidate) this.junction = longest;
    return candidate;
  }

  /** Tokens of the longest hit of one kind, noted for each of its groups. */
  #search(kind: Kind, request: number, limit: number, mayDrop: boolean): number {
    const { spec, members } = kind;
    const { blockTokens } = spec;
    const drops = mayDrop && spec.dropsLastHit;
    let found: GroupHit;
    const first = this.#groups[members[0]];
    if (first === undefined) {
      let to = this.#full!.lookup(request, Math.floor(limit / blockTokens));
      for (const member of members) {
        const group = this.#groups[member];
        for (let page = 0; group !== undefined && page < to; page++) if (group.find(request, page) < 0) to = page;
      }
      if (drops && to > 0) to -= 1;
      while ((to * blockTokens) % this.#alignment !== 0) to -= 1;
      found = { from: 0, to };
    } else {
      const groups = members.map((member) => this.#groups[member]!);
      const has = (page: number): boolean => groups.every((group) => group.find(request, page) >= 0);
      found = first.findHit(limit, this.#alignment, drops, has);
    }
    for (const member of members) {
      this.#hits[member].from = found.from;
      this.#hits[member].to = found.to;
    }
    return found.to * blockTokens;
  }
}

function kindsOf(groups: readonly KvGroup[]): Kind[] {
  const kinds: { spec: KvGroup; members: number[] }[] = [];
  for (const [index, spec] of groups.entries()) {
    const alike = kinds.find((kind) => JSON.stringify(kind.spec) === JSON.stringify(spec));
    if (alike === undefined) kinds.push({ spec, members: [index] });
    else alike.members.push(index);
  }
  return kinds;
}
