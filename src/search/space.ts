/** One dimension of a space: the values are tried in this order. */
export interface Axis<T> {
  readonly name: string;
  readonly values: readonly T[];
}

/** Points in the product of the axes; 1 without axes. */
export function countPoints<T>(axes: readonly Axis<T>[]): number {
  return axes.reduce((product, axis) => product * axis.values.length, 1);
}

/** Every point of the product, as one value per axis in axis order; the last axis varies fastest. */
export function* enumeratePoints<T>(axes: readonly Axis<T>[]): Generator<T[]> {
  if (countPoints(axes) === 0) return;
  const digits = axes.map(() => 0);
  for (;;) {
    yield axes.map((axis, k) => axis.values[digits[k]]);
    let k = axes.length - 1;
    while (k >= 0 && digits[k] === axes[k].values.length - 1) digits[k--] = 0;
    if (k < 0) return;
    digits[k] += 1;
  }
}
