import type { SloBounds, SloSpec } from '../metrics/report.ts';
import type { Knob } from './knob.ts';
import { PLANNER_KNOBS } from './knobs/plannerKnobs.ts';
import { knobDefault } from './knobs.ts';
import type { ByPool, ForecastConfig, PlannerConfig, ScaleConfig } from './plannerConfig.ts';
import { checkLimits, type ScaledPool } from './plannerLimits.ts';
import type { PlannerInput } from './plannerSchema.ts';
import type { Problems } from './problems.ts';
import type { RouterConfig } from './routerConfig.ts';

const FORECAST_FIELDS = {
  constant: [],
  holt_winters: ['alpha', 'beta', 'gamma', 'season_seconds'],
  kalman: ['q_level', 'q_trend', 'r', 'min_points'],
} as const satisfies Record<ForecastConfig['model'], readonly (keyof ForecastConfig)[]>;

/** Kubernetes' defaults: four pods or a doubling in 15 s up; all at once down, after five minutes. */
const UP: ScaleConfig = {
  stabilization_seconds: 0,
  rates: [
    { type: 'percent', value: 100, period_seconds: 15 },
    { type: 'pods', value: 4, period_seconds: 15 },
  ],
  select: 'max',
};
const DOWN: ScaleConfig = {
  stabilization_seconds: 300,
  rates: [{ type: 'percent', value: 100, period_seconds: 15 }],
  select: 'max',
};

const PATH = 'planner';

/** Fills in defaults, and notes what does not fit the policy or the deployment. */
export function resolvePlanner(
  given: PlannerInput,
  pools: readonly ScaledPool[],
  slo: SloSpec | null,
  router: RouterConfig,
  problems: Problems,
): PlannerConfig {
  refuseUnread(given, problems);
  const interval = given.interval_seconds ?? (given.policy === 'hpa' ? 15 : 5);
  const minimum = given.min_replicas ?? knobDefault<number>('planner.min_replicas');
  const least = typeof minimum === 'number' ? {} : minimum;
  checkPools(least, ['min_replicas'], pools, problems);
  const config = {
    policy: given.policy,
    interval_seconds: interval,
    max_gpus: given.max_gpus ?? knobDefault<number>('planner.max_gpus'),
    min_replicas: Object.fromEntries(
      pools.map(({ name }) => [name, typeof minimum === 'number' ? minimum : (minimum[name] ?? 1)]),
    ),
    ...(given.initial_replicas === undefined ? {} : { initial_replicas: given.initial_replicas }),
    ...(given.rerole === true ? { rerole: given.rerole } : {}),
  };
  checkPools(given.initial_replicas ?? {}, ['initial_replicas'], pools, problems);
  if (given.rerole === true && new Set(pools.map(({ kind }) => kind)).size === pools.length) {
    problems.add(
      [PATH, 'rerole'],
      "no two pools have the same hardware, parallelism and speculation: no replica can take another's role",
      'false',
    );
  }
  checkLimits(
    given.policy === 'schedule' && given.entries !== undefined ? { ...config, entries: given.entries } : config,
    pools,
    problems,
  );
  switch (given.policy) {
    case 'schedule':
      return { ...config, ...resolveSchedule(given, pools, router, problems) };
    case 'sla':
      return { ...config, ...resolveSla(given, interval, pools, slo, problems) };
    case 'hpa':
      return { ...config, ...resolveHpa(given, problems) };
    default:
      return config;
  }
}

/** Policies that read a field of the `planner` section; undefined: all do. */
export function policiesReading(field: string): readonly string[] | undefined {
  const section = `${PATH}.${field.replace(/_(up|down)$/, '')}`;
  const knob: Knob = PLANNER_KNOBS.find(({ path }) => path === section || path.startsWith(`${section}.`))!;
  return knob.when?.['planner.policy'];
}

/** Notes fields that another policy reads. */
function refuseUnread(given: PlannerInput, problems: Problems): void {
  for (const field of Object.keys(given)) {
    const readers = policiesReading(field);
    if (readers === undefined || readers.includes(given.policy)) continue;
    problems.add([PATH, field], `${given.policy} has no such setting`, `policy ${readers[0]} has`);
  }
}

function checkPools(
  byPool: ByPool,
  path: readonly (string | number)[],
  pools: readonly ScaledPool[],
  problems: Problems,
): void {
  const names = pools.map(({ name }) => name);
  for (const name of Object.keys(byPool)) {
    if (names.includes(name)) continue;
    problems.add([PATH, ...path, name], `no pool is called "${name}"`, `pools: ${names.join(', ')}`);
  }
}

function resolveSchedule(
  { entries = [], period_seconds = null }: PlannerInput,
  pools: readonly ScaledPool[],
  router: RouterConfig,
  problems: Problems,
) {
  if (entries.length === 0)
    problems.add([PATH, 'entries'], 'required: when how many replicas', '[{at_seconds: 0, replicas: {aggregated: 2}}]');
  for (const [index, { at_seconds, replicas, ...entry }] of entries.entries()) {
    if (entry.router !== undefined && router.queue_threshold !== undefined)
      problems.add([PATH, 'entries', index, 'router'], 'what waits in the queue of a router cannot go to another one');
    checkPools(replicas, ['entries', index, 'replicas'], pools, problems);
    const at = [PATH, 'entries', index, 'at_seconds'];
    if (index > 0 && at_seconds <= entries[index - 1].at_seconds) problems.add(at, 'must come after the entry before');
    if (period_seconds !== null && at_seconds >= period_seconds)
      problems.add(at, `must be less than the period of ${period_seconds} s, got ${at_seconds}`);
  }
  return { period_seconds, entries };
}

