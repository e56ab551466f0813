import { InputError } from '../base/inputError.ts';

/** Timers given by the user know no hardware: they call every pass bound by compute. */
export const UNMODELLED_BOUND = 0;

export function requirePositive(path: string, value: number): void {
  if (!(value > 0 && Number.isFinite(value))) {
    throw new InputError({ path: `timing.${path}`, message: `must be greater than 0, got ${value}` });
  }
}

export function requireNotNegative(path: string, value: number): void {
  if (!(value >= 0 && Number.isFinite(value))) {
    throw new InputError({ path: `timing.${path}`, message: `must be 0 or more, got ${value}` });
  }
}
