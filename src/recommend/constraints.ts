/** What a deployment must hold besides running: the goal's SLO, and bounds on metrics and knobs. */
import type { PredictConfig } from '../config/predictConfig.ts';
import type { ConstraintRule, RecommendConfig } from '../config/recommendConfig.ts';
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
  constraints: RecommendConfig['constraints'],
  slo: SloSpec | null,
): string[] {
  return [...sloViolations(report, slo), ...ruleViolations(report, constraints.rules)];
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

function ruleViolations(report: Report, rules: readonly ConstraintRule[]): string[] {
  return rules
    .filter((rule) => rule.metric !== undefined && !within(metricValue(report, rule.metric), rule))
    .map((rule) => boundName(rule.metric!, rule));
}

/** The first rule on a knob that the configuration breaks, by name; null when it keeps them all. */
export function brokenKnobRule(config: PredictConfig, rules: readonly ConstraintRule[]): string | null {
  const broken = rules.find(
    (rule) => rule.knob !== undefined && knobValues(config, rule.knob.split('.')).some((value) => !within(value, rule)),
  );
  return broken === undefined ? null : boundName(broken.knob!, broken);
}

function within(value: number, { min, max }: ConstraintRule): boolean {
  return (min === null || value >= min) && (max === null || value <= max);
}

/** Numbers at a path; a path that leads through a list of pools without naming one means all of them. */
function knobValues(node: unknown, path: readonly string[]): number[] {
  if (path.length === 0) return typeof node === 'number' ? [node] : [];
  if (typeof node !== 'object' || node === null) return [];
  const [step, ...rest] = path;
  if (Array.isArray(node) && !/^\d+$/.test(step)) return node.flatMap((item) => knobValues(item, path));
  return knobValues((node as Record<string, unknown>)[step], rest);
}
