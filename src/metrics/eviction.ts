import type { Scenario } from '../cluster/scenario.ts';
import type { SimulationResult } from '../cluster/simulationResult.ts';
import { OUTCOME } from '../engine/requestLog.ts';
import { evictionGain } from '../kv/optimalEviction.ts';

/** How much of the prompts could have been found cached in GPU memory; shares of the workload's blocks, 0..1. */
export interface CacheCeilings {
  /** With one cache for all replicas that never forgets: what the traffic repeats. */
  readonly repeated_ratio: number;
  /** With requests where they were sent, and replicas that never forget: the rest is lost to routing. */
  readonly routed_ratio: number;
  /** With the replicas' memory, if the block needed last made room: no policy of eviction finds more. */
  readonly optimal_ratio: number;
  /** With the replicas' memory, if the block not used for longest made room. */
  readonly lru_ratio: number;
}

/**
 * Looks back on which replica was asked for which text in which order. Memory counts as if it held nothing but prompts, so a
 * real run, whose requests hold pages while they decode, finds less.
 * @returns null with prefill and decode apart, without prefix caching, and where nothing has a name.
 */
export function cacheCeilings({ log, workers }: SimulationResult, { pools, workload }: Scenario): CacheCeilings | null {
  if (pools.some(({ role, engine }) => role !== 'aggregated' || !engine.prefixCaching)) return null;
  const { blockOffsets, blockIds, blockIdCount, blockTokens } = workload;
  const requests = Array.from({ length: log.count }, (_, request) => request).filter(
    (request) => log.outcome[request] === OUTCOME.completed,
  );
  requests.sort((a, b) => log.scheduledNs[a] - log.scheduledNs[b] || a - b);
  const accesses: number[][] = workers.map(() => []);
  for (const request of requests) {
    const string = accesses[log.worker[request]];
    // The last block first, as engines give pages up: what is left of a text is its beginning.
    for (let at = blockOffsets[request + 1] - 1; at >= blockOffsets[request]; at--) string.push(blockIds[at]);
  }
  const total = accesses.reduce((sum, { length }) => sum + length, 0);
  if (total === 0) return null;
  let optimal = 0;
  let lru = 0;
  let distinct = 0;
  for (const [worker, string] of accesses.entries()) {
    const { usableBlocks, pool } = workers[worker];
    const capacity = Math.floor((usableBlocks * pools[pool].engine.blockTokens) / blockTokens);
    const gain = evictionGain(Int32Array.from(string), blockIdCount, Math.max(1, capacity));
    optimal += gain.optimalHits;
    lru += gain.lruHits;
    distinct += new Set(string).size;
  }
  return {
    repeated_ratio: (total - new Set(accesses.flat()).size) / total,
    routed_ratio: (total - distinct) / total,
    optimal_ratio: optimal / total,
    lru_ratio: lru / total,
  };
}

/** The ceilings in a sentence. */
export function ceilingsSentence(ceilings: CacheCeilings, reusedRatio: number): string {
  const percent = (ratio: number): string => `${(100 * ratio).toFixed(1)} %`;
  const { repeated_ratio, routed_ratio, optimal_ratio, lru_ratio } = ceilings;
  return `${percent(repeated_ratio)} of the prompts' blocks repeat, ${percent(routed_ratio)} on the replica they were sent to; in its memory the best eviction would find ${percent(optimal_ratio)}, least recently used ${percent(lru_ratio)}. ${percent(reusedRatio)} of prompt tokens were reused.`;
}
