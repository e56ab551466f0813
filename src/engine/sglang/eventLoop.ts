import type { Batch } from '../batch.ts';
import { PrefillDelayer } from './prefillDelayer.ts';
import type { SglangConfig } from './sglangConfig.ts';

/** A rank's scheduler, as the loop deals with it. */
export interface LoopRank {
  /** No batch is in flight. */
  readonly isIdle: boolean;
  /** A batch of the slot of that number is in flight. */
  isInFlight(slot: number): boolean;
  /** The batch, which is cleared, is to be one of the slot of that number. */
  turnTo(slot: number, batch: Batch, nowNs: number): void;
  /** The first half of a turn; `isIdle`: nothing is in flight. Returns whether waiting prompts may be tried. */
  prepare(batch: Batch, nowNs: number, isIdle: boolean): boolean;
  /** The second half, up to the launch: prompts (if `mayAdmit` new ones, too) or else decodes; false: there is nothing to run. */
  formPrefill(batch: Batch, nowNs: number, mayAdmit: boolean): boolean;
  formDecode(batch: Batch, nowNs: number): boolean;
  /** There is no batch and nothing is in flight: the loop turns until it has polled. */
  idle(): void;
  /** Other ranks have a batch: this one takes part with a dummy. */
  idleAlong(): void;
}

/**
 * The loop that all attention-DP ranks turn in step: they tell each other who has prompts before anyone forms a batch. With
 * pipeline stages it goes round as many slots (event_loop_pp).
 */
export class EventLoop {
  readonly #ranks: LoopRank[] = [];
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

  join(rank: LoopRank): void {
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
    const prefills = ranks.map((rank, index) => rank.formPrefill(batches[index], nowNs, mayAdmit));
    if (this.#speculates && prefills.includes(true)) return prefills;
    return ranks.map((rank, index) => prefills[index] || rank.formDecode(batches[index], nowNs));
  }
}
