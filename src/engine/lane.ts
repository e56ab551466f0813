import { DecodeSet } from './decodeSet.ts';
import { DecodeTimes } from './decodeTimes.ts';
import type { DraftOutcomes } from './draftOutcomes.ts';
import type { Sequence } from './sequence.ts';

/**
 * Sequences whose decodes travel together: all of a rank, or with pipeline stages those that share a pass, as a sequence's next
 * token can only be computed once the last one is out.
 */
export class Lane {
  readonly index: number;
  readonly set: DecodeSet;
  readonly times = new DecodeTimes();
  /** Drafts that each of its sequences verifies in a pass, as a rule. */
  readonly drafts: number;

  constructor(index: number, pageTokens: number, window: number, outcomes: DraftOutcomes | null) {
    this.index = index;
    this.drafts = outcomes?.draftTokens ?? 0;
    this.set = new DecodeSet(pageTokens, window, outcomes);
  }

  /** A sequence, of whose known tokens all but the last are computed, decodes from the next pass on. */
  add(sequence: Sequence): void {
    sequence.lane = this.index;
    this.set.add(sequence);
    this.times.add(sequence);
  }
}
