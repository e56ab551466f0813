import { z } from 'zod';
import { ROUTER_POLICIES } from '../cluster/router/routerSpec.ts';
import { HPA_METRICS } from '../planner/policySpec.ts';
import { type Fields, plainFields } from './fields.ts';
import { FORECAST_MODELS, HPA_RATES, HPA_SELECTS, PLANNER_POLICIES, PLANNER_SCALINGS } from './knobs/plannerKnobs.ts';

const { number, choice } = plainFields;

const scale = z.strictObject({
  stabilization_seconds: number('planner.scale.stabilization_seconds').optional(),
  rates: z
    .array(
      z.strictObject({
        type: choice('planner.scale.rates.type', HPA_RATES),
        value: number('planner.scale.rates.value'),
        period_seconds: number('planner.scale.rates.period_seconds'),
      }),
    )
    .optional(),
  select: choice('planner.scale.select', HPA_SELECTS).optional(),
});

/** `fields` decides which of its values may be domains. */
export function plannerSchema(fields: Fields) {
  const minimum = number('planner.min_replicas');
  return z.strictObject({
    policy: fields.choice('planner.policy', PLANNER_POLICIES),
    interval_seconds: fields.number('planner.interval_seconds').optional(),
    max_gpus: fields.number('planner.max_gpus').optional(),
    min_replicas: z.union([fields.number('planner.min_replicas'), z.record(z.string(), minimum)]).optional(),
    initial_replicas: z.record(z.string(), number('planner.initial_replicas')).optional(),
    rerole: fields.boolean('planner.rerole').optional(),
    period_seconds: fields.number('planner.period_seconds').nullable().optional(),
    entries: z
      .array(
        z.strictObject({
          at_seconds: number('planner.entries.at_seconds'),
          replicas: z.record(z.string(), number('planner.entries.replicas')),
          router: choice('planner.entries.router', ROUTER_POLICIES).optional(),
        }),
      )
      .min(1)
      .optional(),
    scaling: fields.choice('planner.scaling', PLANNER_SCALINGS).optional(),
    ttft_ms: fields.number('planner.ttft_ms').optional(),
    itl_ms: fields.number('planner.itl_ms').optional(),
    scale_down_sensitivity: fields.number('planner.scale_down_sensitivity').optional(),
    throughput_interval_seconds: fields.number('planner.throughput_interval_seconds').optional(),
    max_throughput_scaling_replicas: fields.number('planner.max_throughput_scaling_replicas').optional(),
    samples: fields.number('planner.samples').optional(),
    buckets: fields.number('planner.buckets').optional(),
    min_observations: fields.number('planner.min_observations').optional(),
    forecast: z
      .strictObject({
        model: fields.choice('planner.forecast.model', FORECAST_MODELS).optional(),
        alpha: fields.number('planner.forecast.alpha').optional(),
        beta: fields.number('planner.forecast.beta').optional(),
        gamma: fields.number('planner.forecast.gamma').optional(),
        season_seconds: fields.number('planner.forecast.season_seconds').optional(),
        q_level: fields.number('planner.forecast.q_level').optional(),
        q_trend: fields.number('planner.forecast.q_trend').optional(),
        r: fields.number('planner.forecast.r').optional(),
        min_points: fields.number('planner.forecast.min_points').optional(),
        margin_quantile: fields.number('planner.forecast.margin_quantile').nullable().optional(),
      })
      .optional(),
    targets: z
      .array(
        z.strictObject({
          metric: choice('planner.targets.metric', HPA_METRICS),
          value: fields.number('planner.targets.value'),
        }),
      )
      .min(1)
      .optional(),
    tolerance: fields.number('planner.tolerance').optional(),
    scale_up: scale.optional(),
    scale_down: scale.optional(),
  });
}

export type PlannerInput = z.infer<ReturnType<typeof plannerSchema>>;
