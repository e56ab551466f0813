import { BACKENDS, type Backend } from '../catalog/engineProfile.ts';
import type { Band, Bands, BandsByBackend } from '../timing/calibration.ts';
import { quantile } from './errors.ts';
import type { MeasuredPoint } from './measuredPoint.ts';
import type { Predicted } from './predicted.ts';

/** Nominal chance of a measurement to lie in its band. */
const CHANCE = 0.8;

/** Fewest residuals, and kinds of server, that say how wide a band is. */
const FEWEST_RESIDUALS = 20;
const FEWEST_KINDS = 2;

/**
 * Bands of each backend: as wide, in logarithms and on either side, as four of five residuals are large. Errors of one kind
 * of server go together, so that K kinds are a sample of K: a new one lies sqrt(1 + 1/K) times as far out.
 * @param otherwise bands of a backend of which there is too little.
 */
export function bandsOf(
  predicted: readonly Predicted[],
  kindOf: (point: MeasuredPoint) => string,
  otherwise: BandsByBackend,
): BandsByBackend {
  const of = (backend: Backend): Bands => {
    const own = predicted.filter(({ point }) => point.backend === backend);
    return {
      ttft: bandOf(own, 'ttft', kindOf, otherwise[backend]),
      tpot: bandOf(own, 'tpot', kindOf, otherwise[backend]),
    };
  };
  return Object.fromEntries(BACKENDS.map((backend) => [backend, of(backend)])) as unknown as BandsByBackend;
}

/** Each prediction with the bands that all other folds give. */
export function withBands(
  predicted: readonly Predicted[],
  kindOf: (point: MeasuredPoint) => string,
  otherwise: BandsByBackend,
): Predicted[] {
  const folds = [...new Set(predicted.map(({ point }) => point.fold))];
  const byFold = new Map(
    folds.map((fold) => [
      fold,
      bandsOf(
        predicted.filter(({ point }) => point.fold !== fold),
        kindOf,
        otherwise,
      ),
    ]),
  );
  return predicted.map((one) => ({ ...one, bands: byFold.get(one.point.fold)![one.point.backend] }));
}

function bandOf(
  predicted: readonly Predicted[],
  metric: 'ttft' | 'tpot',
  kindOf: (point: MeasuredPoint) => string,
  otherwise: Bands,
): Band {
  const usable = predicted.filter(({ point, means }) => means !== null && point.trusted[metric]);
  const kinds = new Set(usable.map(({ point }) => kindOf(point))).size;
  if (usable.length < FEWEST_RESIDUALS || kinds < FEWEST_KINDS) return otherwise[metric];
  const distances = usable
    .map(({ point, means }) => Math.abs(Math.log(point[`${metric}Ms`] / means![`${metric}Ms`])))
    .sort((a, b) => a - b);
  const half = quantile(distances, CHANCE) * Math.sqrt(1 + 1 / kinds);
  return [threeDigits(Math.exp(-half)), threeDigits(Math.exp(half))];
}

function threeDigits(value: number): number {
  return Number(value.toPrecision(3));
}
