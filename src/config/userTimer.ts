import { fixedTimer } from '../timing/fixed.ts';
import { linearTimer } from '../timing/linear.ts';
import type { StepTimer } from '../timing/stepTimer.ts';
import { tableTimer } from '../timing/table.ts';
import type { WorkerConfig } from './predictConfig.ts';

/**
 * The timer of a `timing` section that states durations itself.
 * @param window the model's sliding window, tokens; 0 = none.
 * @throws InputError, with a path from `timing` on, for tables with holes and the like.
 */
export function userTimer(timing: Exclude<WorkerConfig['timing'], { type: 'roofline' }>, window: number): StepTimer {
  switch (timing.type) {
    case 'fixed':
      return fixedTimer({ prefillMs: timing.prefill_ms, decodeMs: timing.decode_ms, window });
    case 'linear':
      return linearTimer({
        baseMs: timing.base_ms,
        perPrefillTokenMs: timing.per_prefill_token_ms,
        perSequenceMs: timing.per_sequence_ms,
        perContextTokenMs: timing.per_context_token_ms,
        window,
      });
    case 'table':
      return tableTimer({ prefill: timing.prefill, decode: timing.decode, window });
  }
}
