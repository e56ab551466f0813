/** A candidate's deployment in figures and short words. */
import type { Facts } from '../config/facts.ts';
import type { PredictConfig, WorkerConfig } from '../config/predictConfig.ts';
import { usdPerGpuHour } from '../study/prediction.ts';
import type { Evaluated } from './recommendation.ts';

export function poolsOf(config: PredictConfig): readonly WorkerConfig[] {
  const { aggregated = [], prefill = [], decode = [] } = config.engine.workers;
  return [...aggregated, ...prefill, ...decode];
}

export function gpusOfPool({ parallelism }: WorkerConfig): number {
  return parallelism.replicas * parallelism.tensor * parallelism.pipeline * parallelism.attention_data;
}

/** GPUs of the whole deployment. */
export function gpusOf(config: PredictConfig): number {
  return poolsOf(config).reduce((total, pool) => total + gpusOfPool(pool), 0);
}

export function usdPerHourOf(config: PredictConfig, facts: Facts): number {
  return poolsOf(config).reduce(
    (total, pool) => total + gpusOfPool(pool) * usdPerGpuHour(config, pool.hardware, facts),
    0,
  );
}

/** `3x TP4 h200_sxm`, or `prefill 2x TP2 + decode 1x TP4 h200_sxm`. */
export function shapeName(config: PredictConfig): string {
  const { aggregated = [], prefill = [], decode = [] } = config.engine.workers;
  const hardware = new Set(poolsOf(config).map((pool) => pool.hardware));
  const oneKind = hardware.size === 1;
  const name = (pool: WorkerConfig): string =>
    `${pool.parallelism.replicas}x ${parallelismName(pool)}${oneKind ? '' : ` ${pool.hardware}`}`;
  const parts = [
    ...aggregated.map(name),
    ...prefill.map((pool) => `prefill ${name(pool)}`),
    ...decode.map((pool) => `decode ${name(pool)}`),
  ];
  return `${parts.join(' + ')}${oneKind ? ` ${[...hardware][0]}` : ''}`;
}

/** What stays the same when only numbers of replicas, budgets, routing or load differ. */
export function shapeKey(config: PredictConfig): string {
  const { aggregated = [], prefill = [], decode = [] } = config.engine.workers;
  const keys = (role: string, pools: readonly WorkerConfig[]): string[] =>
    pools.map((pool) => `${role} ${parallelismName(pool)} ${pool.hardware}`);
  return [...keys('aggregated', aggregated), ...keys('prefill', prefill), ...keys('decode', decode)].join(' + ');
}

/** `TP4`, `DP8 EP8`: one replica. */
export function parallelismName({ parallelism }: WorkerConfig): string {
  const { tensor, pipeline, attention_data, moe_expert } = parallelism;
  return [
    ...(tensor > 1 || attention_data === 1 ? [`TP${tensor}`] : []),
    ...(pipeline > 1 ? [`PP${pipeline}`] : []),
    ...(attention_data > 1 ? [`DP${attention_data}`] : []),
    ...(moe_expert > 1 ? [`EP${moe_expert}`] : []),
  ].join(' ');
}

/** The load a candidate was simulated at: its rung of a ladder, otherwise `multiplier` times the given load. */
export function loadOf(config: PredictConfig, asLadder: boolean, multiplier: number): Evaluated['load'] {
  const { load } = config.traffic;
  if (load.type === 'concurrency') return { type: 'concurrency', value: load.concurrency };
  if (!asLadder) return { type: 'multiplier', value: multiplier };
  return load.type === 'trace_timestamps'
    ? { type: 'multiplier', value: load.speedup }
    : { type: 'requests_per_second', value: load.requests_per_second };
}

/** The same configuration at `multiplier` times its load. Closed loops have no rate to multiply. */
export function withLoadMultiplied(config: PredictConfig, multiplier: number): PredictConfig {
  const { load } = config.traffic;
  if (load.type === 'concurrency') throw new Error('a closed loop has no load multiplier');
  const scaled =
    load.type === 'trace_timestamps'
      ? { ...load, speedup: load.speedup * multiplier }
      : { ...load, requests_per_second: load.requests_per_second * multiplier };
  return { ...config, traffic: { ...config.traffic, load: scaled } };
}
