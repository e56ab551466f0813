/** What a deployment must hold besides running: the goal's SLO, and bounds on metrics and knobs. */
import { log } from '../base/math.ts';
import type { PredictConfig } from '../config/predictConfig.ts';
import type { ConstraintRule, RecommendConfig, Scalar } from '../config/recommendConfig.ts';
import { metricValue } from '../metrics/metricNames.ts';
import type { Report, SloBounds, SloMetric, SloSpec, SloStatistic } from '../metrics/report.ts';

/** A bound as it is named in counts and tables: `p95_ttft_ms <= 3000`. */
export function boundName(metric: string, bound: { min?: number | null; max?: number | null }): string {
  const parts = [
    ...(bound.min == null ? [] : [`${metric} >= ${bound.min}`]),
    ...(bound.max == null ? [] : [`${metric} <= ${bound.max}`]),
  ];
  return parts.join(' and ');
}

export interface StatedBound {
  readonly metric: SloMetric;
  readonly statistic: SloStatistic;
  readonly bound: number;
  readonly name: string;
}

/** The bounds on all requests, flat; those of classes are left to the report. */
export function statedBounds(slo: SloSpec | null): StatedBound[] {
  const { classes: _, ...general } = slo ?? {};
  return Object.entries(general as SloBounds).flatMap(([metric, statistics]) =>
    Object.entries(statistics).map(([statistic, bound]) => ({
      metric: metric as SloMetric,
      statistic: statistic as SloStatistic,
      bound,
      name: boundName(`${statistic}_${metric}`, { max: bound }),
    })),
  );
}

/**
 * The bounds that hold for every request alike, which the report's statistics show. Where classes have bounds of their
 * own on a metric the general bound is for the others, and only the verdicts are known.
 */
export function sharedBounds(slo: SloSpec | null): StatedBound[] {
  const classes = Object.values(slo?.classes ?? {});
  return statedBounds(slo).filter(({ metric }) => classes.every((own) => own[metric] === undefined));
}

/** Everything a simulated candidate violates, by name; empty when it is feasible. */
export function violationsOf(
  report: Report,
  config: PredictConfig,
  constraints: RecommendConfig['constraints'],
  slo: SloSpec | null,
): string[] {
  return [...sloViolations(report, slo), ...ruleViolations(report, config, rulesOf(config, constraints))];
}

/**
 * How far from feasible a simulated candidate is, as a logarithm of the worst bound's excess: at most 0 when every bound
 * holds, 0.1 when the worst is missed by some 10 %.
 */
export function marginOf(
  report: Report,
  config: PredictConfig,
  constraints: RecommendConfig['constraints'],
  slo: SloSpec | null,
): number {
  const slack = report.slo.worst_slack ?? Number.POSITIVE_INFINITY;
  const margins = rulesOf(config, constraints)
    .filter((rule) => rule.metric !== undefined && applies(config, rule))
    .flatMap(({ metric, min, max }) => {
      const value = metricValue(report, metric!);
      return [...(max === null ? [] : [excess(value, max)]), ...(min === null ? [] : [excess(min, value)])];
    });
  const worst = Math.max(
    FAR_INSIDE,
    slack === Number.POSITIVE_INFINITY ? FAR_INSIDE : excess(1 - slack, 1),
    ...margins,
  );
  const feasible = violationsOf(report, config, constraints, slo).length === 0;
  return feasible ? Math.min(0, worst) : Math.max(JUST_OUTSIDE, Math.min(FAR_OUTSIDE, worst));
}

/** What a planner spends is known after the run; of other fleets those over budget are not simulated. */
function rulesOf(
  { planner }: PredictConfig,
  { rules, max_usd_per_hour: max }: RecommendConfig['constraints'],
): readonly ConstraintRule[] {
  if (planner === undefined || max === null) return rules;
  return [...rules, { metric: 'usd_per_hour', min: null, max, when: {} }];
}

const FAR_INSIDE = -3;
const JUST_OUTSIDE = 0.001;
const FAR_OUTSIDE = 3;

function excess(value: number, bound: number): number {
  if (!(value > 0) || !(bound > 0)) return value <= bound ? FAR_INSIDE : FAR_OUTSIDE;
  return Number.isFinite(value) ? log(value / bound) : FAR_OUTSIDE;
}

function sloViolations(report: Report, slo: SloSpec | null): string[] {
  if (report.slo.met) return [];
  const broken = sharedBounds(slo)
    .filter(({ metric, statistic, bound }) => metricValue(report, `${statistic}_${metric}`) > bound)
    .map(({ name }) => name);
  const ofClasses = Object.entries(report.slo.by_class)
    .filter(([, verdict]) => slo?.classes !== undefined && !verdict.met)
    .map(([name]) => `SLO of class ${name}`);
  if (broken.length > 0 || ofClasses.length > 0) return [...broken, ...ofClasses];
  return ['SLO, by requests that were not served'];
}

function ruleViolations(report: Report, config: PredictConfig, rules: readonly ConstraintRule[]): string[] {
  return rules
    .filter((rule) => rule.metric !== undefined && applies(config, rule))
    .filter((rule) => !within(metricValue(report, rule.metric!), rule))
    .map((rule) => boundName(rule.metric!, rule));
}

/** The first rule on a knob that the configuration breaks, by name; null when it keeps them all. */
export function brokenKnobRule(config: PredictConfig, rules: readonly ConstraintRule[]): string | null {
  const broken = rules.find(
    (rule) =>
      rule.knob !== undefined &&
      applies(config, rule) &&
      knobValues(config, rule.knob).some((value) => typeof value === 'number' && !within(value, rule)),
  );
  return broken === undefined ? null : boundName(broken.knob!, broken);
}

/** Whether a rule's `when` holds: every knob it names has one of the values, in some pool at least. */
function applies(config: PredictConfig, { when }: ConstraintRule): boolean {
  return Object.entries(when).every(([knob, values]) =>
    knobValues(config, knob).some((value) => values.includes(value)),
  );
}

function within(value: number, { min, max }: ConstraintRule): boolean {
  return (min === null || value >= min) && (max === null || value <= max);
}

/** Scalars at a path; a path that leads through a list of pools without naming one means all of them. */
function knobValues(config: PredictConfig, path: string): Scalar[] {
  return valuesAt(config, path.split('.'));
}

function valuesAt(node: unknown, path: readonly string[]): Scalar[] {
  if (path.length === 0) return typeof node === 'object' || node === undefined ? [] : [node as Scalar];
  if (typeof node !== 'object' || node === null) return [];
  const [step, ...rest] = path;
  if (Array.isArray(node) && !/^\d+$/.test(step)) return node.flatMap((item) => valuesAt(item, path));
  return valuesAt((node as Record<string, unknown>)[step], rest);
}
