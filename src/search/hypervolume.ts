import type { Direction } from './pareto.ts';

/**
 * Share of the box between `ideal` and `reference` that the points dominate, 0..1: exact, for 2 or 3 objectives.
 * Points outside the box count as far as they reach into it. A box without volume gives 0.
 */
export function hypervolumeShare(
  points: readonly (readonly number[])[],
  directions: readonly Direction[],
  ideal: readonly number[],
  reference: readonly number[],
): number {
  if (directions.length !== 2 && directions.length !== 3) {
    throw new Error(`hypervolume needs 2 or 3 objectives, got ${directions.length}`);
  }
  // Scaled so that 1 is the ideal and 0 the reference in every objective: larger is better.
  const scaled = points.map((point) =>
    directions.map((_, k) => {
      const span = ideal[k] - reference[k];
      return span === 0 ? 0 : Math.min(1, Math.max(0, (point[k] - reference[k]) / span));
    }),
  );
  return directions.length === 2 ? area(scaled) : volume(scaled);
}

/** Area of the union of the rectangles [0, x] x [0, y]. */
function area(points: readonly (readonly number[])[]): number {
  const sorted = [...points].sort((a, b) => b[0] - a[0] || b[1] - a[1]);
  let total = 0;
  let height = 0;
  for (const [x, y] of sorted) {
    if (y <= height) continue;
    total += x * (y - height);
    height = y;
  }
  return total;
}

/** Volume of the union of boxes: slabs along the third axis, each with the area of the boxes that reach it. */
function volume(points: readonly (readonly number[])[]): number {
  const sorted = [...points].sort((a, b) => b[2] - a[2]);
  let total = 0;
  for (let count = 1; count <= sorted.length; count++) {
    const top = sorted[count - 1][2];
    const bottom = count < sorted.length ? sorted[count][2] : 0;
    if (top > bottom) total += (top - bottom) * area(sorted.slice(0, count));
  }
  return total;
}
