/** One attention-DP rank as the others know it: active requests, and the tokens of their prompts. */
export interface RankLoad {
  readonly requests: number;
  readonly tokens: number;
}

/**
 * Gives new requests, by their prompt tokens, to attention-DP ranks: the longest first, each to the rank with fewest tokens
 * among those that stay within an even share of requests (executor_request_queue.py at 007a7508). Returns the requests'
 * numbers with their ranks, in the order in which they join them.
 */
export function assignRanks(
  promptTokens: readonly number[],
  ranks: readonly RankLoad[],
): { request: number; rank: number }[] {
  const share = expectedRequests(ranks, promptTokens.length);
  const loads = ranks.map(({ requests, tokens }) => ({ requests, tokens }));
  const longestFirst = promptTokens.map((_, request) => request).sort((a, b) => promptTokens[b] - promptTokens[a]);
  return longestFirst.map((request) => {
    let best = -1;
    for (const [rank, { requests, tokens }] of loads.entries()) {
      if (requests >= share) continue;
      const other = loads[best];
      if (best < 0 || tokens < other.tokens || (tokens === other.tokens && requests < other.requests)) best = rank;
    }
    loads[best].requests += 1;
    loads[best].tokens += promptTokens[request];
    return { request, rank: best };
  });
}

/** Requests that a rank shall have once `arriving` have been given out. */
export function expectedRequests(ranks: readonly RankLoad[], arriving: number): number {
  const total = ranks.reduce((sum, { requests }) => sum + requests, arriving);
  return Math.max(Math.ceil(total / ranks.length), ...ranks.map(({ requests }) => requests));
}
