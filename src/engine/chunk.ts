import type { PassShape } from '../timing/passShape.ts';
import type { StepTimer } from '../timing/stepTimer.ts';
import { emit } from './emit.ts';
import type { EngineRole } from './engineCore.ts';
import type { Lane } from './lane.ts';
import type { PassLedger } from './passLedger.ts';
import { type RequestLog, STATE } from './requestLog.ts';
import { type Sequence, STAGE } from './sequence.ts';

/** The next known tokens of one sequence outside the decodes, computed in one pass. */
export class Chunk {
  readonly sequence: Sequence;
  readonly tokens: number;
  /** Computed tokens after it. */
  readonly end: number;
  /** The known tokens end with it, so a token comes out. */
  readonly completes: boolean;
  /** That token is the sequence's last. */
  readonly ends: boolean;
  /** How long it would take alone. */
  #aloneNs = 0;

  /** `tokens` >= 1. */
  constructor(sequence: Sequence, tokens: number) {
    this.sequence = sequence;
    this.tokens = tokens;
    this.end = sequence.computed + tokens;
    this.completes = this.end === sequence.knownTokens;
    this.ends = this.completes && sequence.generated + 1 === sequence.outputTokens;
  }

  /** It becomes part of a pass of this shape; a sequence whose known tokens end with it decodes from the lane's next pass on. `alone` is scratch space. */
  seal(shape: PassShape, alone: PassShape, timer: StepTimer, lane: Lane): void {
    const { sequence, tokens, completes } = this;
    const before = this.end - tokens;
    shape.addChunk(before, tokens, completes);
    alone.clear();
    alone.groupTokens = shape.groupTokens;
    alone.addChunk(before, tokens, completes);
    this.#aloneNs = timer.passNs(alone);
    if (!completes) return;
    sequence.generated += 1;
    sequence.drafts = 0;
    sequence.yields = 1;
    if (this.ends) sequence.stage = STAGE.finishing;
    else lane.add(sequence);
  }

  /** Its pass, which did nothing but wait for `stallNs`, is over. */
  settle(nowNs: number, stallNs: number, role: EngineRole, lane: Lane, log: RequestLog, ledger: PassLedger): void {
    const { sequence } = this;
    const { request } = sequence;
    if (sequence.evictedNs < 0) {
      const elapsedNs = nowNs - sequence.accountedNs;
      const ownNs = Math.min(this.#aloneNs, elapsedNs);
      const stalledNs = Math.min(stallNs, elapsedNs - ownNs);
      log.spend(request, STATE.prefill, ownNs);
      log.spend(request, STATE.onboarding, stalledNs);
      log.spend(request, STATE.prefillInterference, elapsedNs - ownNs - stalledNs);
      sequence.accountedNs = nowNs;
    } else if (this.end >= sequence.regainTokens) {
      log.spend(request, STATE.preemption, nowNs - sequence.evictedNs);
      sequence.evictedNs = -1;
      sequence.accountedNs = nowNs;
    }
    if (!this.completes) return;
    emit(sequence, nowNs, role, log, ledger);
    if (!this.ends) lane.times.startCounting(sequence);
  }
}
