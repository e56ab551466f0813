import { noteGap } from './decodeTimes.ts';
import type { EngineRole } from './engineCore.ts';
import type { PassLedger } from './passLedger.ts';
import type { RequestLog } from './requestLog.ts';
import type { Sequence } from './sequence.ts';

/** A token comes out that ends a context computed here, or elsewhere. */
export function emit(sequence: Sequence, nowNs: number, role: EngineRole, log: RequestLog, ledger: PassLedger): void {
  if (sequence.lastTokenNs >= 0) noteGap(sequence, nowNs, ledger.gaps, log);
  else if (role !== 'prefill') log.firstTokenNs[sequence.request] = nowNs;
  sequence.lastTokenNs = nowNs;
}
