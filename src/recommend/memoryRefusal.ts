import { canonicalJson } from '../base/canonicalJson.ts';
import { poolsOf } from '../config/buildScenario.ts';
import type { Facts } from '../config/facts.ts';
import { pageIssue } from '../config/pageIssue.ts';
import type { PredictConfig } from '../config/predictConfig.ts';
import { memoryRequestOf, replicaSpecOf } from '../config/replicaSpec.ts';
import { planMemory } from '../timing/memory.ts';
import { parallelismName } from './deployment.ts';

/** Says why a configuration does not fit its GPUs (null when it does); each kind of replica is planned once. */
export function memoryPlanner(facts: Facts): (config: PredictConfig) => string | null {
  const known = new Map<string, string | null>();
  return (config) => {
    const { workers: _pools, kv_transfer: _link, ...engine } = config.engine;
    for (const { pool } of poolsOf(config)) {
      const { hardware, scheduler, kv_cache, speculation } = pool;
      const shape = { ...pool.parallelism, replicas: 1 };
      const key = canonicalJson([engine, hardware, shape, scheduler, kv_cache, speculation]);
      let reason = known.get(key);
      if (reason === undefined) {
        const plan = planMemory(replicaSpecOf(config, pool, facts), memoryRequestOf(config, pool, facts));
        const page = pageIssue(pool, plan);
        reason = plan.fits
          ? page && `${page.path} ${page.message}`
          : `the model and one request of full length do not fit on ${parallelismName(pool)} of ${hardware}`;
        known.set(key, reason);
      }
      if (reason !== null) return reason;
    }
    return null;
  };
}
