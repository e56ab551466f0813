import type { DraftOutcomes } from './draftOutcomes.ts';
import { type Sequence, STAGE } from './sequence.ts';

/**
 * The sequences of one lane that decode, as the sums a pass needs. All of them advance one token in every pass that takes
 * decodes, so they share one clock, the passes formed so far: a sequence's computed tokens are the clock plus its offset, its
 * last pass is formed at a fixed clock value, and it needs a page whenever the clock hits its residue modulo the page size.
 * Under speculation accepted drafts shift a sequence against the clock, and its pages are its own.
 */
export class DecodeSet {
  /** Tokens attended to in the next pass: each sequence's computed tokens and the one it computes. */
  contextTokens = 0;
  /** The same with each term cut at the window; needs `measureWindow` after a change. */
  windowedTokens = 0;
  /** Sequences that generate text which other sessions name too: their pages are published pass by pass. */
  contested = 0;
  /** Passes formed with decodes. */
  clock = 0;
  /** In no order. */
  readonly #members: Sequence[] = [];
  readonly #pageTokens: number;
  readonly #window: number;
  readonly #outcomes: DraftOutcomes | null;
  /** Sequences whose context is still shorter than the window. */
  #belowWindow = 0;
  /** Sequences by the clock residue at which they need a page. */
  readonly #pagesDue: Int32Array;
  /** The clock when the first of them is through. */
  #nextFinish = Number.POSITIVE_INFINITY;

  constructor(pageTokens: number, window: number, outcomes: DraftOutcomes | null) {
    this.#outcomes = outcomes;
    this.#pageTokens = pageTokens;
    this.#window = window;
    this.#pagesDue = new Int32Array(pageTokens);
  }

  get count(): number {
    return this.#members.length;
  }

  get members(): readonly Sequence[] {
    return this.#members;
  }

  /** Tokens of a decoding sequence whose KV is computed or scheduled. */
  computedTokens(sequence: Sequence): number {
    return this.clock + sequence.clockOffset;
  }

  /** Pages that the pass `ahead` passes after the next one needs. */
  pagesDueIn(ahead: number): number {
    return this.#pagesDue[(this.clock + ahead) % this.#pageTokens];
  }

  /** Pages the next `passes` passes need. */
  pagesDue(passes: number): number {
    const page = this.#pageTokens;
    let pages = Math.floor(passes / page) * this.#members.length;
    for (let pass = passes - (passes % page); pass < passes; pass++)
      pages += this.#pagesDue[(this.clock + pass) % page];
    return pages;
  }

