import { canonicalJson } from '../base/canonicalJson.ts';
import { sha256Hex } from '../base/sha256.ts';
import { derivedParameters } from '../catalog/weights.ts';
import { type Calibration, groupKey } from '../timing/calibration.ts';
import { type Coefficients, type GroupVector, NO_CORRECTION, type TimingModel } from '../timing/coefficients.ts';
import { gpusPerReplica } from '../timing/replica.ts';
import { COEFFICIENT_MOVES, fitCoefficients, fitGroup, GROUP_MOVES } from './fit.ts';
import { replicaOf } from './launch.ts';
import { type Linearisation, linearise, type Replays } from './linearise.ts';
import type { MeasuredPoint } from './measuredPoint.ts';
import { groupsBy, type Predicted } from './predicted.ts';
import { type Residuals, spreadsOf, withBands } from './spreads.ts';
import { errorsOf, type MetricErrors } from './validation.ts';

/** What a fit starts from and is pulled towards. */
export interface Origin {
  readonly coefficients: Coefficients;
  /** Spread of each coefficient's logarithm. */
  readonly sds: Coefficients;
  /** Where to begin; left out: at the prior. */
  readonly start?: Coefficients;
  readonly rounds: number;
  /** Spreads where the points cannot tell. */
  readonly spreads: Calibration['spreads'];
}

export interface CalibrationOutcome {
  readonly calibration: Calibration;
  readonly errors: CalibrationErrors;
  /** Predictions of every point by a fit that never saw its fold, with bands from the other folds. */
  readonly heldOut: readonly Predicted[];
  /** The same with each kind of server's vector fitted to a quarter of its own curves, on the other three. */
  readonly quarter: readonly Predicted[];
}

/** Errors on the points of the fit, and on points it had not seen. */
export interface CalibrationErrors {
  readonly in_sample: MetricErrors;
  /** Each fold by a fit to the others; null with fewer than two folds. */
  readonly held_out: MetricErrors | null;
  /** Three quarters of each group's curves, its vector fitted to the other quarter. */
  readonly group_quarter: MetricErrors | null;
}

/**
 * Fits the coefficients to trusted points, then a vector to each kind of server. Nothing is random, and nothing is tuned on a
 * fold that it is judged on.
 */
