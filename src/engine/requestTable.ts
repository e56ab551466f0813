import type { Workload } from '../workload/workload.ts';

/** The lengths the engines work with: the workload's, after the over-length rule. Indexed by request number. */
export interface RequestTable {
  readonly workload: Workload;
  readonly inputTokens: Int32Array;
  readonly outputTokens: Int32Array;
  /** Leading tokens of the context that block ids name; generated text past them is the request's own. */
  readonly namedTokens: Int32Array;
}

/**
 * Builds the table. `truncateTo` cuts prompts so that prompt + output fits (the end of the prompt goes, at least one
 * token stays); Infinity leaves them alone.
 */
export function buildRequestTable(workload: Workload, truncateTo: number): RequestTable {
  const { count, outputTokens, blockTokens, blockOffsets, blockIds, nextTurn } = workload;
  const inputTokens =
    truncateTo === Number.POSITIVE_INFINITY
      ? workload.inputTokens
      : workload.inputTokens.map((tokens, request) =>
          Math.min(tokens, Math.max(1, truncateTo - outputTokens[request])),
        );
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
  return { workload, inputTokens, outputTokens, namedTokens };
}
