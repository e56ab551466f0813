import type { Batch } from '../batch.ts';
import type { RankState } from './rankState.ts';
import { Retraction } from './retraction.ts';

/** Decodes of the running batch, by themselves or beside a prefill (update_running_batch, mix_with_running). */
export class Decode {
  readonly #state: RankState;
  readonly #retraction: Retraction;

  constructor(state: RankState) {
    this.#state = state;
    this.#retraction = new Retraction(state);
  }

  /** Forms a batch of everybody's next token; false: nobody runs. */
  form(batch: Batch, nowNs: number): boolean {
    const { slot, ratio } = this.#state;
    const { running, room } = slot;
    const { set } = batch.lane;
    const before = running.size;
    slot.lastWas = 'none';
    if (before === 0) return false;
    running.filter();
    if (running.size > 0) {
      if (room.make(set)) ratio.decay(1);
      else this.#retraction.retract(nowNs);
    }
    if (running.size < before) slot.isFull = false;
    if (running.size === 0) return false;
    room.makeSpare(set);
    this.#take(batch);
    slot.lastWas = 'decode';
    return true;
  }

  /** Running requests decode in the prefill batch; the real engine fails where their pages are not to be had. */
  mix(batch: Batch): boolean {
    const { running, room } = this.#state.slot;
    const { leaving } = running;
    running.filter();
    if (running.size > 0 && !room.make(batch.lane.set)) {
      running.leaving = leaving;
      return false;
    }
    this.#take(batch);
    return true;
  }

  #take(batch: Batch): void {
    const { set, drafts } = batch.lane;
    const { running, room } = this.#state.slot;
    batch.takesDecodes = running.size > 0;
    for (const { computed } of running.leaving) batch.addGhost(computed + 1, drafts);
    room.take(set);
  }
}