export async function calibrate(
  all: readonly MeasuredPoint[],
  origin: Origin,
  replayer: Replays,
  note: (text: string) => void = () => {},
): Promise<CalibrationOutcome> {
  const points = all.filter(({ trusted }) => trusted.ttft || trusted.tpot);
  const kinds = new Map(points.map((point) => [point, groupKey(replicaOf(point), point.backend)]));
  const kindOf = (point: MeasuredPoint) => kinds.get(point) ?? '';

  let at = origin.start ?? origin.coefficients;
  let line: Linearisation | null = null;
  let from = at;
  for (let round = 0; round < origin.rounds; round++) {
    note(`round ${round + 1} of ${origin.rounds}: ${points.length} points, ${COEFFICIENT_MOVES.length} coefficients`);
    const base: TimingModel = { coefficients: at, group: null };
    line = await linearise(points, () => base, COEFFICIENT_MOVES, replayer);
    from = at;
    at = fitCoefficients(line, from, origin, points, () => true, kindOf);
  }

  const folds = [...new Set(points.map(({ fold }) => fold))].sort();
  const byFold = new Map(
    folds.map((fold) => [fold, fitCoefficients(line!, from, origin, points, (point) => point.fold !== fold, kindOf)]),
  );
  note(`groups: ${new Set(kinds.values()).size} kinds of server`);
  const shared: TimingModel = { coefficients: at, group: null };
  const groupLine = await linearise(points, () => shared, GROUP_MOVES, replayer);
  const vectors = vectorsOf(groupLine, points, kindOf, () => true);
  const quarterVectors = vectorsOf(groupLine, points, kindOf, inFirstQuarter(points, kindOf));

  const predict = async (some: readonly MeasuredPoint[], modelOf: (point: MeasuredPoint) => TimingModel) => {
    const replayed = await replayer.replay(some, modelOf);
    return some.map((point, index): Predicted => {
      const one = replayed[index];
      return { point, means: one.means, message: one.means === null ? one.message : '', bands: null };
    });
  };
  note('errors in sample and held out');
  const fitted = await predict(points, (point) => ({ coefficients: at, group: vectors.get(kindOf(point)) ?? null }));
  const heldOut =
    folds.length < 2 ? [] : await predict(points, ({ fold }) => ({ coefficients: byFold.get(fold)!, group: null }));
  const isQuarter = inFirstQuarter(points, kindOf);
  const rest = points.filter((point) => !isQuarter(point));
  const quarter = await predict(rest, (point) => ({
    coefficients: at,
    group: quarterVectors.get(kindOf(point)) ?? null,
  }));

  const active = points.map((point) => threeDigits(derivedParameters(replicaOf(point).model).active / 1e9));
  const residuals: Residuals = {
    unseen: heldOut,
    seen: quarter,
    kindOf,
    curvesOf: (kind) => curvesIn(points.filter((point) => kindOf(point) === kind && isQuarter(point))),
  };
  const banded = withBands(residuals, origin.spreads);
  return {
    calibration: {
      data: { digest: sha256Hex(canonicalJson(points)), points: points.length },
      coefficients: rounded(at),
      groups: Object.fromEntries(
        groupsBy(points, kindOf).map(([kind, members]) => [
          kind,
          {
            ...rounded(vectors.get(kind) ?? NO_CORRECTION),
            points: members.length,
            curves: curvesIn(members),
          },
        ]),
      ),
      spreads: spreadsOf(residuals, origin.spreads),
      covers: {
        hardware: distinct(points.map(({ hardware }) => hardware)),
        models: distinct(points.map(({ model }) => model)),
        formats: distinct(points.flatMap(({ weightDtype, expertDtype }) => [weightDtype, expertDtype])),
        activeParameters: [Math.min(...active), Math.max(...active)],
        gpus: Math.max(...points.map(({ parallelism }) => gpusPerReplica(parallelism))),
        contextTokens: Math.max(...points.map(({ inputTokens, outputTokens }) => inputTokens + outputTokens)),
      },
    },
    errors: {
      in_sample: errorsOf(fitted, true),
      held_out: heldOut.length === 0 ? null : errorsOf(banded.unseen, true),
      group_quarter: quarter.length === 0 ? null : errorsOf(banded.seen, true),
    },
    heldOut: banded.unseen,
    quarter: banded.seen,
  };
}

function vectorsOf(
  line: Linearisation,
  points: readonly MeasuredPoint[],
  kindOf: (point: MeasuredPoint) => string,
  uses: (point: MeasuredPoint) => boolean,
): Map<string, GroupVector> {
  return new Map(
    groupsBy(points, kindOf).map(([kind]) => [
      kind,
      fitGroup(line, NO_CORRECTION, points, (point) => kindOf(point) === kind && uses(point)),
    ]),
  );
}

function curvesIn(points: readonly MeasuredPoint[]): number {
  return distinct(points.map(({ curve }) => curve)).length;
}

/** Every fourth curve of each kind of server, in the order of their names, from the first on. */
function inFirstQuarter(points: readonly MeasuredPoint[], kindOf: (point: MeasuredPoint) => string) {
  const chosen = new Set<string>();
  for (const [, members] of groupsBy(points, kindOf)) {
    const curves = distinct(members.map(({ curve }) => curve));
    for (const [index, curve] of curves.entries()) if (index % 4 === 0) chosen.add(curve);
  }
  return ({ curve }: MeasuredPoint) => chosen.has(curve);
}

function rounded<T extends object>(values: T): T {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, Number((value as number).toPrecision(4))]),
  ) as T;
}

function threeDigits(value: number): number {
  return Number(value.toPrecision(3));
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values)].sort();
}
