import { ROUTER_POLICIES } from '../cluster/router/routerSpec.ts';
import type { Role } from '../cluster/scenario.ts';
import type { PredictConfig, WorkerConfig } from '../config/predictConfig.ts';

/** One knob turned by one notch. Whether the result can exist is for the simulation to say. */
export interface Move {
  readonly knob: string;
  /** `decode tensor 2 -> 4`. */
  readonly label: string;
  apply(config: PredictConfig): PredictConfig;
}

type Edit = (pool: WorkerConfig) => WorkerConfig;

/** Every knob of the deployment a notch up and a notch down: sizes by a factor of two, replicas by one, choices by each other. */
export function movesAround(config: PredictConfig): Move[] {
  const moves: Move[] = [];
  for (const role of Object.keys(config.engine.workers) as Role[]) {
    config.engine.workers[role]!.forEach((pool, index) => {
      const prefix =
        Object.keys(config.engine.workers).length + config.engine.workers[role]!.length > 2 ? `${pool.name} ` : '';
      const add = (knob: string, from: unknown, to: unknown, edit: Edit): void => {
        moves.push({
          knob: `${prefix}${knob}`,
          label: `${prefix}${knob} ${from} -> ${to}`,
          apply: (base) => withPool(base, role, index, edit),
        });
      };
      poolMoves(pool, add);
    });
  }
  for (const policy of ROUTER_POLICIES) {
    if (policy === config.router.policy) continue;
    moves.push({
      knob: 'router',
      label: `router ${config.router.policy} -> ${policy}`,
      apply: (base) => ({ ...base, router: { ...base.router, policy } }),
    });
  }
  return moves;
}

function poolMoves(
  { parallelism, scheduler, kv_cache }: WorkerConfig,
  add: (knob: string, from: unknown, to: unknown, edit: Edit) => void,
): void {
  const { replicas, tensor } = parallelism;
  for (const to of [replicas - 1, replicas + 1]) if (to > 0) add('replicas', replicas, to, withReplicas(to));
  for (const to of [tensor / 2, tensor * 2]) if (Number.isInteger(to)) add('tensor', tensor, to, withTensor(to));
  for (const key of ['max_batched_tokens', 'max_sequences'] as const) {
    const from = scheduler[key];
    if (from === null) continue;
    for (const to of [Math.floor(from / 2), from * 2]) {
      if (to > 0) add(key, from, to, (pool) => ({ ...pool, scheduler: { ...pool.scheduler, [key]: to } }));
    }
  }
  const cache =
    (change: Partial<WorkerConfig['kv_cache']>): Edit =>
    (pool) => ({
      ...pool,
      kv_cache: { ...pool.kv_cache, ...change },
    });
  add(
    'prefix_caching',
    kv_cache.prefix_caching,
    !kv_cache.prefix_caching,
    cache({ prefix_caching: !kv_cache.prefix_caching }),
  );
  const dtype = kv_cache.dtype === 'fp8' ? 'auto' : 'fp8';
  add('kv_cache dtype', kv_cache.dtype, dtype, cache({ dtype }));
}

export function withReplicas(replicas: number): Edit {
  return (pool) => ({ ...pool, parallelism: { ...pool.parallelism, replicas } });
}

/** Experts stay spread, or sliced, over the whole replica. */
function withTensor(tensor: number): Edit {
  return (pool) => {
    const { parallelism } = pool;
    const factor = tensor / parallelism.tensor;
    const whole = parallelism.moe_tensor * parallelism.moe_expert === parallelism.tensor * parallelism.attention_data;
    const experts = !whole
      ? {}
      : parallelism.moe_expert > 1
        ? { moe_expert: parallelism.moe_expert * factor }
        : { moe_tensor: parallelism.moe_tensor * factor };
    return { ...pool, parallelism: { ...parallelism, tensor, ...experts } };
  };
}

export function withPool(config: PredictConfig, role: Role, index: number, edit: Edit): PredictConfig {
  const pools = config.engine.workers[role]!.map((pool, k) => (k === index ? edit(pool) : pool));
  return { ...config, engine: { ...config.engine, workers: { ...config.engine.workers, [role]: pools } } };
}
