import type { TimingModel } from '../timing/coefficients.ts';
import type { MeasuredPoint } from './measuredPoint.ts';
import type { Means } from './replay.ts';
import type { Replayer } from './replayer.ts';

/** One parameter of a fit, as a small change of the timing model. */
export interface Move {
  readonly name: string;
  /** The model with the parameter's logarithm (or exponent) larger by `step`. */
  apply(model: TimingModel, step: number): TimingModel;
  /** Whether the parameter can change the point's prediction at all. */
  concerns(point: MeasuredPoint): boolean;
}

/** Predictions at one timing model and how they change with each parameter. */
export interface Linearisation {
  readonly means: readonly (Means | null)[];
  /** By point, by parameter: change of the logarithm of a mean per unit of the parameter. */
  readonly slopes: readonly { readonly ttft: readonly number[]; readonly tpot: readonly number[] }[];
}

export type Replays = Pick<Replayer, 'replay'>;

/** Step for slopes: means are piecewise smooth in the parameters. */
const STEP = 0.05;

/** Slopes hardly depend on how long a run is: they are taken on short ones. */
const SLOPE_REQUESTS_PER_SLOT = 2;

/** Replays every point once, and a short run of it again and again: as it is and for each parameter that concerns it. */
export async function linearise(
  points: readonly MeasuredPoint[],
  modelOf: (point: MeasuredPoint) => TimingModel,
  moves: readonly Move[],
  replayer: Replays,
): Promise<Linearisation> {
  const meansOf = async (some: readonly MeasuredPoint[], model: (point: MeasuredPoint) => TimingModel) => {
    return (await replayer.replay(some, model)).map(({ means }) => means);
  };
  const means = await meansOf(points, modelOf);
  const short = points.map((point) => ({
    ...point,
    requestsPerSlot: Math.min(point.requestsPerSlot, SLOPE_REQUESTS_PER_SLOT),
  }));
  const base = await meansOf(short, modelOf);
  const slopes = points.map(() => ({ ttft: moves.map(() => 0), tpot: moves.map(() => 0) }));
  for (const [column, move] of moves.entries()) {
    const concerned = [...points.keys()].filter((row) => base[row] !== null && move.concerns(points[row]));
    const moved = await meansOf(
      concerned.map((row) => short[row]),
      (point) => move.apply(modelOf(point), STEP),
    );
    for (const [index, row] of concerned.entries()) {
      const [from, to] = [base[row], moved[index]];
      if (from === null || to === null) continue;
      slopes[row].ttft[column] = Math.log(to.ttftMs / from.ttftMs) / STEP;
      slopes[row].tpot[column] = Math.log(to.tpotMs / from.tpotMs) / STEP;
    }
  }
  return { means, slopes };
}
