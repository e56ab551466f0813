import type { Batch } from '../batch.ts';
import { PrefillDelayer } from './prefillDelayer.ts';
import type { SglangConfig } from './sglangConfig.ts';
import type { SglangScheduler } from './sglangScheduler.ts';

/** One turn of the loop of all attention-DP ranks at once: they tell each other who has prompts before anyone forms a batch. */
export class GroupTurn {
  readonly #ranks: SglangScheduler[] = [];
  readonly #delayPasses: number;
  readonly #delayer: PrefillDelayer;
  /** A step is all prefills or all decodes. */
  readonly #speculates: boolean;

  constructor({ prefillDelayPasses, speculation }: SglangConfig) {
    this.#delayPasses = prefillDelayPasses;
    this.#delayer = new PrefillDelayer(prefillDelayPasses);
    this.#speculates = speculation !== null;
  }

  join(rank: SglangScheduler): SglangScheduler {
    this.#ranks.push(rank);
    return rank;
  }

  /** Forms a batch of each rank; false: none of them runs. */
  form(batches: readonly Batch[], nowNs: number): boolean {
    const ranks = this.#ranks;
    const isIdle = ranks.every((rank, index) => rank.isIdleBut(batches[index]));
    let runs = this.#turn(batches, nowNs, isIdle);
    // With nothing to do the loop turns at once: until it has polled, and until no rank is waited for.
    for (let turn = 0; turn <= this.#delayPasses && isIdle && !runs.includes(true); turn++) {
      for (const rank of ranks) rank.idle();
      runs = this.#turn(batches, nowNs, isIdle);
    }
    if (!runs.includes(true)) return false;
    for (const [index, rank] of ranks.entries()) if (!runs[index]) rank.idleAlong();
    return true;
  }

  #turn(batches: readonly Batch[], nowNs: number, isIdle: boolean): boolean[] {
    const ready = this.#ranks.map((rank, index) => rank.prepare(batches[index], nowNs, isIdle));
    const mayAdmit = this.#delayer.allows(ready);
    if (!this.#speculates) return this.#ranks.map((rank, index) => rank.formTurn(batches[index], nowNs, mayAdmit));
    const prefills = this.#ranks.map((rank, index) => rank.formPrefill(batches[index], nowNs, mayAdmit));
    return prefills.includes(true)
      ? prefills
      : this.#ranks.map((rank, index) => rank.formDecode(batches[index], nowNs));
  }
}
