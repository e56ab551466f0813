import { DecodeSet } from './decodeSet.ts';
import { DecodeTimes } from './decodeTimes.ts';
import type { Sequence } from './sequence.ts';

/**
 * Sequences whose decodes travel together: all of a rank, or with pipeline stages those that share a pass, as a sequence's next
 * token can only be computed once the last one is out.
 */
export class Lane {
  readonly index: number;
  readonly set: DecodeSet;
  readonly times = new DecodeTimes();

  constructor(index: number, pageTokens: number, window: number) {
    this.index = index;
    this.set = new DecodeSet(pageTokens, window);
  }

  /** A sequence, of whose known tokens all but the last are computed, decodes from the next pass on. */
  add(sequence: Sequence): void {
    sequence.lane = this.index;
    this.set.add(sequence);
    this.times.add(sequence);
  }
}
