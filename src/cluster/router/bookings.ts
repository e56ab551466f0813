import type { RequestLog } from '../../engine/requestLog.ts';
import type { RequestTable } from '../../engine/requestTable.ts';
import { PassShape } from '../../timing/passShape.ts';
import type { Worker } from '../worker.ts';

/** A prompt sent to the worker whose first token has not come out. */
interface Prefill {
  readonly request: number;
  readonly tokens: number;
}

/** One of the workload's blocks, held by as many requests; `tokens` of it as of the first of them. */
interface HeldBlock {
  users: number;
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
  readonly #blocks = new Map<number, HeldBlock>();
  /** Since when the first prefill has been the first. */
  #firstSinceNs = 0;
  prefillTokens = 0;
  heldTokens = 0;

  constructor(worker: Worker, table: RequestTable, log: RequestLog) {
    this.#worker = worker;
    this.#table = table;
    this.#log = log;
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
    const { blockOffsets, blockIds } = this.#table.workload;
    for (let at = blockOffsets[request]; at < blockOffsets[request + 1]; at++) {
      const held = this.#blocks.get(blockIds[at]);
      if (held === undefined) this.#blocks.set(blockIds[at], { users: 1, tokens: this.#tokensOf(request, at) });
      else held.users += 1;
    }
  }

  /** The request has left the worker, in whatever way. */
  remove(request: number, nowNs: number): void {
    if (!this.#requests.delete(request)) return;
    this.heldTokens -= this.#unnamedTokens(request);
    const { blockOffsets, blockIds } = this.#table.workload;
    for (let at = blockOffsets[request]; at < blockOffsets[request + 1]; at++) {
      const held = this.#blocks.get(blockIds[at])!;
      held.users -= 1;
      if (held.users > 0) continue;
      this.heldTokens -= held.tokens;
      this.#blocks.delete(blockIds[at]);
    }
    this.#dropPrefills((other) => (other === request ? nowNs : -1));
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
    const { blockOffsets, blockIds } = this.#table.workload;
    let tokens = this.#unnamedTokens(request);
    for (let at = blockOffsets[request]; at < blockOffsets[request + 1]; at++) {
      if (!this.#blocks.has(blockIds[at])) tokens += this.#tokensOf(request, at);
    }
    return tokens;
  }

  /** Prompt tokens in the block at place `at` of the id column. */
  #tokensOf(request: number, at: number): number {
    const { workload, inputTokens } = this.#table;
    const start = (at - workload.blockOffsets[request]) * workload.blockTokens;
    return Math.max(0, Math.min(workload.blockTokens, inputTokens[request] - start));
  }

  #unnamedTokens(request: number): number {
    const { blockOffsets, blockTokens } = this.#table.workload;
    const named = (blockOffsets[request + 1] - blockOffsets[request]) * blockTokens;
    return Math.max(0, this.#table.inputTokens[request] - named);
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
