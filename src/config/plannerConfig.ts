import { NS_PER_S } from '../base/units.ts';
import type { PlannerSpec } from '../cluster/planner.ts';
import type { RouterPolicy, RouterSpec } from '../cluster/router/routerSpec.ts';
import type { PoolSpec } from '../cluster/scenario.ts';
import { createPolicy } from '../planner/createPolicy.ts';
import type { ForecastSpec, HpaMetric, HpaRate, HpaRules, PolicySpec } from '../planner/policySpec.ts';
import { poolFactsOf } from '../planner/poolFacts.ts';
import type { FORECAST_MODELS, PLANNER_POLICIES, PLANNER_SCALINGS } from './knobs/plannerKnobs.ts';

export type ByPool = Readonly<Record<string, number>>;

export interface ForecastConfig {
  readonly model: (typeof FORECAST_MODELS)[number];
  readonly alpha?: number;
  readonly beta?: number;
  readonly gamma?: number;
  readonly season_seconds?: number;
  readonly q_level?: number;
  readonly q_trend?: number;
  readonly r?: number;
  readonly min_points?: number;
  readonly margin_quantile: number | null;
}

export interface ScaleConfig {
  readonly stabilization_seconds: number;
  readonly rates: readonly {
    readonly type: HpaRate['type'];
    readonly value: number;
    readonly period_seconds: number;
  }[];
  readonly select: HpaRules['select'];
}

export interface ScheduleEntryConfig {
  readonly at_seconds: number;
  readonly replicas: ByPool;
  readonly router?: RouterPolicy | undefined;
}

/** The `planner` section; what the policy does not read is absent. */
export interface PlannerConfig {
  readonly policy: (typeof PLANNER_POLICIES)[number];
  readonly interval_seconds: number;
  readonly max_gpus: number;
  readonly min_replicas: ByPool;
  readonly initial_replicas?: ByPool;
  /** Present where it is so. */
  readonly rerole?: true;
  readonly period_seconds?: number | null;
  readonly entries?: readonly ScheduleEntryConfig[];
  readonly scaling?: (typeof PLANNER_SCALINGS)[number];
  readonly ttft_ms?: number;
  readonly itl_ms?: number;
  readonly scale_down_sensitivity?: number;
  readonly throughput_interval_seconds?: number;
  readonly max_throughput_scaling_replicas?: number;
  readonly samples?: number;
  readonly buckets?: number;
  readonly min_observations?: number;
  readonly forecast?: ForecastConfig;
  readonly targets?: readonly { readonly metric: HpaMetric; readonly value: number }[];
  readonly tolerance?: number;
  readonly scale_up?: ScaleConfig;
  readonly scale_down?: ScaleConfig;
}

export function initialReplicas(
  { initial_replicas }: PlannerConfig,
  { name, replicas }: { name: string; replicas: number },
): number {
  return initial_replicas?.[name] ?? replicas;
}

/**
 * @param pools of the scenario, with their replicas at the beginning.
 * @param kinds of their replicas
 * @param routerOf a router of the deployment with another policy
 */
export function plannerSpecOf(
  config: PlannerConfig,
  pools: readonly PoolSpec[],
  kinds: readonly string[],
  router: RouterPolicy,
  routerOf: (policy: RouterPolicy) => RouterSpec,
): PlannerSpec {
  const routers = routersOf(config, router);
  const policy = policySpecOf(config, pools, routers);
  return {
    intervalNs: Math.max(1, Math.round(config.interval_seconds * NS_PER_S)),
    maxGpus: config.max_gpus,
    minReplicas: pools.map(({ name }) => config.min_replicas[name]),
    ...(config.rerole === true ? { kinds } : {}),
    ...(routers.length > 1 ? { routers: routers.map(routerOf) } : {}),
    createPolicy: () => createPolicy(policy, pools.map(poolFactsOf)),
  };
}

/** Policies that requests are routed by during the run, the first one first. */
function routersOf({ entries = [] }: PlannerConfig, first: RouterPolicy): RouterPolicy[] {
  return [...new Set([first, ...entries.flatMap(({ router }) => router ?? [])])];
}

function policySpecOf(config: PlannerConfig, pools: readonly PoolSpec[], routers: readonly RouterPolicy[]): PolicySpec {
  switch (config.policy) {
    case 'static':
      return { kind: 'static' };
    case 'throughput':
    case 'latency':
      return { kind: 'thresholds', target: config.policy };
    case 'schedule':
      return scheduleOf(config, pools, routers);
    case 'sla':
      return slaOf(config);
    case 'hpa':
      return hpaOf(config);
  }
}

/** A pool that an entry does not name keeps what it had, and so does the router. */
function scheduleOf(
  { entries, period_seconds }: PlannerConfig,
  pools: readonly PoolSpec[],
  routers: readonly RouterPolicy[],
): PolicySpec {
  const last = new Map(pools.map(({ name, replicas }) => [name, replicas]));
  let router = routers[0];
  return {
    kind: 'schedule',
    periodS: period_seconds!,
    entries: entries!.map(({ at_seconds, replicas, ...entry }) => {
      for (const [name, count] of Object.entries(replicas)) last.set(name, count);
      router = entry.router ?? router;
      return {
        atS: at_seconds,
        replicas: pools.map(({ name }) => last.get(name)!),
        ...(routers.length > 1 ? { router: routers.indexOf(router) } : {}),
      };
    }),
  };
}

function slaOf(config: PlannerConfig): PolicySpec {
  const { scaling, forecast } = config;
  return {
    kind: 'sla',
    ttftMs: config.ttft_ms!,
    itlMs: config.itl_ms!,
    load: scaling === 'throughput' ? null : { scaleDownSensitivity: config.scale_down_sensitivity! / 100 },
    throughput:
      forecast === undefined
        ? null
        : {
            everyTicks: Math.round(config.throughput_interval_seconds! / config.interval_seconds),
            maxChange: config.max_throughput_scaling_replicas!,
            forecast: forecastOf(forecast, config.throughput_interval_seconds!),
          },
    regression: { samples: config.samples!, buckets: config.buckets!, minObservations: config.min_observations! },
  };
}

function forecastOf(forecast: ForecastConfig, intervalS: number): ForecastSpec {
  const marginQuantile = forecast.margin_quantile;
  if (forecast.model === 'constant') return { model: { kind: 'constant' }, marginQuantile };
  if (forecast.model === 'kalman') {
    const { q_level, q_trend, r, min_points } = forecast;
    return {
      model: { kind: 'kalman', qLevel: q_level!, qTrend: q_trend!, r: r!, minPoints: min_points! },
      marginQuantile,
    };
  }
  const { alpha, beta, gamma, season_seconds } = forecast;
  const seasonTicks = Math.round(season_seconds! / intervalS);
  return { model: { kind: 'holt_winters', alpha: alpha!, beta: beta!, gamma: gamma!, seasonTicks }, marginQuantile };
}

function hpaOf({ targets, tolerance, scale_up, scale_down }: PlannerConfig): PolicySpec {
  const rulesOf = ({ stabilization_seconds, rates, select }: ScaleConfig): HpaRules => ({
    stabilizationS: stabilization_seconds,
    rates: rates.map(({ type, value, period_seconds }) => ({ type, value, periodS: period_seconds })),
    select,
  });
  return { kind: 'hpa', targets: targets!, tolerance: tolerance!, up: rulesOf(scale_up!), down: rulesOf(scale_down!) };
}
