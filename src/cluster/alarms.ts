import { EventQueue } from '../base/eventQueue.ts';

/** What an alarm is about; those of one time go off in this order. */
export const ALARM_KIND = { pace: 0, firstToken: 1, whole: 2, handOver: 3 } as const;

/** Times at which something happens unless it has been overtaken: a client's patience, a hand-over's, a replica's change of pace. */
export class Alarms {
  readonly #queue = new EventQueue();
  readonly #isLive: (kind: number, id: number, timeNs: number) => boolean;

  /** `isLive` says whether an alarm still concerns anybody; once it does not it never will. */
  constructor(isLive: (kind: number, id: number, timeNs: number) => boolean) {
    this.#isLive = isLive;
  }

  /** Infinity is never. */
  set(timeNs: number, kind: number, id: number): void {
    if (timeNs < Number.POSITIVE_INFINITY) this.#queue.push(timeNs, kind, id);
  }

  /** When the next one goes off that concerns anybody. */
  get nextNs(): number {
    const queue = this.#queue;
    while (queue.size > 0 && !this.#isLive(queue.topKind, queue.topId, queue.topTime)) queue.pop();
    return queue.topTime;
  }

  /** That one; it is over. */
  take(): { kind: number; id: number } {
    const { topKind, topId } = this.#queue;
    this.#queue.pop();
    return { kind: topKind, id: topId };
  }
}
