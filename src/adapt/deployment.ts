import { poolsOf } from '../config/buildScenario.ts';
import type { PredictConfig, WorkerConfig } from '../config/predictConfig.ts';
import type { Shape } from './shapes.ts';

/** So many replicas of each pool of a shape. */
export interface Deployment {
  readonly shape: Shape;
  readonly replicas: readonly number[];
}

export function gpusOf({ shape, replicas }: Deployment): number {
  return shape.pools.reduce((sum, { gpus }, pool) => sum + gpus * replicas[pool], 0);
}

export function usdPerHourOf({ shape, replicas }: Deployment): number {
  return shape.pools.reduce((sum, { usdPerHour }, pool) => sum + usdPerHour * replicas[pool], 0);
}

export function areSame(a: Deployment, b: Deployment): boolean {
  return a.shape === b.shape && a.replicas.every((count, pool) => count === b.replicas[pool]);
}

/** `2x TP4 h100_sxm`, `2 + 1x prefill TP2 h100_sxm + decode TP4 h100_sxm`. */
export function inWords({ shape, replicas }: Deployment): string {
  return `${replicas.join(' + ')}x ${shape.name}`;
}

/** That deployment, standing still. */
export function configOf({ shape, replicas }: Deployment): PredictConfig {
  const workers: { [Name in Shape['pools'][number]['role']]?: WorkerConfig[] } = {};
  for (const [index, { role, pool }] of poolsOf(shape.config).entries()) {
    workers[role] = [{ ...pool, parallelism: { ...pool.parallelism, replicas: replicas[index] } }];
  }
  return { ...shape.config, engine: { ...shape.config.engine, workers } };
}
