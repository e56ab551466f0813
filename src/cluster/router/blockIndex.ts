import type { RequestTable } from '../../engine/requestTable.ts';

/**
 * Prompts as the router remembers having sent them to one worker: each of the workload's blocks counts as cached there for
 * `ttlNs` after its last use. What the worker really evicts is unknown to it.
 */
export class BlockIndex {
  readonly #table: RequestTable;
  readonly #ttlNs: number;
  readonly #untilNs = new Map<number, number>();

  constructor(table: RequestTable, ttlNs: number) {
    this.#table = table;
    this.#ttlNs = ttlNs;
  }

  /** Leading prompt tokens believed to be cached at `nowNs`. */
  cachedTokens(request: number, nowNs: number): number {
    const { workload, inputTokens } = this.#table;
    const { blockOffsets, blockIds, blockTokens } = workload;
    const first = blockOffsets[request];
    let at = first;
    while (at < blockOffsets[request + 1] && (this.#untilNs.get(blockIds[at]) ?? -1) >= nowNs) at += 1;
    return Math.min((at - first) * blockTokens, inputTokens[request]);
  }

  /** The request was sent to the worker at `nowNs`. */
  remember(request: number, nowNs: number): void {
    const { blockOffsets, blockIds } = this.#table.workload;
    for (let at = blockOffsets[request]; at < blockOffsets[request + 1]; at++) {
      this.#untilNs.set(blockIds[at], nowNs + this.#ttlNs);
    }
  }
}