function resolveSla(
  given: PlannerInput,
  interval: number,
  pools: readonly ScaledPool[],
  slo: SloSpec | null,
  problems: Problems,
) {
  const scaling = given.scaling ?? knobDefault<NonNullable<PlannerConfig['scaling']>>('planner.scaling');
  const predicts = scaling !== 'load';
  const every = given.throughput_interval_seconds ?? knobDefault<number>('planner.throughput_interval_seconds');
  const forecast = resolveForecast(given.forecast ?? {}, every, problems);
  if (predicts && !isMultiple(every, interval)) {
    problems.add(
      [PATH, 'throughput_interval_seconds'],
      `must be a multiple of interval_seconds (${interval}), got ${every}`,
    );
  }
  if (predicts && new Set(pools.map(({ role }) => role)).size < pools.length) {
    problems.add(
      [PATH, 'scaling'],
      'forecasts need one pool of each role: how traffic divides between several is unknown',
      'scaling: load',
    );
  }
  const buckets = given.buckets ?? knobDefault<number>('planner.buckets');
  if (Math.sqrt(buckets) % 1 !== 0) problems.add([PATH, 'buckets'], `must be a square number, got ${buckets}`);
  return {
    scaling,
    ttft_ms: given.ttft_ms ?? strictest(slo, ['ttft_ms']) ?? 500,
    itl_ms: given.itl_ms ?? strictest(slo, ['tpot_ms', 'itl_ms']) ?? 50,
    samples: given.samples ?? knobDefault<number>('planner.samples'),
    buckets,
    min_observations: given.min_observations ?? knobDefault<number>('planner.min_observations'),
    ...(scaling === 'throughput'
      ? {}
      : {
          scale_down_sensitivity: given.scale_down_sensitivity ?? knobDefault<number>('planner.scale_down_sensitivity'),
        }),
    ...(predicts
      ? {
          throughput_interval_seconds: every,
          max_throughput_scaling_replicas:
            given.max_throughput_scaling_replicas ?? knobDefault<number>('planner.max_throughput_scaling_replicas'),
          forecast,
        }
      : {}),
  };
}

function resolveForecast(
  given: NonNullable<PlannerInput['forecast']>,
  every: number,
  problems: Problems,
): ForecastConfig {
  const model = given.model ?? knobDefault<ForecastConfig['model']>('planner.forecast.model');
  for (const [name, fields] of Object.entries(FORECAST_FIELDS)) {
    if (name === model) continue;
    for (const field of fields) {
      if (given[field] !== undefined)
        problems.add([PATH, 'forecast', field], `${model} has no such setting`, `model ${name} has`);
    }
  }
  const season = given.season_seconds ?? 0;
  if (!isMultiple(season, every)) {
    problems.add(
      [PATH, 'forecast', 'season_seconds'],
      `must be a multiple of throughput_interval_seconds (${every}), got ${season}`,
    );
  }
  const own = FORECAST_FIELDS[model].map((field) => [
    field,
    given[field] ?? knobDefault<number>(`planner.forecast.${field}`),
  ]);
  return { model, ...Object.fromEntries(own), margin_quantile: given.margin_quantile ?? null };
}

function resolveHpa(given: PlannerInput, problems: Problems) {
  const { targets = [] } = given;
  if (targets.length === 0)
    problems.add([PATH, 'targets'], 'required: what to aim at', '[{metric: requests, value: 20}]');
  const rules = (own: PlannerInput['scale_up'], usual: ScaleConfig): ScaleConfig => ({
    stabilization_seconds: own?.stabilization_seconds ?? usual.stabilization_seconds,
    rates: own?.rates ?? usual.rates,
    select: own?.select ?? usual.select,
  });
  return {
    targets,
    tolerance: given.tolerance ?? knobDefault<number>('planner.tolerance'),
    scale_up: rules(given.scale_up, UP),
    scale_down: rules(given.scale_down, DOWN),
  };
}

/** The least of all bounds on these metrics, those of classes included; undefined if there is none. */
function strictest(slo: SloSpec | null, metrics: readonly (keyof SloBounds)[]): number | undefined {
  if (slo === null) return undefined;
  const { classes = {}, ...whole } = slo;
  const bounds = [whole, ...Object.values(classes)].flatMap((each: SloBounds) =>
    metrics.flatMap((metric) => Object.values(each[metric] ?? {})),
  );
  return bounds.length === 0 ? undefined : Math.min(...bounds);
}

function isMultiple(value: number, unit: number): boolean {
  const ratio = value / unit;
  return Math.abs(ratio - Math.round(ratio)) < 1e-9 && (value === 0 || Math.round(ratio) >= 1);
}
