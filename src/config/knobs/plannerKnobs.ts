import { ROUTER_POLICIES } from '../../cluster/router/routerSpec.ts';
import { HPA_METRICS } from '../../planner/policySpec.ts';
import { COUNT, COUNT_OR_ZERO, type Knob, NOT_NEGATIVE, POSITIVE, SWITCH } from '../knob.ts';

export const PLANNER_POLICIES = ['static', 'schedule', 'throughput', 'latency', 'sla', 'hpa'] as const;
export const PLANNER_SCALINGS = ['load', 'throughput', 'both'] as const;
export const FORECAST_MODELS = ['constant', 'holt_winters', 'kalman'] as const;
export const HPA_RATES = ['pods', 'percent'] as const;
export const HPA_SELECTS = ['max', 'min', 'disabled'] as const;

const WEIGHT = { kind: 'number', min: 0, max: 1 } as const;

const SCHEDULE = { 'planner.policy': ['schedule'] } as const;
const SLA = { 'planner.policy': ['sla'] } as const;
const HPA = { 'planner.policy': ['hpa'] } as const;
const HOLT_WINTERS = { ...SLA, 'planner.forecast.model': ['holt_winters'] } as const;
const KALMAN = { ...SLA, 'planner.forecast.model': ['kalman'] } as const;

