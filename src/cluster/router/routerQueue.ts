import type { RequestLog } from '../../engine/requestLog.ts';
import type { RequestTable } from '../../engine/requestTable.ts';
import type { QueueSpec } from './routerSpec.ts';

/** A request that the router holds back. */
interface Waiting {
  readonly request: number;
  /** Lower goes first. */
  readonly key: number;
}

/** Dynamo's: the API's priority counts as seconds of an earlier arrival. */
const JUMP_S = 1;

/** Requests held back, in the order of going: the policy's key, then their number. */
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
    const entry = { request, key: this.#keyOf(request, uncachedTokens) };
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

  /**
   * Keys of Dynamo's queue policies (lib/kv-router, scheduling/policy.rs). Its API counts urgency upwards and hands
   * the engine the negative; nobody goes later than he came.
   */
  #keyOf(request: number, uncachedTokens: number): number {
    const jumpS = Math.max(0, -(this.#table.priorities?.[request] ?? 0)) * (this.#spec.jumpS ?? JUMP_S);
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
  return a.key !== b.key ? a.key < b.key : a.request < b.request;
}
