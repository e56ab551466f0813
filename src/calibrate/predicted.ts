import type { Bands } from '../timing/calibration.ts';
import type { MeasuredPoint } from './measuredPoint.ts';
import type { Means } from './replay.ts';

/** A point with what was predicted for it. */
export interface Predicted {
  readonly point: MeasuredPoint;
  /** null: it could not be predicted, for the reason in `message`. */
  readonly means: Means | null;
  readonly message: string;
  readonly bands: Bands | null;
}

/** Groups by key, keys in order. */
export function groupsBy<T>(all: readonly T[], keyOf: (one: T) => string): [string, T[]][] {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const key = keyOf(one);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
}
