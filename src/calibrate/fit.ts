import type { Backend } from '../catalog/engineProfile.ts';
import {
  COEFFICIENT_NAMES,
  type Coefficients,
  GROUP_NAMES,
  type GroupVector,
  NO_CORRECTION,
} from '../timing/coefficients.ts';
import { type Observation, type Prior, robustStep } from './leastSquares.ts';
import type { Linearisation, Move } from './linearise.ts';
import type { MeasuredPoint } from './measuredPoint.ts';

/** Scatter of log(predicted / measured) between servers of different kinds, and of one kind. */
const BETWEEN_SD = { tpot: 0.12, ttft: 0.3 } as const;
const WITHIN_SD = { tpot: 0.08, ttft: 0.2 } as const;
/** Errors of points of one kind of server go together, as those of one curve do: this share of their variance is common. */
const COMMON_SHARE = 0.3;

/** Scheduling decides TTFT: without the launch recipe it says a third as much about passes in general. */
const UNKNOWN_RECIPE = 3;

/** A priori spread of a group's vector. */
const GROUP_SD: Readonly<Record<keyof GroupVector, number>> = {
  decode: 0.1,
  prefill: 0.1,
  context: 0.15,
  decode_batch: 0.03,
  gpus: 0.03,
  overhead: 0.15,
};

/** Steps beyond this go further than a linearisation reaches. */
const LONGEST_STEP = 0.7;

/** No coefficient goes further from its prior than so many of its spreads, whatever a few points say. */
const FARTHEST_SDS = 2.5;

/** The coefficients as parameters; those of one backend concern its points only. */
export const COEFFICIENT_MOVES: readonly Move[] = COEFFICIENT_NAMES.map((name) => ({
  name,
  apply: ({ coefficients, group }, step) => ({
    coefficients: { ...coefficients, [name]: coefficients[name] * Math.exp(step) },
    group,
  }),
  concerns: ({ backend, weightDtype, expertDtype }) => {
    const format = /^format_(fp8_block|[a-z0-9]+)/.exec(name)?.[1];
    if (format !== undefined && weightDtype !== format && expertDtype !== format) return false;
    const own = /_(vllm|sglang|trtllm)(?:_|$)/.exec(name)?.[1] as Backend | undefined;
    return own === undefined || own === backend;
  },
}));

/** A group's vector as parameters. */
export const GROUP_MOVES: readonly Move[] = GROUP_NAMES.map((name) => ({
  name,
  apply: ({ coefficients, group }, step) => {
    const vector = group ?? NO_CORRECTION;
    return { coefficients, group: { ...vector, [name]: vector[name] + step } };
  },
  concerns: () => true,
}));

/**
 * The coefficients that fit the points, as far as `line`, taken at `at`, reaches.
 * @param uses which points to fit to; @param kindOf the kind of server a point belongs to.
 */
export function fitCoefficients(
  line: Linearisation,
  at: Coefficients,
  prior: { readonly coefficients: Coefficients; readonly sds: Coefficients },
  points: readonly MeasuredPoint[],
  uses: (point: MeasuredPoint) => boolean,
  kindOf: (point: MeasuredPoint) => string,
): Coefficients {
  const sizes = new Map<string, number>();
  for (const point of points) if (uses(point)) sizes.set(kindOf(point), (sizes.get(kindOf(point)) ?? 0) + 1);
  const weightOf = (point: MeasuredPoint) => 1 / (1 + COMMON_SHARE * ((sizes.get(kindOf(point)) ?? 1) - 1));
  const priors = COEFFICIENT_NAMES.map((name) => ({
    offset: Math.log(prior.coefficients[name] / at[name]),
    sd: prior.sds[name],
  }));
  const step = robustStep(observationsOf(line, points, uses, weightOf, BETWEEN_SD, UNKNOWN_RECIPE), priors);
  const entries = COEFFICIENT_NAMES.map((name, index) => {
    const moved = Math.log(at[name]) + limited(step[index]);
    const [middle, reach] = [Math.log(prior.coefficients[name]), FARTHEST_SDS * prior.sds[name]];
    return [name, Math.exp(Math.max(middle - reach, Math.min(middle + reach, moved)))];
  });
  return Object.fromEntries(entries) as unknown as Coefficients;
}

/** The vector that fits the points of one group, pulled towards none: few points move it little. */
export function fitGroup(
  line: Linearisation,
  at: GroupVector,
  points: readonly MeasuredPoint[],
  uses: (point: MeasuredPoint) => boolean,
): GroupVector {
  const sizes = new Map<string, number>();
  for (const point of points) if (uses(point)) sizes.set(point.curve, (sizes.get(point.curve) ?? 0) + 1);
  const weightOf = ({ curve }: MeasuredPoint) => 1 / (1 + COMMON_SHARE * ((sizes.get(curve) ?? 1) - 1));
  const priors = GROUP_NAMES.map((name): Prior => ({ offset: -at[name], sd: GROUP_SD[name] }));
  const step = robustStep(observationsOf(line, points, uses, weightOf, WITHIN_SD, 1), priors);
  const entries = GROUP_NAMES.map((name, index) => [name, at[name] + limited(step[index])]);
  return Object.fromEntries(entries) as unknown as GroupVector;
}

function observationsOf(
  { means, slopes }: Linearisation,
  points: readonly MeasuredPoint[],
  uses: (point: MeasuredPoint) => boolean,
  weightOf: (point: MeasuredPoint) => number,
  sds: { readonly ttft: number; readonly tpot: number },
  unknownRecipe: number,
): Observation[] {
  return points.flatMap((point, row) => {
    const mean = means[row];
    if (mean === null || !uses(point)) return [];
    return (['tpot', 'ttft'] as const)
      .filter((metric) => point.trusted[metric])
      .map((metric) => ({
        residual: Math.log(mean[`${metric}Ms`] / point[`${metric}Ms`]),
        slopes: slopes[row][metric],
        sd: sds[metric] * (metric === 'ttft' && !point.recipeKnown ? unknownRecipe : 1),
        weight: weightOf(point),
      }));
  });
}

function limited(step: number): number {
  return Math.max(-LONGEST_STEP, Math.min(LONGEST_STEP, step));
}
