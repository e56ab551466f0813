/** Symmetric positive matrices, row by row in one array. */

/** Sum of `a[i + k] * b[j + k]` over `count` places, in four partial sums that do not wait for each other. */
function dot(a: Float64Array, i: number, b: Float64Array, j: number, count: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let k = 0;
  for (; k + 3 < count; k += 4) {
    s0 += a[i + k] * b[j + k];
    s1 += a[i + k + 1] * b[j + k + 1];
    s2 += a[i + k + 2] * b[j + k + 2];
    s3 += a[i + k + 3] * b[j + k + 3];
  }
  for (; k < count; k++) s0 += a[i + k] * b[j + k];
  return s0 + s1 + (s2 + s3);
}

/** Turns the lower half of an n x n matrix into its factor L, whose L L' it is; what is above the diagonal stays. */
export function factorise(matrix: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) {
    const row = i * n;
    for (let j = 0; j < i; j++) {
      matrix[row + j] = (matrix[row + j] - dot(matrix, row, matrix, j * n, j)) / matrix[j * n + j];
    }
    matrix[row + i] = Math.sqrt(Math.max(matrix[row + i] - dot(matrix, row, matrix, row, i), 1e-10));
  }
}

/** Solves L x = right; the solution is written to `into`. */
export function solveLower(factor: Float64Array, right: Float64Array, n: number, into: Float64Array): Float64Array {
  for (let i = 0; i < n; i++) into[i] = (right[i] - dot(factor, i * n, into, 0, i)) / factor[i * n + i];
  return into;
}

/** Solves L' x = right. */
export function solveTransposed(factor: Float64Array, right: Float64Array, n: number): Float64Array {
  const solution = Float64Array.from(right);
  for (let i = n - 1; i >= 0; i--) {
    solution[i] /= factor[i * n + i];
    for (let k = 0; k < i; k++) solution[k] -= factor[i * n + k] * solution[i];
  }
  return solution;
}

/** Sum of squares. */
export function squareOf(a: Float64Array, n: number): number {
  return dot(a, 0, a, 0, n);
}
