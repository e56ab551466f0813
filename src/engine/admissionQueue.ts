import { Deque } from '../base/deque.ts';
import { type Sequence, STAGE } from './sequence.ts';

/** What a worker has accepted and does not run yet: first come first served, evicted sequences before everyone. */
export class AdmissionQueue {
  readonly #waiting = new Deque<Sequence>();
  /** Sequences with pages reserved for KV from elsewhere, in order of reservation, until they run. */
  readonly #remote: Sequence[] = [];
  readonly #skipped: Sequence[] = [];
  /** Known tokens of those that wait for admission. */
  tokens = 0;

  /** Sequences that wait for admission or for remote KV. */
  get size(): number {
    return this.#waiting.size + this.#remote.length;
  }

  /** Whether anyone waits for admission. */
  get isWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  join(sequence: Sequence): void {
    this.#waiting.pushBack(sequence);
    this.tokens += sequence.knownTokens;
  }

  /** An evicted sequence goes to the head. */
  putBack(sequence: Sequence): void {
    this.#waiting.pushFront(sequence);
    this.tokens += sequence.knownTokens;
  }

  get head(): Sequence {
    return this.#waiting.at(0);
  }

  removeHead(): void {
    this.tokens -= this.#waiting.popFront().knownTokens;
  }

  /** The head is passed over until `restoreSkipped`. */
  skipHead(): void {
    this.#skipped.push(this.#waiting.popFront());
  }

  /** Who was passed over is in front again. */
  restoreSkipped(): void {
    while (this.#skipped.length > 0) this.#waiting.pushFront(this.#skipped.pop()!);
  }

  /** A sequence that waits for admission leaves unadmitted. */
  remove(sequence: Sequence): void {
    this.tokens -= sequence.knownTokens;
    this.#waiting.remove(sequence);
  }

  /** The request's sequence leaves the queue; undefined if it is not in it. */
  cancel(request: number): Sequence | undefined {
    for (let place = 0; place < this.#waiting.size; place++) {
      const sequence = this.#waiting.at(place);
      if (sequence.request !== request) continue;
      this.remove(sequence);
      return sequence;
    }
    const sequence = this.#remote.find((candidate) => candidate.request === request);
    if (sequence !== undefined) this.removeRemote(sequence);
    return sequence;
  }

  /** The sequence has pages and waits for its KV. */
  awaitRemote(sequence: Sequence): void {
    this.#remote.push(sequence);
  }

  remote(request: number): Sequence | undefined {
    return this.#remote.find((candidate) => candidate.request === request);
  }

  /** Sequences whose KV comes up from the tiers. */
  get onboarding(): Sequence[] {
    return this.#remote.filter(({ remote, stage }) => !remote && stage === STAGE.loading);
  }

  /** The first sequence whose KV has arrived, or undefined. */
  get firstLoaded(): Sequence | undefined {
    return this.#remote.find((sequence) => sequence.stage === STAGE.loaded);
  }

  removeRemote(sequence: Sequence): void {
    this.#remote.splice(this.#remote.indexOf(sequence), 1);
  }
}
