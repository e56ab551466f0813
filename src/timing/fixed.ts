import { NS_PER_MS } from '../base/units.ts';
import type { StepTimer } from './stepTimer.ts';
import { requirePositive, UNMODELLED_BOUND } from './userTiming.ts';
import { wholeNs } from './wholeNs.ts';

/** `window` is the model's sliding window, tokens; 0 or absent = none. */
export interface FixedTiming {
  readonly prefillMs: number;
  readonly decodeMs: number;
  readonly window?: number;
}

/** One duration for every pass with prefill tokens, another for passes of decodes only. Both > 0; throws InputError. */
export function fixedTimer(timing: FixedTiming): StepTimer {
  requirePositive('prefill_ms', timing.prefillMs);
  requirePositive('decode_ms', timing.decodeMs);
  const prefillNs = wholeNs(timing.prefillMs * NS_PER_MS);
  const decodeNs = wholeNs(timing.decodeMs * NS_PER_MS);
  return {
    window: timing.window ?? 0,
    passNs: (shape) => (shape.chunks > 0 ? prefillNs : decodeNs),
    decodeNs: () => decodeNs,
    boundOf: () => UNMODELLED_BOUND,
  };
}