  /** How many of the next `passes` passes find their pages when `free` are free. */
  passesWithin(free: number, passes: number): number {
    if (this.#members.length * Math.ceil(passes / this.#pageTokens) <= free) return passes;
    let left = free;
    for (let pass = 0; pass < passes; pass++) {
      left -= this.#pagesDue[(this.clock + pass) % this.#pageTokens];
      if (left < 0) return pass;
    }
    return passes;
  }

  /** By how much `windowedTokens` grows from pass to pass. */
  get windowedGrowth(): number {
    return this.#belowWindow;
  }

  /** A sequence whose known tokens but the last are computed decodes from the next pass on. */
  add(sequence: Sequence): void {
    const { computed } = sequence;
    sequence.stage = STAGE.decoding;
    sequence.clockOffset = computed - this.clock;
    sequence.finishClock = this.clock + sequence.outputTokens - sequence.generated;
    sequence.firstDecodePass = this.clock + 1;
    if (sequence.contested) this.contested += 1;
    sequence.slot = this.#members.length;
    this.#members.push(sequence);
    this.contextTokens += computed + 1;
    if (this.#outcomes === null) this.#pagesDue[residue(-sequence.clockOffset, this.#pageTokens)] += 1;
    this.#nextFinish = Math.min(this.#nextFinish, sequence.finishClock);
  }

  /** A sequence leaves, between two passes: what the clock counted for it is written down. */
  remove(sequence: Sequence): void {
    this.#leave(sequence);
    if (sequence.finishClock === this.#nextFinish) this.#findNextFinish();
  }

  #leave(sequence: Sequence): void {
    const computed = this.computedTokens(sequence);
    sequence.generated = sequence.outputTokens - (sequence.finishClock - this.clock);
    sequence.computed = computed;
    if (this.#outcomes === null) sequence.owned = Math.ceil(computed / this.#pageTokens);
    if (sequence.contested) this.contested -= 1;
    const last = this.#members.pop()!;
    if (last !== sequence) {
      this.#members[sequence.slot] = last;
      last.slot = sequence.slot;
    }
    this.contextTokens -= computed + 1;
    if (this.#outcomes === null) this.#pagesDue[residue(-sequence.clockOffset, this.#pageTokens)] -= 1;
  }

  #findNextFinish(): void {
    this.#nextFinish = Number.POSITIVE_INFINITY;
    for (const { finishClock } of this.#members) this.#nextFinish = Math.min(this.#nextFinish, finishClock);
  }

  /** Contexts change their growth when they reach the window, so they are summed afresh after changes. */
  measureWindow(): void {
    const window = this.#window;
    if (window === 0) return;
    this.windowedTokens = 0;
    this.#belowWindow = 0;
    for (const sequence of this.#members) {
      const context = this.computedTokens(sequence) + 1;
      this.windowedTokens += Math.min(context, window);
      if (context < window) this.#belowWindow += 1;
    }
  }

  /** Drafts that the pass to be formed verifies. */
  get drafts(): number {
    if (this.#outcomes === null) return 0;
    return this.#members.reduce((sum, { drafts }) => sum + drafts, 0);
  }

  /** The pass to be formed verifies everyone's drafts: who gets more than one token from it is moved on by the others. */
  verify(verified: VerifiedDrafts): void {
    if (this.#outcomes === null) return;
    for (const sequence of this.#members) {
      const { request, outputTokens, drafts, guesses } = sequence;
      const left = sequence.finishClock - this.clock;
      const accepted = Math.min(this.#outcomes.accepted(request, outputTokens - left, guesses), left - 1);
      sequence.formerYields = sequence.yields;
      sequence.yields = 1 + accepted;
      sequence.clockOffset += accepted;
      sequence.finishClock -= accepted;
      this.#nextFinish = Math.min(this.#nextFinish, sequence.finishClock);
      this.contextTokens += accepted;
      verified.tokens += drafts;
      verified.accepted += accepted;
      if (guesses > 0) verified.decodes += 1;
    }
  }

  /** `passes` have been formed: everyone's context grows, and those whose last the last of them is leave for `finishing`. */
  tick(passes: number, finishing: Sequence[]): void {
    this.clock += passes;
    this.contextTokens += passes * this.#members.length;
    this.windowedTokens += passes * this.#belowWindow;
    if (this.clock === this.#nextFinish) this.#finish(finishing);
  }

  #finish(finishing: Sequence[]): void {
    for (let slot = this.#members.length - 1; slot >= 0; slot--) {
      const sequence = this.#members[slot];
      if (sequence.finishClock !== this.clock) continue;
      this.#leave(sequence);
      sequence.stage = STAGE.finishing;
      finishing.push(sequence);
    }
    this.#findNextFinish();
  }

  /** Passes to be formed until the first that is somebody's last or reaches somebody's window, that one included. */
  passesToChange(): number {
    const window = this.#window;
    let passes = this.#nextFinish - this.clock;
    if (this.#belowWindow === 0) return passes;
    for (const sequence of this.#members) {
      const context = this.computedTokens(sequence);
      if (context < window) passes = Math.min(passes, window - context);
    }
    return passes;
  }
}

/** Drafts in a pass: tokens they add to it, decodes of one sequence with any that can be accepted, those accepted. */
export interface VerifiedDrafts {
  tokens: number;
  decodes: number;
  accepted: number;
}

function residue(value: number, modulus: number): number {
  const rest = value % modulus;
  return rest < 0 ? rest + modulus : rest;
}
