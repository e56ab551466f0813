import type { Role } from '../cluster/scenario.ts';
import type { PredictConfig } from '../config/predictConfig.ts';
import { RATES, withRates } from './conditions.ts';
import type { Conditions, Laboratory } from './laboratory.ts';
import { withPool, withReplicas } from './moves.ts';
import { type Effect, effectOf } from './sensitivity.ts';

/** What a little more of each resource buys: a replica, twice the KV cache, faster arithmetic, memory, links. */
export function marginalValues(laboratory: Laboratory, config: PredictConfig, metrics: readonly string[]): Effect[] {
  const base = laboratory.report(config)!;
  const { facts } = laboratory;
  const cases: { label: string; config: PredictConfig; conditions?: Conditions }[] = [
    ...(Object.keys(config.engine.workers) as Role[]).flatMap((role) =>
      config.engine.workers[role]!.map(({ name, parallelism: { replicas } }, index) => ({
        label: `one more ${name} replica`,
        config: withPool(config, role, index, withReplicas(replicas + 1)),
      })),
    ),
    { label: 'twice the KV cache', config: withBlocks(laboratory, config, 2) },
    { label: 'arithmetic 10 % faster', config, conditions: withRates('compute', facts, RATES.compute, 1.1) },
    { label: 'GPU memory 10 % faster', config, conditions: withRates('memory', facts, RATES.memory, 1.1) },
    { label: 'links 10 % faster', config, conditions: withRates('links', facts, RATES.links, 1.1) },
  ];
  return cases.flatMap(({ label, config: variant, conditions }) => {
    const report = laboratory.report(variant, conditions);
    return report === null ? [] : [effectOf(label, base, report, metrics)];
  });
}

function withBlocks(laboratory: Laboratory, config: PredictConfig, factor: number): PredictConfig {
  const blocks = laboratory.blocksOf(config)!;
  let pool = 0;
  let changed = config;
  for (const role of Object.keys(config.engine.workers) as Role[]) {
    config.engine.workers[role]!.forEach((_, index) => {
      const capacity = { blocks: blocks[pool++] * factor };
      changed = withPool(changed, role, index, (each) => ({ ...each, kv_cache: { ...each.kv_cache, capacity } }));
    });
  }
  return changed;
}
