import type { Batch } from '../batch.ts';
import { PrefillDelayer } from './prefillDelayer.ts';
import type { SglangConfig } from './sglangConfig.ts';
import type { SglangScheduler } from './sglangScheduler.ts';

/**
 * The loop that all attention-DP ranks turn in step: they tell each other who has prompts before anyone forms a batch. With
 * pipeline stages it goes round as many slots (event_loop_pp).
 */
export class EventLoop {
  readonly #ranks: SglangScheduler[] = [];
  readonly #slots: number;
  /** The one whose turn it is. */
  #slot = 0;
  readonly #delayPasses: number;
  readonly #delayer: PrefillDelayer;
  /** A step is all prefills or all decodes. */
  readonly #speculates: boolean;

  constructor({ pipelineStages, prefillDelayPasses, speculation }: SglangConfig) {
    this.#slots = pipelineStages;
    this.#delayPasses = prefillDelayPasses;
    this.#delayer = new PrefillDelayer(prefillDelayPasses);
    this.#speculates = speculation !== null;
  }

  join(rank: SglangScheduler): void {
    this.#ranks.push(rank);
  }

  /** Forms a batch of each rank; false: none of them runs. */
  form(batches: readonly Batch[], nowNs: number): boolean {
    const ranks = this.#ranks;
    const isIdle = ranks.every((rank) => rank.isIdle);
    let runs = this.#goRound(batches, nowNs, isIdle);
    // With nothing to do the loop turns at once: until it has polled, and until no rank is waited for.
    for (let turn = 0; turn <= this.#delayPasses && isIdle && !runs; turn++) {
      for (const rank of ranks) rank.idle();
      runs = this.#goRound(batches, nowNs, isIdle);
    }
    return runs;
  }

  /** A turn for each slot, until one forms a batch or the results of the next slot's are waited for. */
  #goRound(batches: readonly Batch[], nowNs: number, isIdle: boolean): boolean {
    const ranks = this.#ranks;
    for (let turn = 0; turn < this.#slots; turn++) {
      const slot = this.#slot;
      if (this.#slots > 1 && ranks.some((rank) => rank.isInFlight(slot))) return false;
      for (const [index, rank] of ranks.entries()) rank.turnTo(slot, batches[index], nowNs);
      const runs = this.#turn(batches, nowNs, isIdle);
      this.#slot = (slot + 1) % this.#slots;
      if (!runs.includes(true)) continue;
      for (const [index, rank] of ranks.entries()) if (!runs[index]) rank.idleAlong();
      return true;
    }
    return false;
  }

  /** Returns which ranks run something. */
  #turn(batches: readonly Batch[], nowNs: number, isIdle: boolean): boolean[] {
    const ranks = this.#ranks;
    const ready = ranks.map((rank, index) => rank.prepare(batches[index], nowNs, isIdle));
    const mayAdmit = this.#delayer.allows(ready);
    if (!this.#speculates) return ranks.map((rank, index) => rank.formTurn(batches[index], nowNs, mayAdmit));
    const prefills = ranks.map((rank, index) => rank.formPrefill(batches[index], nowNs, mayAdmit));
    return prefills.includes(true) ? prefills : ranks.map((rank, index) => rank.formDecode(batches[index], nowNs));
  }
}
