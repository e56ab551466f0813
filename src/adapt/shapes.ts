import type { Facts } from '../config/facts.ts';
import type { PredictConfig } from '../config/predictConfig.ts';
import type { RecommendConfig } from '../config/recommendConfig.ts';
import { enumerateCandidates } from '../recommend/candidates.ts';
import { gpusOf, parallelismName, poolsOf, shapeKey, usdPerHourOf } from '../recommend/deployment.ts';
import { memoryPlanner } from '../recommend/memoryRefusal.ts';

/** What one replica may be: a way to spread the model over GPUs of one kind. */
export interface Shape {
  /** `TP2 h100_sxm`. */
  readonly name: string;
  /** A deployment of one such replica. */
  readonly config: PredictConfig;
  readonly gpus: number;
  readonly usdPerHour: number;
  /** Within the goal's limits on GPUs and price. */
  readonly mostReplicas: number;
}

/** The shapes of a goal's legal aggregated candidates; of those that differ in nothing else, the first stands for all. */
export function shapesOf(config: RecommendConfig, facts: Facts): Shape[] {
  const { max_candidate_gpus: gpus, max_usd_per_hour: usd } = config.constraints;
  const shapes = new Map<string, Shape>();
  for (const candidate of enumerateCandidates(config, facts, memoryPlanner(facts)).configs()) {
    const key = shapeKey(candidate);
    if (candidate.engine.mode !== 'aggregated' || poolsOf(candidate).length > 1 || shapes.has(key)) continue;
    const single = withReplicas(candidate, 1);
    const [pool] = poolsOf(single);
    const shape = { gpus: gpusOf(single), usdPerHour: usdPerHourOf(single, facts) };
    shapes.set(key, {
      ...shape,
      name: `${parallelismName(pool)} ${pool.hardware}`,
      config: single,
      mostReplicas: Math.floor(Math.min(gpus / shape.gpus, (usd ?? Number.POSITIVE_INFINITY) / shape.usdPerHour)),
    });
  }
  return [...shapes.values()];
}

/** The single pool with so many replicas. */
export function withReplicas(config: PredictConfig, replicas: number): PredictConfig {
  const [pool] = config.engine.workers.aggregated!;
  const aggregated = [{ ...pool, parallelism: { ...pool.parallelism, replicas } }];
  return { ...config, engine: { ...config.engine, workers: { aggregated } } };
}
