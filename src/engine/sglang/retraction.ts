import type { Sequence } from '../sequence.ts';
import { RETRACT_STEPS } from './newTokenRatio.ts';
import type { RankState } from './rankState.ts';
import { retractionOrder } from './retractionOrder.ts';

/** Takes running requests' KV when a decode finds no pages (ScheduleBatch.retract_decode). */
export class Retraction {
  readonly #state: RankState;

  constructor(state: RankState) {
    this.#state = state;
  }

  /**
   * Requests of the slot whose turn it is lose their KV until the others' next tokens fit. The real engine fails where those of
   * the last one do not; ours takes back the prompt in progress, and with pipeline stages, whose other slots may have all
   * pages, that last one, too.
   */
  retract(nowNs: number): void {
    const { slot, slots, pages, ratio, chunked } = this.#state;
    const { running, room } = slot;
    const { set } = slot.lane;
    const kept = this.#order();
    let first = true;
    while (kept.length > 1 && (first || !room.make(set))) {
      first = false;
      this.#evict(kept.pop()!, nowNs);
      pages.makeFree(Math.ceil((kept.length * RETRACT_STEPS) / pages.pageTokens));
    }
    if (!room.make(set) && chunked !== null) {
      this.#state.takeOut(chunked, nowNs);
      this.#state.evict(chunked, chunked.computed, nowNs);
      room.make(set);
    }
    if (slots.length > 1 && !room.make(set)) this.#evict(kept.pop()!, nowNs);
    let generated = 0;
    let most = 0;
    for (const sequence of kept) {
      generated += running.knownGenerated(sequence);
      most += sequence.maxNewTokens;
    }
    ratio.retracted(generated, most, kept.length);
  }

  /** Those that run, in the order in which they are kept; with drafts the real one can only cut its batch from the back. */
  #order(): Sequence[] {
    const { slot, setup } = this.#state;
    const { running, lane } = slot;
    if (setup.config.speculation !== null) return running.inOrder();
    const known = [...lane.set.members, ...running.leaving].map((sequence) => ({
      request: sequence.request,
      inputTokens: sequence.inputTokens,
      generated: running.knownGenerated(sequence),
      sequence,
    }));
    return retractionOrder(known).map(({ sequence }) => sequence);
  }

  #evict(sequence: Sequence, nowNs: number): void {
    const generated = this.#state.slot.running.knownGenerated(sequence);
    this.#state.takeOut(sequence, nowNs);
    sequence.generated = generated;
    this.#state.evict(sequence, sequence.knownTokens, nowNs);
  }
}
