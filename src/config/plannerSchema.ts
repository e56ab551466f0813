import { z } from 'zod';
import { HPA_METRICS } from '../planner/policySpec.ts';
import { plainFields } from './fields.ts';
import { FORECAST_MODELS, HPA_RATES, HPA_SELECTS, PLANNER_POLICIES, PLANNER_SCALINGS } from './knobs/plannerKnobs.ts';

const { number, boolean, choice } = plainFields;

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

const minimum = number('planner.min_replicas');

export function plannerSchema() {
  return z.strictObject({
    policy: choice('planner.policy', PLANNER_POLICIES),
    interval_seconds: number('planner.interval_seconds').optional(),
    max_gpus: number('planner.max_gpus').optional(),
    min_replicas: z.union([minimum, z.record(z.string(), minimum)]).optional(),
    initial_replicas: z.record(z.string(), number('planner.initial_replicas')).optional(),
    rerole: boolean('planner.rerole').optional(),
    period_seconds: number('planner.period_seconds').nullable().optional(),
    entries: z
      .array(
        z.strictObject({
          at_seconds: number('planner.entries.at_seconds'),
          replicas: z.record(z.string(), number('planner.entries.replicas')),
        }),
      )
      .min(1)
      .optional(),
    scaling: choice('planner.scaling', PLANNER_SCALINGS).optional(),
    ttft_ms: number('planner.ttft_ms').optional(),
    itl_ms: number('planner.itl_ms').optional(),
    scale_down_sensitivity: number('planner.scale_down_sensitivity').optional(),
    throughput_interval_seconds: number('planner.throughput_interval_seconds').optional(),
    max_throughput_scaling_replicas: number('planner.max_throughput_scaling_replicas').optional(),
    samples: number('planner.samples').optional(),
    buckets: number('planner.buckets').optional(),
    min_observations: number('planner.min_observations').optional(),
    forecast: z
      .strictObject({
        model: choice('planner.forecast.model', FORECAST_MODELS).optional(),
        alpha: number('planner.forecast.alpha').optional(),
        beta: number('planner.forecast.beta').optional(),
        gamma: number('planner.forecast.gamma').optional(),
        season_seconds: number('planner.forecast.season_seconds').optional(),
        q_level: number('planner.forecast.q_level').optional(),
        q_trend: number('planner.forecast.q_trend').optional(),
        r: number('planner.forecast.r').optional(),
        min_points: number('planner.forecast.min_points').optional(),
        margin_quantile: number('planner.forecast.margin_quantile').nullable().optional(),
      })
      .optional(),
    targets: z
      .array(
        z.strictObject({
          metric: choice('planner.targets.metric', HPA_METRICS),
          value: number('planner.targets.value'),
        }),
      )
      .min(1)
      .optional(),
    tolerance: number('planner.tolerance').optional(),
    scale_up: scale.optional(),
    scale_down: scale.optional(),
  });
}

export type PlannerInput = z.infer<ReturnType<typeof plannerSchema>>;
