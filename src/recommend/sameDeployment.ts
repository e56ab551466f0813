import { canonicalJson } from '../base/canonicalJson.ts';
import type { PredictConfig } from '../config/predictConfig.ts';
import { poolsOf } from './deployment.ts';

/** Equal for configurations that simulate alike: with one replica of each kind there is nothing to route, unless a planner adds some. */
export function sameDeployment(config: PredictConfig): string {
  const { router, ...rest } = config;
  const routes =
    config.planner !== undefined ||
    poolsOf(config).some(({ parallelism }) => parallelism.replicas > 1) ||
    poolsOf(config).length > 2;
  return canonicalJson(routes ? config : rest);
}
