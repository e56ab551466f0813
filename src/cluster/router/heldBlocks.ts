import type { RequestTable } from '../../engine/requestTable.ts';

const NONE = -1;

/**
 * Which of the workload's blocks the requests sent to each worker hold. Holds are listed by block, so that one walk over a
 * prompt's blocks tells for all workers at once what of it they hold.
 */
export class HeldBlocks {
  readonly #table: RequestTable;
  /** By block: its first hold + 1 (0 = nobody holds it). */
  readonly #first: Int32Array;
  /** By hold of one worker on one block: the worker, its requests that share it, tokens as of the first of them, the block's next hold. */
  readonly #worker: number[] = [];
  readonly #users: number[] = [];
  readonly #tokens: number[] = [];
  readonly #next: number[] = [];
  readonly #spare: number[] = [];
  /** The request last looked at, its prompt's tokens, and how many of those each worker holds. */
  #seen = NONE;
  #seenTokens = 0;
  readonly #heldOfSeen: number[] = [];

  constructor(table: RequestTable) {
    this.#table = table;
    this.#first = new Int32Array(table.workload.blockIdCount);
  }

  /** Tokens of KV the request's prompt would hold on the worker beyond what is held there already. */
  newTokens(request: number, worker: number): number {
    if (this.#seen !== request) this.#look(request);
    return this.#seenTokens - (this.#heldOfSeen[worker] ?? 0);
  }

  /** The worker holds the request's blocks, too. */
  add(request: number, worker: number): void {
    this.#seen = NONE;
    const { blockOffsets, blockIds } = this.#table.workload;
    for (let at = blockOffsets[request]; at < blockOffsets[request + 1]; at++) {
      const hold = this.#find(blockIds[at], worker);
      if (hold === NONE) this.#open(blockIds[at], worker, this.#tokensOf(request, at));
      else this.#users[hold] += 1;
    }
  }

  /** The worker holds them for one request fewer; returns the tokens it holds no longer. */
  remove(request: number, worker: number): number {
    this.#seen = NONE;
    const { blockOffsets, blockIds } = this.#table.workload;
    let tokens = this.#unnamedTokens(request);
    for (let at = blockOffsets[request]; at < blockOffsets[request + 1]; at++) {
      const hold = this.#find(blockIds[at], worker);
      this.#users[hold] -= 1;
      if (this.#users[hold] > 0) continue;
      tokens += this.#tokens[hold];
      this.#close(blockIds[at], hold);
    }
    return tokens;
  }

  #look(request: number): void {
    const { blockOffsets, blockIds } = this.#table.workload;
    const held = this.#heldOfSeen.fill(0);
    let tokens = this.#unnamedTokens(request);
    for (let at = blockOffsets[request]; at < blockOffsets[request + 1]; at++) {
      const ofBlock = this.#tokensOf(request, at);
      tokens += ofBlock;
      for (let hold = this.#first[blockIds[at]] - 1; hold !== NONE; hold = this.#next[hold]) {
        const worker = this.#worker[hold];
        while (held.length <= worker) held.push(0);
        held[worker] += ofBlock;
      }
    }
    this.#seen = request;
    this.#seenTokens = tokens;
  }

  #find(block: number, worker: number): number {
    let hold = this.#first[block] - 1;
    while (hold !== NONE && this.#worker[hold] !== worker) hold = this.#next[hold];
    return hold;
  }

  #open(block: number, worker: number, tokens: number): void {
    const hold = this.#spare.pop() ?? this.#worker.length;
    this.#worker[hold] = worker;
    this.#users[hold] = 1;
    this.#tokens[hold] = tokens;
    this.#next[hold] = this.#first[block] - 1;
    this.#first[block] = hold + 1;
  }

  #close(block: number, hold: number): void {
    const next = this.#next;
    if (this.#first[block] === hold + 1) {
      this.#first[block] = next[hold] + 1;
    } else {
      let before = this.#first[block] - 1;
      while (next[before] !== hold) before = next[before];
      next[before] = next[hold];
    }
    this.#spare.push(hold);
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
}
