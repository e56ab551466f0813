import type { Batch } from '../batch.ts';
import type { Lane } from '../lane.ts';
import type { SchedulerSetup } from '../schedulerSetup.ts';
import { type Sequence, STAGE } from '../sequence.ts';
import { schedulesAhead, type VllmConfig } from './vllmConfig.ts';

/** How far a running sequence is, as the scheduler knows it while its passes are in flight. */
export class Progress {
  readonly #config: VllmConfig;
  readonly #batches: readonly Batch[];
  readonly #lanes: readonly Lane[];

  constructor({ config, batches, lanes }: SchedulerSetup<VllmConfig>) {
    this.#config = config;
    this.#batches = batches;
    this.#lanes = lanes;
  }

  computed(sequence: Sequence): number {
    if (sequence.stage !== STAGE.decoding) return sequence.computed;
    return this.#lanes[sequence.lane].set.computedTokens(sequence);
  }

  /** Computed tokens as far as the scheduler knows: drafts in flight count until they are rejected. */
  scheduled(sequence: Sequence): number {
    const computed = this.computed(sequence);
    if (sequence.drafts === 0 || this.inFlight(sequence) === 0) return computed;
    return computed + sequence.drafts - (sequence.yields - 1);
  }

  /** Tokens whose pass is over; before windows waited for that, all that are scheduled. */
  processed(sequence: Sequence): number {
    if (!this.#config.semantics.windowFreedOnProcessed) return this.scheduled(sequence);
    let processed = this.computed(sequence);
    for (const batch of this.#batches) processed -= batch.tokensOf(sequence);
    return processed;
  }

  /** Tokens of the sequence that come out of passes in flight. */
  inFlight(sequence: Sequence): number {
    let tokens = 0;
    for (const batch of this.#batches) tokens += batch.tokensFrom(sequence);
    return tokens;
  }

  /** Computed tokens that have a name, `inFlight` of its tokens being still to come out: ahead of them tokens are unknown. */
  named({ computed, knownTokens }: Sequence, inFlight: number): number {
    return schedulesAhead(this.#config) ? computed - inFlight : Math.min(computed, knownTokens - inFlight);
  }

  /** One token of a sequence whose last pass is in flight is sure to come out: if it may have more, it might go on. */
  isSureToEnd(sequence: Sequence): boolean {
    if (!schedulesAhead(this.#config)) return true;
    return sequence.outputTokens - this.inFlight(sequence) + 1 >= sequence.maxNewTokens;
  }

  /** Drafts that the next pass verifies after the sequence's own token; a context never gets longer than the model takes. */
  drafts(sequence: Sequence): number {
    const { contextLength, longPrefillTokens, speculation } = this.#config;
    if (speculation === null) return 0;
    const { draftTokens } = speculation;
    // Drafts in flight count, but are never more: far from the context's end there is no need to look.
    const isFar = this.computed(sequence) + 2 * draftTokens + 2 <= contextLength;
    const most = isFar ? draftTokens : contextLength - this.scheduled(sequence) - 2;
    const drafts = Math.max(0, Math.min(draftTokens, most));
    return longPrefillTokens > 0 ? Math.min(drafts, longPrefillTokens - 1) : drafts;
  }
}
