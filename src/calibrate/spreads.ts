import { BACKENDS, type Backend } from '../catalog/engineProfile.ts';
import { bandOf, type Spread, type Spreads, type SpreadsByBackend } from '../timing/calibration.ts';
import { quantile } from './errors.ts';
import type { MeasuredPoint } from './measuredPoint.ts';
import type { Predicted } from './predicted.ts';

/** Nominal chance of a measurement to lie in its band. */
const CHANCE = 0.8;

/** Fewest residuals, and kinds of server, that say how wide a band is. */
const FEWEST_RESIDUALS = 20;
const FEWEST_KINDS = 2;

/** Predictions of a cross-validation. */
export interface Residuals {
  /** Of points whose kind of server the fit had never seen. */
  readonly unseen: readonly Predicted[];
  /** Of points whose kind has a vector, fitted to other curves of it. */
  readonly seen: readonly Predicted[];
  readonly kindOf: (point: MeasuredPoint) => string;
  /** Curves that the vector of a kind was fitted to. */
  readonly curvesOf: (kind: string) => number;
}

/**
 * Spreads of each backend from how far residuals reach, in logarithms, with and without a vector. Errors of one kind of
 * server go together, so that K kinds are a sample of K: a new one lies sqrt(1 + 1/K) times as far out.
 * @param otherwise spreads of a backend of which there is too little.
 */
export function spreadsOf(residuals: Residuals, otherwise: SpreadsByBackend): SpreadsByBackend {
  const of = (backend: Backend): Spreads => {
    const [unseen, seen] = [residuals.unseen, residuals.seen].map((all) =>
      all.filter(({ point, means }) => point.backend === backend && means !== null),
    );
    const own = { ...residuals, unseen, seen };
    return {
      ttft: spreadOf(own, 'ttft') ?? otherwise[backend].ttft,
      tpot: spreadOf(own, 'tpot') ?? otherwise[backend].tpot,
      correlation: correlationOf(unseen) ?? otherwise[backend].correlation,
    };
  };
  return Object.fromEntries(BACKENDS.map((backend) => [backend, of(backend)])) as unknown as SpreadsByBackend;
}

/** The same predictions with the bands that all other folds give. */
export function withBands(residuals: Residuals, otherwise: SpreadsByBackend): Pick<Residuals, 'unseen' | 'seen'> {
  const { unseen, seen, kindOf, curvesOf } = residuals;
  const folds = [...new Set(unseen.map(({ point }) => point.fold))];
  const others = new Map(
    folds.map((fold) => {
      const elsewhere = (all: readonly Predicted[]) => all.filter(({ point }) => point.fold !== fold);
      return [fold, spreadsOf({ ...residuals, unseen: elsewhere(unseen), seen: elsewhere(seen) }, otherwise)] as const;
    }),
  );
  const banded = (all: readonly Predicted[], curves: (point: MeasuredPoint) => number) =>
    all.map((one): Predicted => {
      const { ttft, tpot } = (others.get(one.point.fold) ?? otherwise)[one.point.backend];
      const count = curves(one.point);
      return { ...one, bands: { ttft: bandOf(ttft, count), tpot: bandOf(tpot, count) } };
    });
  return { unseen: banded(unseen, () => 0), seen: banded(seen, (point) => curvesOf(kindOf(point))) };
}

type Metric = 'ttft' | 'tpot';

function spreadOf({ unseen, seen, kindOf, curvesOf }: Residuals, metric: Metric): Spread | null {
  const whole = reachOf(unseen, metric, kindOf);
  const rest = reachOf(seen, metric, kindOf);
  if (whole === null || rest === null) return null;
  const curves = seen.reduce((sum, { point }) => sum + curvesOf(kindOf(point)), 0) / seen.length;
  return splitSpread(whole, Math.min(whole, rest), curves);
}

/**
 * The parts of a spread: `whole` of a kind of server that nothing is known of, `rest` of one with a vector fitted to so many
 * curves. By bisection: the rest grows with the part within.
 */
export function splitSpread(whole: number, rest: number, curves: number): Spread {
  let [low, high] = [0, rest];
  for (let round = 0; round < 50; round++) {
    const within = (low + high) / 2;
    const between = Math.sqrt(whole ** 2 - within ** 2);
    if (Math.log(bandOf({ between, within }, curves)[1]) < rest) low = within;
    else high = within;
  }
  return { between: threeDigits(Math.sqrt(whole ** 2 - high ** 2)), within: threeDigits(high) };
}

/** How far four of five residuals reach; null where there are too few. */
function reachOf(
  predicted: readonly Predicted[],
  metric: Metric,
  kindOf: (point: MeasuredPoint) => string,
): number | null {
  const usable = predicted.filter(({ point }) => point.trusted[metric]);
  const kinds = new Set(usable.map(({ point }) => kindOf(point))).size;
  if (usable.length < FEWEST_RESIDUALS || kinds < FEWEST_KINDS) return null;
  const distances = usable.map((one) => Math.abs(residualOf(one, metric))).sort((a, b) => a - b);
  return quantile(distances, CHANCE) * Math.sqrt(1 + 1 / kinds);
}

/** Of errors of TTFT and TPOT around 0, a point each. */
function correlationOf(predicted: readonly Predicted[]): number | null {
  const usable = predicted.filter(({ point }) => point.trusted.ttft && point.trusted.tpot);
  if (usable.length < FEWEST_RESIDUALS) return null;
  const sum = (a: Metric, b: Metric) =>
    usable.reduce((total, one) => total + residualOf(one, a) * residualOf(one, b), 0);
  return threeDigits(sum('ttft', 'tpot') / Math.sqrt(sum('ttft', 'ttft') * sum('tpot', 'tpot')));
}

function residualOf({ point, means }: Predicted, metric: Metric): number {
  return Math.log(point[`${metric}Ms`] / means![`${metric}Ms`]);
}

function threeDigits(value: number): number {
  return Number(value.toPrecision(3));
}
