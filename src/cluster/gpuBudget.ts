import type { PlannerSpec } from './planner.ts';
import type { PoolSpec } from './scenario.ts';

/**
 * Replicas by pool within the limits: no fewer than the minimums, no more GPUs than `maxGpus` less the warm ones. What is
 * too much is cut in proportion, pool by pool, the last one taking what is left (as Dynamo's planner divides its budget
 * between prefill and decode).
 */
export function boundedReplicas(
  wanted: readonly number[],
  pools: readonly PoolSpec[],
  { minReplicas, maxGpus }: Pick<PlannerSpec, 'minReplicas' | 'maxGpus'>,
  warmGpus: number,
): number[] {
  const asked = wanted.map((replicas, pool) => Math.max(minReplicas[pool], Math.round(replicas)));
  const gpusOf = (pool: number, replicas: number): number => pools[pool].gpusPerReplica * replicas;
  const total = asked.reduce((sum, replicas, pool) => sum + gpusOf(pool, replicas), 0);
  let left = maxGpus - warmGpus;
  if (total <= left) return asked;
  const share = left / total;
  let reserved = minReplicas.reduce((sum, replicas, pool) => sum + gpusOf(pool, replicas), 0);
  return asked.map((replicas, pool) => {
    reserved -= gpusOf(pool, minReplicas[pool]);
    const most = Math.floor((left - reserved) / pools[pool].gpusPerReplica);
    const isLast = pool === asked.length - 1;
    const granted = Math.max(minReplicas[pool], Math.min(most, isLast ? replicas : Math.floor(replicas * share)));
    left -= gpusOf(pool, granted);
    return granted;
  });
}
