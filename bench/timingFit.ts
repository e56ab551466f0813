import { FITTED_SCALES, type RooflineScales } from '../src/timing/constants.ts';
import { type MeasuredPoint, predictTpotMs } from './timingPoints.ts';

/** Hand-set scales that the fit is pulled towards. */
const PRIOR: RooflineScales = {
  gemm: 0.7,
  moe: 0.77,
  attention: 1.02,
  collectives: 1.57,
  elementwise: 3.7,
  compute: 1,
  perLayerS: 3e-6,
  perStepS: 0.11e-3,
};
const KEYS = Object.keys(FITTED_SCALES) as (keyof RooflineScales)[];
/** Standard deviations of a scale's logarithm and of a point's; where Huber's loss turns linear. */
const PRIOR_SD = 0.15;
const POINT_SD = 0.13;
const HUBER = 0.2;
/** Errors of points of one run of measurements go together: this many count as one. */
const POINTS_PER_FACT = 20;

/** The roofline's eight scales fitted to points: Gauss-Newton on log(predicted / measured) with a Huber loss. */
export function fitScales(points: readonly MeasuredPoint[]): RooflineScales {
  const prior = KEYS.map((key) => Math.log(PRIOR[key]));
  let logs = [...prior];
  for (let round = 0; round < 8; round++) {
    const residuals = residualsOf(points, logs);
    const slopes = KEYS.map((_, key) => {
      const moved = residualsOf(points, logs.with(key, logs[key] + 1e-3));
      return moved.map((value, index) => (value - residuals[index]) / 1e-3);
    });
    const matrix = KEYS.map((_, row) => KEYS.map((_, column) => (row === column ? 1 / PRIOR_SD ** 2 : 0)));
    const right = logs.map((value, key) => (prior[key] - value) / PRIOR_SD ** 2);
    for (const [index, residual] of residuals.entries()) {
      const weight = Math.min(1, HUBER / Math.abs(residual)) / (POINT_SD ** 2 * POINTS_PER_FACT);
      for (const [row, slope] of slopes.entries()) {
        right[row] -= weight * slope[index] * residual;
        for (const [column, other] of slopes.entries()) matrix[row][column] += weight * slope[index] * other[index];
      }
    }
    const step = solve(matrix, right);
    logs = logs.map((value, key) => value + Math.max(-0.5, Math.min(0.5, step[key])));
  }
  return scalesOf(logs);
}

function scalesOf(logs: readonly number[]): RooflineScales {
  const entries = KEYS.map((key, index) => [key, Math.exp(logs[index])]);
  return Object.fromEntries(entries) as unknown as RooflineScales;
}

function residualsOf(points: readonly MeasuredPoint[], logs: readonly number[]): number[] {
  const scales = scalesOf(logs);
  return points.map((point) => Math.log(predictTpotMs(point, scales) / point.tpotMs));
}

/** Gaussian elimination without pivoting: the matrix is symmetric and positive definite. Overwrites its arguments. */
function solve(matrix: number[][], right: number[]): number[] {
  const size = right.length;
  for (let pivot = 0; pivot < size; pivot++) {
    for (let row = pivot + 1; row < size; row++) {
      const factor = matrix[row][pivot] / matrix[pivot][pivot];
      for (let column = pivot; column < size; column++) matrix[row][column] -= factor * matrix[pivot][column];
      right[row] -= factor * right[pivot];
    }
  }
  const solution = new Array<number>(size).fill(0);
  for (let row = size - 1; row >= 0; row--) {
    let rest = right[row];
    for (let column = row + 1; column < size; column++) rest -= matrix[row][column] * solution[column];
    solution[row] = rest / matrix[row][row];
  }
  return solution;
}
