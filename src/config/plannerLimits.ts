import { initialReplicas, type PlannerConfig } from './plannerConfig.ts';
import type { Problems } from './problems.ts';

/** A pool of the deployment. */
export interface ScaledPool {
  readonly name: string;
  readonly role: string;
  readonly replicas: number;
  readonly gpusPerReplica: number;
  readonly warmReplicas: number;
  /** Of its replicas. */
  readonly kind: string;
}

/** Notes budgets too small to begin with, and minimums that would let requests wait for ever. */
export function checkLimits(config: PlannerConfig, pools: readonly ScaledPool[], problems: Problems): void {
  const gpusOf = (replicasOf: (pool: ScaledPool) => number): number =>
    pools.reduce((sum, pool) => sum + (replicasOf(pool) + pool.warmReplicas) * pool.gpusPerReplica, 0);
  const initial = gpusOf((pool) => initialReplicas(config, pool));
  const least = gpusOf(({ name }) => config.min_replicas[name]);
  if (initial > config.max_gpus) {
    problems.add(
      ['planner', 'max_gpus'],
      `must be at least the ${initial} GPUs there are at the beginning, got ${config.max_gpus}`,
    );
  } else if (least > config.max_gpus) {
    problems.add(['planner', 'max_gpus'], `must be at least the ${least} GPUs of min_replicas, got ${config.max_gpus}`);
  }
  // A schedule says itself what there is, if each of its entries names the pools.
  for (const { replicas } of config.entries ?? [{ replicas: config.min_replicas }]) {
    const isThere = ({ name }: ScaledPool): boolean => Math.max(replicas[name] ?? 0, config.min_replicas[name]) > 0;
    const missing = missingRoles(pools, isThere);
    if (missing === null) continue;
    problems.add(
      ['planner', 'min_replicas'],
      `no ${missing} replica need be there: requests might wait for ever`,
      'keep one',
    );
    break;
  }
}

/** Roles that some request might wait for in vain; null if there are none. Of aggregated pools beside prefill and decode, either will do. */
function missingRoles(pools: readonly ScaledPool[], isThere: (pool: ScaledPool) => boolean): string | null {
  const roles = [...new Set(pools.map(({ role }) => role))];
  const missing = roles.filter((role) => !pools.some((pool) => pool.role === role && isThere(pool)));
  const hasAnotherWay = roles.length === 3 && !(missing.includes('aggregated') && missing.length > 1);
  return missing.length === 0 || hasAnotherWay ? null : missing.join(' or ');
}
