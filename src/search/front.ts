/** A frontier of losses as a search believes in it, and what one more point would add to it. */
export interface Front {
  readonly points: readonly (readonly number[])[];
  readonly range: readonly number[];
}

/** A front of one point has no range; then, and for a flat objective, a tenth stands for it. */
const LEAST_RANGE = 0.1;
/** Sticking out of the frontier by less than this share of its range does not matter. */
const SHARE_OF_RANGE = 0.009;

export function frontOf(points: readonly (readonly number[])[], objectives: number): Front {
  const range = Array.from({ length: objectives }, (_, k) => {
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const point of points) {
      low = Math.min(low, point[k]);
      high = Math.max(high, point[k]);
    }
    return Math.max(LEAST_RANGE, high - low);
  });
  return { points, range };
}

/**
 * How much a candidate would add to a front, in units that matter: by how much it sticks out (the least it would have
 * to lose in every objective to be covered), as a share of the front's range; or by how much it is the best in the
 * first objective, which decides the pick. Up to 1 does not matter.
 * @param resolution difference in the first objective that matters.
 * @param except a point of the front that is the candidate's own.
 */
export function worth(losses: readonly number[], front: Front, resolution: number, except = -1): number {
  let least = Number.POSITIVE_INFINITY;
  let first = Number.POSITIVE_INFINITY;
  for (let index = 0; index < front.points.length; index++) {
    if (index === except) continue;
    const other = front.points[index];
    let gain = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < losses.length; k++) gain = Math.max(gain, (other[k] - losses[k]) / front.range[k]);
    if (gain < least) least = gain;
    if (other[0] < first) first = other[0];
  }
  return Math.max(least / SHARE_OF_RANGE, (first - losses[0]) / resolution);
}

/** Those that no other covers; of equal ones the first. */
export function uncovered<T extends { readonly losses: readonly number[] }>(all: readonly T[]): T[] {
  const sorted = [...all].sort((a, b) => {
    for (let k = 0; k < a.losses.length; k++) if (a.losses[k] !== b.losses[k]) return a.losses[k] - b.losses[k];
    return 0;
  });
  const kept: T[] = [];
  for (const each of sorted) {
    if (!kept.some(({ losses }) => losses.every((loss, k) => loss <= each.losses[k]))) kept.push(each);
  }
  return kept;
}
