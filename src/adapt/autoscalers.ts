import type { PlannerConfig, ScaleConfig } from '../config/plannerConfig.ts';
import type { Shape } from './shapes.ts';

/** Requests a replica that the HPA is tried with. */
const HPA_TARGETS = [2, 4, 8, 16, 32];
const UP: ScaleConfig = {
  stabilization_seconds: 0,
  rates: [{ type: 'pods', value: 4, period_seconds: 15 }],
  select: 'max',
};
const DOWN: ScaleConfig = { stabilization_seconds: 300, rates: [], select: 'max' };

/** Autoscalers to try on one shape; none may have more than the goal allows. */
export function autoscalers(
  { config: { engine, evaluation } }: Shape,
  maxGpus: number,
): { readonly name: string; readonly planner: PlannerConfig }[] {
  const pools = Object.values(engine.workers).flat();
  const limits = { max_gpus: maxGpus, min_replicas: Object.fromEntries(pools.map(({ name }) => [name, 1])) };
  const hpa = HPA_TARGETS.map((value) => ({
    name: `HPA at ${value} requests`,
    planner: {
      ...limits,
      policy: 'hpa' as const,
      interval_seconds: 15,
      targets: [{ metric: 'requests' as const, value }],
      tolerance: 0.1,
      scale_up: UP,
      scale_down: DOWN,
    },
  }));
  const bounds = Object.values(evaluation.slo?.ttft_ms ?? {});
  const paces = [...Object.values(evaluation.slo?.tpot_ms ?? {}), ...Object.values(evaluation.slo?.itl_ms ?? {})];
  const sla = {
    name: 'SLA load scaling',
    planner: {
      ...limits,
      policy: 'sla' as const,
      interval_seconds: 5,
      scaling: 'load' as const,
      ttft_ms: bounds.length === 0 ? 500 : Math.min(...bounds),
      itl_ms: paces.length === 0 ? 50 : Math.min(...paces),
      scale_down_sensitivity: 80,
      samples: 64,
      buckets: 16,
      min_observations: 5,
    },
  };
  return [...hpa, sla];
}
