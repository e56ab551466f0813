import type { EngineLoad } from './engineCore.ts';

/** What a rule sees of a rank. */
export interface LoadedRank {
  addLoad(load: EngineLoad): void;
}

/** Which attention-DP rank the next request goes to; `taken` requests have been given out before. */
export type RankRule = (ranks: readonly LoadedRank[], taken: number) => number;

/** SGLang's: each in turn (`--load-balance-method round_robin`). */
export function inTurn(ranks: readonly LoadedRank[], taken: number): number {
  return taken % ranks.length;
}

/** vLLM's internal load balancer of 0.12: the lowest 4 x waiting + running, the first of equals (core_client.py). */
export function fewestWaiting(ranks: readonly LoadedRank[]): number {
  let best = 0;
  let lowest = Number.POSITIVE_INFINITY;
  for (const [rank, scheduler] of ranks.entries()) {
    const load: EngineLoad = { running: 0, waiting: 0, queuedPrefillTokens: 0, heldPages: 0, usablePages: 0 };
    scheduler.addLoad(load);
    const score = 4 * load.waiting + load.running;
    if (score >= lowest) continue;
    lowest = score;
    best = rank;
  }
  return best;
}

/** For engines whose ranks share one queue, out of which they give requests to each other: any will do. */
export function anyRank(): number {
  return 0;
}
