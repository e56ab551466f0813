import { Deque } from '../../base/deque.ts';
import type { Sequence } from '../sequence.ts';

/** The executor's `request_queue`, where requests arrive, and its `waiting_queue`, where they wait for a place. */
export class RequestQueue {
  readonly #inbox = new Deque<Sequence>();
  readonly #waiting = new Deque<Sequence>();
  /** Prompt tokens in both. */
  tokens = 0;
  /** When a batch was formed last. */
  formedNs = -1;

  get size(): number {
    return this.#inbox.size + this.#waiting.size;
  }

  /** Somebody has arrived since a batch was formed last, and that may matter to the next one. */
  get hasNews(): boolean {
    return this.#inbox.size > 0;
  }

  get isWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  /** `isLate`: nobody who waits can start before somebody leaves. Returns whether the newcomer may matter nevertheless. */
  join(sequence: Sequence, isLate: boolean): boolean {
    this.tokens += sequence.inputTokens;
    if (isLate && this.#inbox.size === 0) {
      this.#waiting.pushBack(sequence);
      return false;
    }
    this.#inbox.pushBack(sequence);
    return true;
  }

  /** A batch is formed. An idle executor blocks until it has one request, and goes on with that one alone. */
  fetch(isIdle: boolean, nowNs: number): void {
    this.formedNs = nowNs;
    let fetched = isIdle && this.#waiting.size === 0 ? Math.min(1, this.#inbox.size) : this.#inbox.size;
    for (; fetched > 0; fetched--) this.#waiting.pushBack(this.#inbox.popFront());
  }

  /** At most `places` of those who wait leave the queue. */
  take(places: number): Sequence[] {
    const taken: Sequence[] = [];
    while (this.#waiting.size > 0 && taken.length < places) {
      const sequence = this.#waiting.popFront();
      this.tokens -= sequence.inputTokens;
      taken.push(sequence);
    }
    return taken;
  }

  /** The request is given up; returns its sequence if it was here. */
  cancel(request: number): Sequence | null {
    this.#undoEarly();
    for (const queue of [this.#inbox, this.#waiting]) {
      for (let place = 0; place < queue.size; place++) {
        const sequence = queue.at(place);
        if (sequence.request !== request) continue;
        queue.remove(sequence);
        this.tokens -= sequence.inputTokens;
        return sequence;
      }
    }
    return null;
  }

  /** Who went past the inbox and has not been there when a batch was formed might yet find the executor idle. */
  #undoEarly(): void {
    while (this.#waiting.size > 0 && this.#waiting.at(this.#waiting.size - 1).accountedNs > this.formedNs) {
      this.#inbox.pushFront(this.#waiting.popBack());
    }
  }
}
