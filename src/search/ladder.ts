/**
 * Whole numbers from 1 to `max`, all of them up to `dense` and then about `stepsPerDoubling` for each doubling; `max` is
 * always the last. `ladder(32, 8, 4)` is 1..8, 10, 12, 14, 16, 20, 24, 28, 32; `ladder(64, 1, 1)` is 1, 2, 4, ..., 64.
 */
export function ladder(max: number, dense: number, stepsPerDoubling: number): number[] {
  const rungs: number[] = [];
  for (let rung = 1; rung < max; rung += rung < dense ? 1 : stepAt(rung, dense, stepsPerDoubling)) rungs.push(rung);
  if (max >= 1) rungs.push(max);
  return rungs;
}

function stepAt(rung: number, dense: number, stepsPerDoubling: number): number {
  let octave = dense;
  while (octave * 2 <= rung) octave *= 2;
  return Math.max(1, Math.round(octave / stepsPerDoubling));
}
