import { InputError } from '../base/inputError.ts';

export type WindowEdge = { readonly requests: number } | { readonly seconds: number };

/** What to leave out at either end of a run: so many requests (in order of arrival) or everything that arrives in so many seconds. */
export interface MeasurementWindow {
  readonly warmup: WindowEdge;
  readonly cooldown: WindowEdge;
}

/** The whole run. */
export const NO_WINDOW: MeasurementWindow = { warmup: { requests: 0 }, cooldown: { requests: 0 } };

/**
 * Of requests ordered by arrival, the range [from, to) inside the window. Warm-up seconds count from the first arrival,
 * cool-down seconds back from the last one.
 * @throws InputError when requests arrived but the window leaves none of them.
 */
export function measuredRange(arrivalsNs: Float64Array, window: MeasurementWindow): { from: number; to: number } {
  const count = arrivalsNs.length;
  if (count === 0) return { from: 0, to: 0 };
  const { warmup, cooldown } = window;
  const from =
    'requests' in warmup ? warmup.requests : firstAtOrAfter(arrivalsNs, arrivalsNs[0] + warmup.seconds * 1e9);
  const to =
    'requests' in cooldown
      ? count - cooldown.requests
      : firstAfter(arrivalsNs, arrivalsNs[count - 1] - cooldown.seconds * 1e9);
  if (from >= to) {
    throw new InputError({
      path: 'evaluation.window',
      message: `leaves none of the ${count} submitted requests to measure`,
      hint: 'shorten warmup or cooldown, or send more requests',
    });
  }
  return { from, to };
}

function firstAtOrAfter(sorted: Float64Array, timeNs: number): number {
  const index = sorted.findIndex((value) => value >= timeNs);
  return index < 0 ? sorted.length : index;
}

function firstAfter(sorted: Float64Array, timeNs: number): number {
  const index = sorted.findIndex((value) => value > timeNs);
  return index < 0 ? sorted.length : index;
}
