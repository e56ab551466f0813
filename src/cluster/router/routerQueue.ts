import type { RequestLog } from '../../engine/requestLog.ts';
import type { RequestTable } from '../../engine/requestTable.ts';
import type { QueueSpec } from './routerSpec.ts';

/** A request that the router holds back. */
interface Waiting {
  readonly request: number;
  readonly priority: number;
  /** Lower goes first. */
  readonly key: number;
}

const NO_CLASS = { priority: 0, jumpS: 0 };

/** Requests held back, in the order of going: priority class, then the policy's key, then their number. */
export class RouterQueue {
  readonly #spec: QueueSpec;
  readonly #table: RequestTable;
  readonly #log: RequestLog;
  readonly #waiting: Waiting[] = [];

  constructor(spec: QueueSpec, table: RequestTable, log: RequestLog) {
    this.#spec = spec;
    this.#table = table;
    this.#log = log;
  }

  get size(): number {
    return this.#waiting.length;
  }

  /** @param uncachedTokens prompt tokens the best worker would have to compute. */
  push(request: number, uncachedTokens: number): void {
    const { priority, jumpS } = this.#spec.classes?.[this.#table.workload.classOf[request]] ?? NO_CLASS;
    const entry = { request, priority, key: this.#keyOf(request, jumpS, uncachedTokens) };
    const waiting = this.#waiting;
    let low = 0;
    let high = waiting.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (precedes(waiting[middle], entry)) low = middle + 1;
      else high = middle;
    }
    waiting.splice(low, 0, entry);
  }

  shift(): number {
    return this.#waiting.shift()!.request;
  }

  /** The request has gone elsewhere; false if it was not here. */
  remove(request: number): boolean {
    const at = this.#waiting.findIndex((entry) => entry.request === request);
    if (at >= 0) this.#waiting.splice(at, 1);
    return at >= 0;
  }

  /** Keys of Dynamo's queue policies (lib/kv-router, scheduling/policy.rs). */
  #keyOf(request: number, jumpS: number, uncachedTokens: number): number {
    const arrivalNs = this.#log.arrivalNs[request];
    switch (this.#spec.order) {
      case 'fcfs':
        return arrivalNs - jumpS * 1e9;
      case 'lcfs':
        return -arrivalNs - jumpS * 1e9;
      case 'wspt':
        return -(1 + jumpS) / Math.max(1, uncachedTokens);
    }
  }
}

function precedes(a: Waiting, b: Waiting): boolean {
  if (a.priority !== b.priority) return a.priority > b.priority;
  return a.key !== b.key ? a.key < b.key : a.request < b.request;
}
