import { InputError } from '../base/inputError.ts';
import { NS_PER_MS } from '../base/units.ts';
import type { StepTimer } from './stepTimer.ts';
import { requireNotNegative, UNMODELLED_BOUND } from './userTiming.ts';
import { wholeNs } from './wholeNs.ts';

export interface LinearTiming {
  readonly baseMs: number;
  readonly perPrefillTokenMs: number;
  /** Per decoding sequence. */
  readonly perSequenceMs: number;
  /** Per token that decodes attend to. */
  readonly perContextTokenMs: number;
  readonly window?: number;
}

/**
 * base + per new prefill token + per decoding sequence + per context token of the decodes. Coefficients >= 0, not all
 * zero; throws InputError.
 */
export function linearTimer(timing: LinearTiming): StepTimer {
  requireNotNegative('base_ms', timing.baseMs);
  requireNotNegative('per_prefill_token_ms', timing.perPrefillTokenMs);
  requireNotNegative('per_sequence_ms', timing.perSequenceMs);
  requireNotNegative('per_context_token_ms', timing.perContextTokenMs);
  const baseNs = timing.baseMs * NS_PER_MS;
  const perPrefillTokenNs = timing.perPrefillTokenMs * NS_PER_MS;
  const perSequenceNs = timing.perSequenceMs * NS_PER_MS;
  const perContextTokenNs = timing.perContextTokenMs * NS_PER_MS;
  if (baseNs + perPrefillTokenNs + perSequenceNs + perContextTokenNs === 0) {
    throw new InputError({ path: 'timing', message: 'every coefficient is 0: passes would take no time' });
  }
  const sumNs = (sequences: number, context: number, prefillTokens: number) =>
    wholeNs(baseNs + perSequenceNs * sequences + perContextTokenNs * context + perPrefillTokenNs * prefillTokens);
  return {
    window: timing.window ?? 0,
    passNs: (shape) => sumNs(shape.decodes, shape.decodeContext, shape.chunkTokens),
    decodeNs: (sequences, context) => sumNs(sequences, context, 0),
    boundOf: () => UNMODELLED_BOUND,
  };
}
