import type { Workload } from '../workload/workload.ts';

/**
 * The lengths the engines work with: the workload's, after the over-length rule. Indexed by request number. A request that goes on at
 * another worker has the tokens that are out in its prompt.
 */
export interface RequestTable {
  readonly workload: Workload;
  readonly inputTokens: Int32Array;
  readonly outputTokens: Int32Array;
  /** What its client asked for. */
  readonly maxOutputTokens: Int32Array;
  /** Tokens of its output that are in its prompt; null: requests never go on elsewhere. */
  readonly carriedTokens: Int32Array | null;
  /** Leading tokens of the context that block ids name; generated text past them is the request's own. */
  readonly namedTokens: Int32Array;
  /** 1: some of the text it generates is named by another session too, which may look it up or generate it meanwhile. */
  readonly contestedText: Uint8Array;
  /** Some requests end before the limit their client set. */
  readonly stopsEarly: boolean;
  /** How urgent it is, less goes first; null: all alike. */
  readonly priorities: Int32Array | null;
}

/** Prompt tokens left when prompt and output must fit `truncateTo`: the end of the prompt goes, at least one token stays. */
export function cutPrompt(inputTokens: number, outputTokens: number, truncateTo: number): number {
  return Math.min(inputTokens, Math.max(1, truncateTo - outputTokens));
}

/** The request goes on elsewhere: `tokens` more of its output are part of its prompt from now on. */
export function carryOn(
  { inputTokens, outputTokens, maxOutputTokens, carriedTokens }: RequestTable,
  request: number,
  tokens: number,
): void {
  inputTokens[request] += tokens;
  outputTokens[request] -= tokens;
  maxOutputTokens[request] -= tokens;
  carriedTokens![request] += tokens;
}

/**
 * Builds the table. `truncateTo` is the context that `cutPrompt` cuts to; Infinity leaves prompts alone. `mayCarryOn`: see `carryOn`.
 */
export function buildRequestTable(workload: Workload, truncateTo: number, mayCarryOn = false): RequestTable {
  const { count, maxOutputTokens, outputTokens, blockTokens, blockOffsets, blockIds, nextTurn } = workload;
  const inputTokens =
    truncateTo === Number.POSITIVE_INFINITY
      ? workload.inputTokens
      : workload.inputTokens.map((tokens, request) => cutPrompt(tokens, outputTokens[request], truncateTo));
  const namedTokens = new Int32Array(count);
  for (let request = 0; request < count; request++) {
    const start = blockOffsets[request];
    const end = blockOffsets[request + 1];
    const covered = (end - start) * blockTokens;
    let named = Math.min(covered, inputTokens[request]);
    const next = nextTurn[request];
    // Ids are nodes of a prefix tree, so agreeing on the last one means agreeing on all.
    if (next >= 0 && end > start && inputTokens[request] === workload.inputTokens[request]) {
      const twin = blockOffsets[next] + (end - start - 1);
      if (twin < blockOffsets[next + 1] && blockIds[twin] === blockIds[end - 1]) {
        named = Math.min(covered, inputTokens[request] + outputTokens[request], workload.inputTokens[next]);
      }
    }
    namedTokens[request] = named;
  }
  const namesText = namedTokens.some((named, request) => named > inputTokens[request]);
  const contestedText = namesText
    ? findContestedText(workload, inputTokens, namedTokens)
    : new Uint8Array(workload.count);
  const stopsEarly = outputTokens.some((tokens, request) => tokens < maxOutputTokens[request]);
  const own = (lengths: Int32Array): Int32Array => (mayCarryOn ? lengths.slice() : lengths);
  return {
    workload,
    inputTokens: own(inputTokens),
    outputTokens: own(outputTokens),
    maxOutputTokens: own(maxOutputTokens),
    carriedTokens: mayCarryOn ? new Int32Array(count) : null,
    namedTokens,
    contestedText,
    stopsEarly,
    priorities: workload.priorities ?? null,
  };
}

function findContestedText(workload: Workload, inputTokens: Int32Array, namedTokens: Int32Array): Uint8Array {
  const { count, blockTokens, blockOffsets, blockIds, blockIdCount, nextTurn } = workload;
  // A session goes by the number of its first turn, and a block by that of the one session that has it.
  const session = Int32Array.from({ length: count }, (_, request) => request);
  const NOBODY = -1;
  const SEVERAL = -2;
  const owner = new Int32Array(blockIdCount).fill(NOBODY);
  for (let request = 0; request < count; request++) {
    if (nextTurn[request] >= 0) session[nextTurn[request]] = session[request];
    for (let at = blockOffsets[request]; at < blockOffsets[request + 1]; at++) {
      const id = blockIds[at];
      if (owner[id] === NOBODY) owner[id] = session[request];
      else if (owner[id] !== session[request]) owner[id] = SEVERAL;
    }
  }
  const contested = new Uint8Array(count);
  for (let request = 0; request < count; request++) {
    if (namedTokens[request] <= inputTokens[request]) continue;
    const end = blockOffsets[request] + Math.ceil(namedTokens[request] / blockTokens);
    const first = blockOffsets[request] + Math.floor(inputTokens[request] / blockTokens);
    for (let at = first; at < end; at++) if (owner[blockIds[at]] === SEVERAL) contested[request] = 1;
  }
  return contested;
}
