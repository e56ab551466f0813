import { didYouMean } from '../base/closest.ts';
import { isMetric, METRICS, metricDirection } from '../metrics/metricNames.ts';
import type { SloSpec } from '../metrics/report.ts';
import { findKnob, knobDefault } from './knobs.ts';
import type { Path } from './paths.ts';
import type { PredictConfig } from './predictConfig.ts';
import type { Problems } from './problems.ts';
import type { ConstraintRule, Domain, GoalKind, ObjectiveSpec, RecommendConfig, Scalar } from './recommendConfig.ts';
import type { RecommendInput } from './recommendSchema.ts';

type Optimization = NonNullable<RecommendInput['optimization']>;

/** Throughputs that a given load fixes: they only differ between deployments as the load is scaled up. */
const CAPACITY_METRICS: readonly string[] = [
  'requests_per_s',
  'input_tokens_per_s',
  'output_tokens_per_s',
  'output_tokens_per_s_per_gpu',
  'goodput_requests_per_s',
  'goodput_output_tokens_per_s_per_gpu',
];

const DEFAULT_OBJECTIVES: Readonly<Record<GoalKind, readonly string[]>> = {
  given_load: ['usd_per_hour', 'p95_e2e_ms'],
  load_ladder: ['output_tokens_per_s_per_gpu', 'output_tokens_per_s_per_user'],
  capacity: ['output_tokens_per_s_per_gpu', 'usd_per_hour'],
};

/** The goal; a single objective is joined by the kind's other one, since one objective has no frontier. */
export function resolveGoal(
  input: Optimization['objectives'],
  traffic: PredictConfig['traffic'],
  domains: readonly Domain[],
  slo: SloSpec | null,
  problems: Problems,
): RecommendConfig['goal'] {
  const given = (input ?? []).flatMap((each, index) => resolveObjective(each, index, problems));
  const kind = goalKind(given[0]?.metric, traffic, domains);
  if (kind === 'capacity' && slo === null) {
    problems.add(
      ['optimization', 'objectives', 0],
      `at a given load, ${given[0].metric} is the highest load held within evaluation.slo, and there is none`,
      'set evaluation.slo, or take another objective',
    );
  }
  const defaults = DEFAULT_OBJECTIVES[kind].map((metric) => ({ metric, direction: metricDirection(metric) }));
  const partner = given.length === 1 ? defaults.find(({ metric }) => metric !== given[0].metric) : undefined;
  const objectives = given.length === 0 ? defaults : partner === undefined ? given : [...given, partner];
  return { kind, objectives, slo };
}

function goalKind(first: string | undefined, traffic: PredictConfig['traffic'], domains: readonly Domain[]): GoalKind {
  if (traffic.load.type === 'concurrency') return 'load_ladder';
  if (domains.some((domain) => domain.path.startsWith('traffic.load.'))) return 'load_ladder';
  return first !== undefined && CAPACITY_METRICS.includes(first) ? 'capacity' : 'given_load';
}

function resolveObjective(
  input: NonNullable<Optimization['objectives']>[number],
  index: number,
  problems: Problems,
): ObjectiveSpec[] {
  const { metric, direction } = typeof input === 'string' ? { metric: input, direction: undefined } : input;
  const path: Path = ['optimization', 'objectives', index];
  const metricPath = typeof input === 'string' ? path : [...path, 'metric'];
  if (!knownMetric(metric, metricPath, problems)) return [];
  const natural = metricDirection(metric);
  if (direction !== undefined && direction !== natural) {
    problems.add([...path, 'direction'], `must be ${natural} for ${metric}, got "${direction}"`);
  }
  return [{ metric, direction: natural }];
}

function knownMetric(metric: string, path: Path, problems: Problems): boolean {
  if (isMetric(metric)) return true;
  problems.add(path, `unknown metric "${metric}"`, didYouMean(metric, METRICS));
  return false;
}

export function resolveConstraints(
  input: Optimization['constraints'],
  problems: Problems,
): RecommendConfig['constraints'] {
  const at = 'optimization.constraints';
  const fewest = input?.min_candidate_gpus ?? knobDefault<number>(`${at}.min_candidate_gpus`);
  const most = input?.max_candidate_gpus ?? knobDefault<number>(`${at}.max_candidate_gpus`);
  if (most < fewest) {
    problems.add(
      [...at.split('.'), 'max_candidate_gpus'],
      `must be at least min_candidate_gpus (${fewest}), got ${most}`,
    );
  }
  return {
    min_candidate_gpus: fewest,
    max_candidate_gpus: most,
    max_usd_per_hour: input?.max_usd_per_hour ?? null,
    rules: (input?.rules ?? []).map((rule, index) => resolveRule(rule, [...at.split('.'), 'rules', index], problems)),
  };
}

function resolveRule(
  rule: NonNullable<NonNullable<Optimization['constraints']>['rules']>[number],
  path: Path,
  problems: Problems,
): ConstraintRule {
  const { metric, knob } = rule;
  const when: Record<string, readonly Scalar[]> = {};
  for (const [condition, value] of Object.entries(rule.when ?? {})) {
    if (findKnob(condition) === undefined) problems.add([...path, 'when', condition], 'must be the path of a field');
    when[condition] = Array.isArray(value) ? value : [value];
  }
  const bounds = { min: rule.min ?? null, max: rule.max ?? null, when };
  if ((metric === undefined) === (knob === undefined)) problems.add(path, 'must have exactly one of metric and knob');
  if (bounds.min === null && bounds.max === null) problems.add(path, 'must have min or max');
  if (bounds.min !== null && bounds.max !== null && bounds.max < bounds.min) {
    problems.add([...path, 'max'], `must be at least min (${bounds.min}), got ${bounds.max}`);
  }
  if (metric !== undefined) {
    knownMetric(metric, [...path, 'metric'], problems);
    return { metric, ...bounds };
  }
  if (knob === undefined) return bounds;
  const kind = findKnob(knob)?.domain.kind;
  if (kind !== 'integer' && kind !== 'number')
    problems.add([...path, 'knob'], `must be the path of a number, got "${knob}"`);
  return { knob, ...bounds };
}
