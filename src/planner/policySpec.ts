/** What decides how many replicas there are: plain data. Times in seconds as operators write them. */
export type PolicySpec =
  | { readonly kind: 'static' }
  | { readonly kind: 'schedule'; readonly entries: readonly ScheduleEntry[]; readonly periodS: number | null }
  | { readonly kind: 'thresholds'; readonly target: 'throughput' | 'latency' }
  | SlaSpec
  | HpaSpec;

/** From this moment on (of each period), so many replicas by pool, and which of the planner's routers. */
export interface ScheduleEntry {
  readonly atS: number;
  readonly replicas: readonly number[];
  readonly router?: number;
}

/** Dynamo's planner with optimization target `sla`. */
export interface SlaSpec {
  readonly kind: 'sla';
  readonly ttftMs: number;
  readonly itlMs: number;
  /** Reactive scaling at every tick; null: none. */
  readonly load: { readonly scaleDownSensitivity: number } | null;
  /** Predictive scaling every `everyTicks` ticks; null: none. */
  readonly throughput: {
    readonly everyTicks: number;
    readonly maxChange: number;
    readonly forecast: ForecastSpec;
  } | null;
  readonly regression: RegressionSpec;
}

export interface RegressionSpec {
  /** Passes remembered, spread over so many buckets (a square number). */
  readonly samples: number;
  readonly buckets: number;
  /** Passes below which nothing is predicted. */
  readonly minObservations: number;
}

export interface ForecastSpec {
  readonly model:
    | { readonly kind: 'constant' }
    | {
        readonly kind: 'holt_winters';
        readonly alpha: number;
        readonly beta: number;
        readonly gamma: number;
        /** Of a season; 0: none. */
        readonly seasonTicks: number;
      }
    | {
        readonly kind: 'kalman';
        readonly qLevel: number;
        readonly qTrend: number;
        readonly r: number;
        readonly minPoints: number;
      };
  /** Adds this quantile of the model's own past errors to what it predicts; null: nothing. */
  readonly marginQuantile: number | null;
}

/** What Kubernetes' Horizontal Pod Autoscaler can be given about a pool. */
export const HPA_METRICS = ['requests', 'waiting', 'queued_tokens', 'kv_usage'] as const;
export type HpaMetric = (typeof HPA_METRICS)[number];

/** A pace: at most so many replicas, or per cent of them, in so many seconds. */
export interface HpaRate {
  readonly type: 'pods' | 'percent';
  readonly value: number;
  readonly periodS: number;
}

export interface HpaRules {
  readonly stabilizationS: number;
  /** No rate: no limit. */
  readonly rates: readonly HpaRate[];
  readonly select: 'max' | 'min' | 'disabled';
}

export interface HpaSpec {
  readonly kind: 'hpa';
  /** Average per replica that is aimed at; of several the one that asks for most replicas decides. */
  readonly targets: readonly { readonly metric: HpaMetric; readonly value: number }[];
  /** A ratio this near to 1 changes nothing. */
  readonly tolerance: number;
  readonly up: HpaRules;
  readonly down: HpaRules;
}
