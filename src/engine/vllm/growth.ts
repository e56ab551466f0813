import { type Sequence, STAGE } from '../sequence.ts';
import type { SequencePages } from '../sequencePages.ts';
import { lookaheadOf } from '../speculation.ts';
import type { Progress } from './progress.ts';
import type { VllmConfig } from './vllmConfig.ts';

/** The pages that running sequences take for the tokens of their next pass, and what they publish of them. */
export class Growth {
  readonly #pages: SequencePages;
  readonly #progress: Progress;
  readonly #contextLength: number;
  readonly #speculates: boolean;
  /** Room that every sequence wants beyond the tokens of a pass. */
  readonly #lookahead: number;

  constructor({ contextLength, speculation }: VllmConfig, pages: SequencePages, progress: Progress) {
    this.#pages = pages;
    this.#progress = progress;
    this.#contextLength = contextLength;
    this.#speculates = speculation !== null;
    this.#lookahead = lookaheadOf(speculation);
  }

  /** With groups: a decode to whose pages one more token makes no difference. */
  changesNothing(sequence: Sequence): boolean {
    if (this.#speculates || !this.#pages.hasGroups || sequence.stage !== STAGE.decoding) return false;
    return this.#progress.computed(sequence) < sequence.hold.dueAt;
  }

  /** Whether there are pages for `tokens` more; under speculation for the first `span` of all, and more drafts. */
  hasRoom(sequence: Sequence, tokens: number, span: number): boolean {
    const { hasGroups, free } = this.#pages;
    if (!this.#speculates) {
      if (!hasGroups) return this.#missing(sequence, tokens) <= free;
      const total = this.#progress.computed(sequence) + tokens;
      return this.#pages.hasRoom(sequence, total, this.#progress.processed(sequence), 0);
    }
    const total = this.#withLookahead(span);
    if (!hasGroups) return this.#pages.missing(sequence, total) <= free;
    return this.#pages.hasRoom(sequence, total, this.#progress.processed(sequence), total - span);
  }

  /** Tokens of the sequence when a pass of `tokens` is scheduled, without room for more drafts. */
  span(sequence: Sequence, tokens: number): number {
    return Math.min(this.#progress.scheduled(sequence) + tokens, this.#contextLength);
  }

  /** The sequence gets pages for its first `tokens` and the drafts after them, which must be free. */
  grow(sequence: Sequence, tokens: number): void {
    const total = this.#withLookahead(tokens);
    this.#pages.grow(sequence, total, total - tokens);
  }

  /** The same for its next token, or under speculation for its first `span`; what is full and out can be found. */
  decode(sequence: Sequence, span: number): void {
    const { hasGroups } = this.#pages;
    const computed = this.#progress.computed(sequence) + 1;
    if (this.#speculates) this.grow(sequence, span);
    else if (hasGroups) this.#pages.grow(sequence, computed);
    else this.#pages.allocate(this.#missing(sequence, 1));
    // Pages behind the window are gone when the sequence stops.
    if (!sequence.contested && !hasGroups) return;
    // Only tokens that are out have a name.
    const named = computed - this.#progress.inFlight(sequence);
    this.#pages.publish(sequence, named);
    if (!hasGroups || this.#speculates) return;
    this.#pages.noteDue(sequence, computed, this.#progress.processed(sequence), named);
  }

  /** The same for a pass whose tokens are in vain: the sequence's last ones are in flight. */
  decodeInVain(sequence: Sequence, tokens: number): void {
    this.grow(sequence, this.span(sequence, tokens));
    if (!sequence.contested && !this.#pages.hasGroups) return;
    this.#pages.publish(sequence, sequence.computed + 1 - this.#progress.inFlight(sequence));
  }

  /** `tokens` and the drafts after them, as far as the context reaches. */
  #withLookahead(tokens: number): number {
    return Math.min(tokens + this.#lookahead, this.#contextLength);
  }

  #missing(sequence: Sequence, tokens: number): number {
    if (sequence.stage !== STAGE.decoding) return this.#pages.missing(sequence, sequence.computed + tokens);
    return this.#progress.computed(sequence) % this.#pages.pageTokens === 0 ? 1 : 0;
  }
}