/** Who changes the number of replicas during the run. Defaults of `sla` are Dynamo's, those of `hpa` Kubernetes'. */
export const PLANNER_KNOBS = [
  {
    path: 'planner.policy',
    domain: { kind: 'choice', choices: PLANNER_POLICIES },
    tunable: true,
    about:
      'static never acts; schedule goes by the clock; throughput and latency are static thresholds; sla scales for TTFT and ITL; hpa as Kubernetes does.',
  },
  {
    path: 'planner.interval_seconds',
    domain: POSITIVE,
    unit: 's',
    tunable: true,
    about: 'Between two looks; 5, for hpa 15.',
  },
  {
    path: 'planner.max_gpus',
    domain: COUNT,
    default: 8,
    tunable: true,
    about: 'GPUs at any moment, those of replicas that start or drain and of warm nodes included.',
  },
  {
    path: 'planner.min_replicas',
    domain: COUNT_OR_ZERO,
    default: 1,
    tunable: true,
    about: 'Of each pool, or of the pools named.',
  },
  {
    path: 'planner.initial_replicas',
    domain: COUNT_OR_ZERO,
    about: 'Replicas of a pool at the beginning, by its name; parallelism.replicas where left out.',
  },
  {
    path: 'planner.rerole',
    domain: SWITCH,
    default: false,
    tunable: true,
    about:
      'A replica taken away when another pool with the same hardware and parallelism grows starts there on its node: it only warms up.',
  },
  {
    path: 'planner.period_seconds',
    domain: POSITIVE,
    unit: 's',
    default: null,
    tunable: true,
    when: SCHEDULE,
    about: 'After which a schedule comes again; null is never.',
  },
  {
    path: 'planner.entries.at_seconds',
    domain: NOT_NEGATIVE,
    unit: 's',
    when: SCHEDULE,
    about: 'From when on, in each period.',
  },
  { path: 'planner.entries.replicas', domain: COUNT_OR_ZERO, when: SCHEDULE, about: 'Of each pool, by its name.' },
  {
    path: 'planner.entries.router',
    domain: { kind: 'choice', choices: ROUTER_POLICIES },
    about: 'Routes from then on, with those settings of the router section that it has.',
  },
  {
    path: 'planner.scaling',
    domain: { kind: 'choice', choices: PLANNER_SCALINGS },
    default: 'load',
    tunable: true,
    when: SLA,
    about:
      'By what replicas do now (load), by a forecast of traffic (throughput), or by load with the forecast as a floor (both).',
  },
  {
    path: 'planner.ttft_ms',
    domain: POSITIVE,
    unit: 'ms',
    tunable: true,
    when: SLA,
    about: "What sla keeps to; evaluation.slo's strictest bound, or 500.",
  },
  {
    path: 'planner.itl_ms',
    domain: POSITIVE,
    unit: 'ms',
    tunable: true,
    when: SLA,
    about: "What sla keeps to; evaluation.slo's strictest bound on tpot_ms or itl_ms, or 50.",
  },
  {
    path: 'planner.scale_down_sensitivity',
    domain: { kind: 'number', above: 0, max: 100 },
    unit: '%',
    default: 80,
    tunable: true,
    when: SLA,
    about: 'Share of its bounds that a fleet smaller by one may use.',
  },
  {
    path: 'planner.throughput_interval_seconds',
    domain: POSITIVE,
    unit: 's',
    default: 180,
    tunable: true,
    when: SLA,
    about: 'Between two forecasts; a multiple of interval_seconds.',
  },
  {
    path: 'planner.max_throughput_scaling_replicas',
    domain: COUNT,
    default: 8,
    tunable: true,
    when: SLA,
    about: 'Most replicas that one forecast adds or removes.',
  },
  {
    path: 'planner.samples',
    domain: COUNT,
    default: 64,
    tunable: true,
    when: SLA,
    about: 'Passes that the regressions remember.',
  },
  {
    path: 'planner.buckets',
    domain: COUNT,
    default: 16,
    tunable: true,
    when: SLA,
    about: 'Parts of the plane of features that they are spread over; a square number.',
  },
  {
    path: 'planner.min_observations',
    domain: COUNT,
    default: 5,
    tunable: true,
    when: SLA,
    about: 'Passes before anything is estimated.',
  },
  {
    path: 'planner.forecast.model',
    domain: { kind: 'choice', choices: FORECAST_MODELS },
    default: 'constant',
    tunable: true,
    when: SLA,
    about: 'How the traffic of the next interval is forecast.',
  },
  {
    path: 'planner.forecast.alpha',
    domain: WEIGHT,
    default: 0.5,
    tunable: true,
    when: HOLT_WINTERS,
    about: 'Weight of the newest value in the level.',
  },
  {
    path: 'planner.forecast.beta',
    domain: WEIGHT,
    default: 0.1,
    tunable: true,
    when: HOLT_WINTERS,
    about: 'Weight of the newest change in the trend.',
  },
  {
    path: 'planner.forecast.gamma',
    domain: WEIGHT,
    default: 0.2,
    tunable: true,
    when: HOLT_WINTERS,
    about: 'Weight of the newest value in the season.',
  },
  {
    path: 'planner.forecast.season_seconds',
    domain: NOT_NEGATIVE,
    unit: 's',
    default: 0,
    tunable: true,
    when: HOLT_WINTERS,
    about: 'Length of a season, a multiple of throughput_interval_seconds; 0 is none.',
  },
  {
    path: 'planner.forecast.q_level',
    domain: NOT_NEGATIVE,
    default: 1,
    tunable: true,
    when: KALMAN,
    about: 'Variance by which the level wanders in an interval.',
  },
  {
    path: 'planner.forecast.q_trend',
    domain: NOT_NEGATIVE,
    default: 0.1,
    tunable: true,
    when: KALMAN,
    about: 'Variance by which the trend wanders in an interval.',
  },
  {
    path: 'planner.forecast.r',
    domain: POSITIVE,
    default: 10,
    tunable: true,
    when: KALMAN,
    about: 'Variance of a measurement.',
  },
  {
    path: 'planner.forecast.min_points',
    domain: COUNT,
    default: 5,
    tunable: true,
    when: KALMAN,
    about: 'Intervals before the filter is believed; until then the last value.',
  },
  {
    path: 'planner.forecast.margin_quantile',
    domain: { kind: 'number', above: 0, max: 1 },
    default: null,
    tunable: true,
    when: SLA,
    about: "Quantile of the forecast's own past errors that is added to it; null is nothing.",
  },
  {
    path: 'planner.targets.metric',
    domain: { kind: 'choice', choices: HPA_METRICS },
    when: HPA,
    about: 'Averaged over ready replicas.',
  },
  { path: 'planner.targets.value', domain: POSITIVE, tunable: true, when: HPA, about: 'What the average is to be.' },
  {
    path: 'planner.tolerance',
    domain: WEIGHT,
    default: 0.1,
    tunable: true,
    when: HPA,
    about: 'Relative distance from the target that changes nothing.',
  },
  {
    path: 'planner.scale.stabilization_seconds',
    domain: NOT_NEGATIVE,
    unit: 's',
    when: HPA,
    about: 'Window whose most cautious recommendation counts: 0 up, 300 down.',
  },
  {
    path: 'planner.scale.rates.type',
    domain: { kind: 'choice', choices: HPA_RATES },
    when: HPA,
    about: 'What is counted.',
  },
  { path: 'planner.scale.rates.value', domain: POSITIVE, when: HPA, about: 'So many pods, or per cent of them.' },
  { path: 'planner.scale.rates.period_seconds', domain: POSITIVE, unit: 's', when: HPA, about: 'In so many seconds.' },
  {
    path: 'planner.scale.select',
    domain: { kind: 'choice', choices: HPA_SELECTS },
    default: 'max',
    when: HPA,
    about: 'The rate that changes most, or least, counts; or there is no change this way.',
  },
] as const satisfies readonly Knob[];
