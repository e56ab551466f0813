import { Deque } from '../base/deque.ts';
import { type Sequence, STAGE } from './sequence.ts';

/** What a worker has accepted and does not run yet: first come first served, evicted sequences before everyone, or by urgency. */
export class AdmissionQueue {
  readonly #isUrgent: boolean;
  readonly #waiting = new Deque<Sequence>();
  /** Sequences with pages reserved for KV from elsewhere, in order of reservation, until they run. */
  readonly #remote: Sequence[] = [];
  readonly #skipped: Sequence[] = [];
  /** Known tokens of those that wait for admission. */
  tokens = 0;

  /** `isUrgent`: the more urgent go first, then who came first. */
  constructor(isUrgent: boolean) {
    this.#isUrgent = isUrgent;
  }

  /** Sequences that wait for admission or for remote KV. */
  get size(): number {
    return this.#waiting.size + this.#remote.length;
  }

  /** Whether anyone waits for admission. */
  get isWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  join(sequence: Sequence): void {
    if (this.#isUrgent) this.#insert(sequence);
    else this.#waiting.pushBack(sequence);
    this.tokens += sequence.knownTokens;
  }

  /** An evicted sequence goes to the head, or by urgency to its place. */
  putBack(sequence: Sequence): void {
    if (this.#isUrgent) this.#insert(sequence);
    else this.#waiting.pushFront(sequence);
    this.tokens += sequence.knownTokens;
  }

  #insert(sequence: Sequence): void {
    let low = 0;
    let high = this.#waiting.size;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (byUrgency(this.#waiting.at(middle), sequence) < 0) low = middle + 1;
      else high = middle;
    }
    this.#waiting.insert(low, sequence);
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

/** vLLM's order under `--scheduling-policy priority`: negative if `a` goes before `b`. */
export function byUrgency(a: Sequence, b: Sequence): number {
  return a.priority - b.priority || a.arrivalNs - b.arrivalNs || a.request - b.request;
}
