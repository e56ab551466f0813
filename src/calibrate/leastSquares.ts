/** One observation of a linear model: residual at the present parameters, its slopes, and how certain it is. */
export interface Observation {
  readonly residual: number;
  /** d residual / d parameter. */
  readonly slopes: readonly number[];
  /** Standard deviation of the residual. */
  readonly sd: number;
  /** Share of an independent observation that it counts as. */
  readonly weight: number;
}

/** A parameter's prior, seen from its present value. */
export interface Prior {
  /** Prior mean less the present value. */
  readonly offset: number;
  readonly sd: number;
}

/** Residuals beyond so many standard deviations count in proportion, not squared (Huber). */
const HUBER = 1.5;
const ROUNDS = 20;

/**
 * The step of all parameters that minimises prior and Huber loss of the linearised residuals, by iteratively reweighted
 * least squares. Deterministic; with no observations it goes to the priors.
 */
export function robustStep(observations: readonly Observation[], priors: readonly Prior[]): number[] {
  let step = priors.map(() => 0);
  for (let round = 0; round < ROUNDS; round++) {
    const matrix = priors.map((prior, row) => priors.map((_, column) => (row === column ? 1 / prior.sd ** 2 : 0)));
    const right = priors.map((prior) => prior.offset / prior.sd ** 2);
    for (const { residual, slopes, sd, weight } of observations) {
      let now = residual;
      for (let index = 0; index < step.length; index++) now += slopes[index] * step[index];
      const trust = (weight * Math.min(1, (HUBER * sd) / Math.max(1e-12, Math.abs(now)))) / sd ** 2;
      for (let row = 0; row < slopes.length; row++) {
        if (slopes[row] === 0) continue;
        right[row] -= trust * slopes[row] * residual;
        for (let column = 0; column < slopes.length; column++)
          matrix[row][column] += trust * slopes[row] * slopes[column];
      }
    }
    step = solve(matrix, right);
  }
  return step;
}

/** Gaussian elimination without pivoting: the matrix is symmetric and positive definite. Overwrites its arguments. */
function solve(matrix: number[][], right: number[]): number[] {
  const size = right.length;
  for (let pivot = 0; pivot < size; pivot++) {
    for (let row = pivot + 1; row < size; row++) {
      const factor = matrix[row][pivot] / matrix[pivot][pivot];
      if (factor === 0) continue;
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
