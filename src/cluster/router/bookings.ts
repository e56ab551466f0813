import type { RequestLog } from '../../engine/requestLog.ts';
import type { RequestTable } from '../../engine/requestTable.ts';
import { PassShape } from '../../timing/passShape.ts';
import type { Worker } from '../worker.ts';
import type { HeldBlocks } from './heldBlocks.ts';

/** A prompt sent to the worker whose first token has not come out. */
interface Prefill {
  readonly request: number;
  readonly tokens: number;
}

/**
 * What a router has sent to one worker and not seen finished (Dynamo's active sequences): prompt tokens to compute, until
 * the first token; tokens whose KV the prompts hold, shared ones once, until the end.
 */
export class Bookings {
  readonly #worker: Worker;
  readonly #table: RequestTable;
  readonly #log: RequestLog;
  readonly #requests = new Set<number>();
  /** In the order of sending. */
  readonly #prefills: Prefill[] = [];
  /** Of all the router's workers. */
  readonly #blocks: HeldBlocks;
  /** Since when the first prefill has been the first. */
  #firstSinceNs = 0;
  prefillTokens = 0;
  heldTokens = 0;

  constructor(worker: Worker, table: RequestTable, log: RequestLog, blocks: HeldBlocks) {
    this.#worker = worker;
    this.#table = table;
    this.#log = log;
    this.#blocks = blocks;
  }

  get requests(): number {
    return this.#requests.size;
  }

  /** Books a request of which `uncachedTokens` must be computed. */
  add(request: number, uncachedTokens: number, nowNs: number): void {
    if (this.#prefills.length === 0) this.#firstSinceNs = nowNs;
    this.#prefills.push({ request, tokens: uncachedTokens });
    this.#requests.add(request);
    this.prefillTokens += uncachedTokens;
    this.heldTokens += this.newTokens(request);
    this.#blocks.add(request, this.#worker.index);
  }

  /** The request has left the worker, in whatever way. */
  remove(request: number, nowNs: number): void {
    if (!this.#requests.delete(request)) return;
    this.heldTokens -= this.#blocks.remove(request, this.#worker.index);
    this.#dropPrefills((other) => (other === request ? nowNs : -1));
  }

  /** The worker is gone with all it had. */
  clear(): void {
    for (const request of this.#requests) this.#blocks.remove(request, this.#worker.index);
    this.#requests.clear();
  }

  /** Takes prompts whose first token is out off the account. */
  settle(): void {
    this.#dropPrefills((request) => this.#log.firstTokenNs[request]);
  }

  /** Prompt tokens still charged at `nowNs` when the first prefill's fade over its predicted duration. */
  fadedPrefillTokens(nowNs: number): number {
    if (this.#prefills.length === 0) return 0;
    const { request, tokens } = this.#prefills[0];
    const predictedNs = this.#predictNs(this.#table.inputTokens[request] - tokens, tokens);
    return this.prefillTokens - tokens * Math.min(1, (nowNs - this.#firstSinceNs) / predictedNs);
  }

  /** Tokens of KV the request would hold beyond what is held already. */
  newTokens(request: number): number {
    return this.#blocks.newTokens(request, this.#worker.index);
  }

  /** Drops the prefills for which `endNs` says when they ended; -1 = not yet. */
  #dropPrefills(endNs: (request: number) => number): void {
    const prefills = this.#prefills;
    const first = prefills[0];
    let left = 0;
    let lastEndNs = -1;
    for (const prefill of prefills) {
      const ns = endNs(prefill.request);
      if (ns < 0) {
        prefills[left++] = prefill;
      } else {
        this.prefillTokens -= prefill.tokens;
        lastEndNs = Math.max(lastEndNs, ns);
      }
    }
    prefills.length = left;
    if (left > 0 && prefills[0] !== first) this.#firstSinceNs = lastEndNs;
  }

  #predictNs(prefixTokens: number, tokens: number): number {
    const { timer } = this.#worker.pool;
    const shape = new PassShape(timer.window);
    shape.addChunk(prefixTokens, Math.max(1, tokens), true);
    return timer.passNs(shape);
  }
}
