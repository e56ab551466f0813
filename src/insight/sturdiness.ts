import type { Role } from '../cluster/scenario.ts';
import type { PredictConfig } from '../config/predictConfig.ts';
import { RATES, withLongerPrompts, withRates } from './conditions.ts';
import type { Conditions, Laboratory } from './laboratory.ts';
import { withPool, withReplicas } from './moves.ts';
import { type Effect, effectOf } from './sensitivity.ts';

const LOADS = [0.5, 0.75, 1.25, 1.5, 2];
const LONGER_PROMPTS = 1.25;
const SLOWER = 1 / 1.1;

/** The deployment in worse (and better) weather: other loads, longer prompts, slower GPUs, one replica down. */
export function sturdinessOf(laboratory: Laboratory, config: PredictConfig, metrics: readonly string[]): Effect[] {
  const base = laboratory.report(config)!;
  const cases: { label: string; config: PredictConfig; conditions?: Conditions }[] = [
    ...LOADS.map((factor) => ({ label: `load x${factor}`, config: withLoad(config, factor) })),
    { label: `prompts x${LONGER_PROMPTS}`, config, conditions: withLongerPrompts('longer prompts', LONGER_PROMPTS) },
    {
      label: 'GPUs 10 % slower',
      config,
      conditions: withRates('slower', laboratory.facts, RATES.all, SLOWER),
    },
    ...(Object.keys(config.engine.workers) as Role[]).flatMap((role) =>
      config.engine.workers[role]!.flatMap(({ name, parallelism: { replicas } }, index) =>
        replicas === 1
          ? []
          : [{ label: `one ${name} replica down`, config: withPool(config, role, index, withReplicas(replicas - 1)) }],
      ),
    ),
  ];
  return cases.flatMap(({ label, config: variant, conditions }) => {
    const report = laboratory.report(variant, conditions);
    return report === null ? [] : [effectOf(label, base, report, metrics)];
  });
}

/** Clients of a closed loop, or arrivals, by a factor. */
function withLoad(config: PredictConfig, factor: number): PredictConfig {
  const { load } = config.traffic;
  const scaled =
    load.type === 'concurrency'
      ? { ...load, concurrency: Math.max(1, Math.round(load.concurrency * factor)) }
      : load.type === 'trace_timestamps'
        ? { ...load, speedup: load.speedup * factor }
        : { ...load, requests_per_second: load.requests_per_second * factor };
  return { ...config, traffic: { ...config.traffic, load: scaled } };
}

/** What the cases say, in one sentence; null without an SLO. */
export function sturdinessSentence(cases: readonly Effect[], meetsNow: boolean): string | null {
  if (cases.every(({ meets_slo }) => meets_slo === null)) return null;
  if (!meetsNow) return 'It misses the SLO as it is.';
  const lost = cases.filter(({ meets_slo }) => meets_slo === false).map(({ label }) => label);
  if (lost.length === 0) return 'It holds the SLO in every one of these.';
  return `It holds the SLO now, and loses it with: ${lost.join(', ')}.`;
}
