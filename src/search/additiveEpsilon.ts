/**
 * The least that every point of `front` must be improved by, in every objective, for it to cover all of `reference`
 * (Zitzler et al., 2003): 0 when it already does. All objectives are minimised and on one scale; Infinity for no points.
 */
export function additiveEpsilon(
  front: readonly (readonly number[])[],
  reference: readonly (readonly number[])[],
): number {
  let most = 0;
  for (const target of reference) {
    let least = Number.POSITIVE_INFINITY;
    for (const point of front) {
      let gap = Number.NEGATIVE_INFINITY;
      for (let k = 0; k < target.length; k++) gap = Math.max(gap, point[k] - target[k]);
      if (gap < least) least = gap;
    }
    if (least > most) most = least;
  }
  return most;
}
