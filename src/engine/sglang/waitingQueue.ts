import type { Sequence } from '../sequence.ts';

/** Requests that wait for their prefill: those that have arrived since the last look, and the waiting queue proper. */
export class WaitingQueue {
  #inbox: Sequence[] = [];
  /** In the order in which they are tried next. */
  readonly items: Sequence[] = [];

  get size(): number {
    return this.#inbox.length + this.items.length;
  }

  /** Somebody has arrived since the last look. */
  get hasNews(): boolean {
    return this.#inbox.length > 0;
  }

  /** Known tokens of all. */
  get tokens(): number {
    let tokens = 0;
    for (const { knownTokens } of this.#inbox) tokens += knownTokens;
    for (const { knownTokens } of this.items) tokens += knownTokens;
    return tokens;
  }

  arrive(sequence: Sequence): void {
    this.#inbox.push(sequence);
  }

  /** Those that have arrived since the last look. */
  takeInbox(): readonly Sequence[] {
    const inbox = this.#inbox;
    if (inbox.length > 0) this.#inbox = [];
    return inbox;
  }

  /** Takes the request's sequence out and returns it; null: it is not here. */
  remove(request: number): Sequence | null {
    for (const list of [this.#inbox, this.items]) {
      const at = list.findIndex((sequence) => sequence.request === request);
      if (at >= 0) return list.splice(at, 1)[0];
    }
    return null;
  }
}
