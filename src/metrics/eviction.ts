import type { Role, Scenario } from '../cluster/scenario.ts';
import type { SimulationResult, WorkerTotals } from '../cluster/simulationResult.ts';
import { OUTCOME } from '../engine/requestLog.ts';
import { evictionGain } from '../kv/optimalEviction.ts';
import type { Workload } from '../workload/workload.ts';

/** How much of the prompts could have been found cached in GPU memory; shares of the workload's blocks, 0..1. */
export interface CacheCeilings {
  /** Of these replicas: what prefill replicas find need not be computed, what decode replicas find need not be transferred. */
  readonly role: Role;
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
 * Looks back on which replica was asked for which text in which order, role by role. Memory counts as if it held nothing but
 * prompts, so a real run, whose requests hold pages while they decode, finds less.
 * @returns no entry for roles without prefix caching, and none where nothing has a name.
 */
export function cacheCeilings(result: SimulationResult, { pools, workload }: Scenario): CacheCeilings[] {
  const strings = accessStrings(result, workload);
  const roles = [...new Set(pools.map(({ role }) => role))];
  return roles.flatMap((role) => {
    const isOfRole = ({ pool }: WorkerTotals): boolean => pools[pool].role === role;
    if (pools.some((pool) => pool.role === role && !pool.engine.prefixCaching)) return [];
    const accesses = strings.filter((_, worker) => isOfRole(result.workers[worker]));
    const capacities = result.workers
      .filter(isOfRole)
      .map(({ usableBlocks, pool }) => (usableBlocks * pools[pool].engine.blockTokens) / workload.blockTokens);
    return ceilingsOf(role, accesses, capacities, workload.blockIdCount) ?? [];
  });
}

/** By replica: the blocks of completed requests that it was asked for, in order. */
function accessStrings(
  { log, workers, handOvers }: SimulationResult,
  { blockOffsets, blockIds }: Workload,
): number[][] {
  const visits: { readonly worker: number; readonly request: number; readonly timeNs: number }[] = [];
  for (let request = 0; request < log.count; request++) {
    if (log.outcome[request] !== OUTCOME.completed) continue;
    const source = handOvers?.source[request] ?? -1;
    const worker = log.worker[request];
    visits.push({ worker: source < 0 ? worker : source, request, timeNs: log.scheduledNs[request] });
    if (source >= 0) visits.push({ worker, request, timeNs: handOvers!.reservedNs[request] });
  }
  visits.sort((a, b) => a.timeNs - b.timeNs || a.request - b.request);
  const strings: number[][] = workers.map(() => []);
  for (const { worker, request } of visits) {
    // The last block first, as engines give pages up: what is left of a text is its beginning.
    for (let at = blockOffsets[request + 1] - 1; at >= blockOffsets[request]; at--) strings[worker].push(blockIds[at]);
  }
  return strings;
}

/** Of replicas with these access strings and room for so many blocks each; null if nobody asked for anything. */
function ceilingsOf(
  role: Role,
  accesses: readonly (readonly number[])[],
  capacities: readonly number[],
  blockIdCount: number,
): CacheCeilings | null {
  const total = accesses.reduce((sum, { length }) => sum + length, 0);
  if (total === 0) return null;
  let optimal = 0;
  let lru = 0;
  let distinct = 0;
  for (const [index, string] of accesses.entries()) {
    const capacity = Math.max(1, Math.floor(capacities[index]));
    const gain = evictionGain(Int32Array.from(string), blockIdCount, capacity);
    optimal += gain.optimalHits;
    lru += gain.lruHits;
    distinct += new Set(string).size;
  }
  return {
    role,
    repeated_ratio: (total - new Set(accesses.flat()).size) / total,
    routed_ratio: (total - distinct) / total,
    optimal_ratio: optimal / total,
    lru_ratio: lru / total,
  };
}

/** The ceilings in a sentence. */
export function ceilingsSentence(ceilings: CacheCeilings, reusedRatio: number): string {
  const percent = (ratio: number): string => `${(100 * ratio).toFixed(1)} %`;
  const { role, repeated_ratio, routed_ratio, optimal_ratio, lru_ratio } = ceilings;
  const replica = role === 'aggregated' ? 'replica' : `${role} replica`;
  const reuse = role === 'decode' ? '' : ` ${percent(reusedRatio)} of prompt tokens were reused.`;
  return `${percent(repeated_ratio)} of the prompts' blocks repeat, ${percent(routed_ratio)} on the ${replica} they were sent to; in its memory the best eviction would find ${percent(optimal_ratio)}, least recently used ${percent(lru_ratio)}.${reuse}`;
}
