export type Direction = 'minimize' | 'maximize';

/** True when `a` is at least as good as `b` everywhere and better somewhere. */
export function dominates(a: readonly number[], b: readonly number[], directions: readonly Direction[]): boolean {
  let better = false;
  for (let k = 0; k < directions.length; k++) {
    const gain = directions[k] === 'minimize' ? b[k] - a[k] : a[k] - b[k];
    if (gain < 0) return false;
    if (gain > 0) better = true;
  }
  return better;
}

/**
 * Indices of the points no other point dominates, best in the first objective first (ties by the next objectives, then
 * by index). Equal points do not dominate each other: all stay. A point with a value that is not finite never enters.
 */
export function nonDominated(points: readonly (readonly number[])[], directions: readonly Direction[]): number[] {
  const order = points
    .map((_, index) => index)
    .filter((index) => points[index].every(Number.isFinite))
    .sort((a, b) => compareLexicographic(points[a], points[b], directions) || a - b);
  // In this order a point can only be dominated by an earlier one, and then by one that is itself on the frontier.
  const frontier: number[] = [];
  for (const index of order) {
    if (!frontier.some((kept) => dominates(points[kept], points[index], directions))) frontier.push(index);
  }
  return frontier;
}

/** Negative when `a` comes first: better in the first objective that differs. */
export function compareLexicographic(
  a: readonly number[],
  b: readonly number[],
  directions: readonly Direction[],
): number {
  for (let k = 0; k < directions.length; k++) {
    if (a[k] === b[k]) continue;
    return (directions[k] === 'minimize') === a[k] < b[k] ? -1 : 1;
  }
  return 0;
}
