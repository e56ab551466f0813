import type { PassShape } from '../timing/passShape.ts';
import type { BoundIndex, StepTimer } from '../timing/stepTimer.ts';
import type { Batch } from './batch.ts';
import type { PassLedger } from './passLedger.ts';

/** One pass of a replica: a batch of each of its attention-DP ranks, and when it runs. */
export class Flight {
  readonly batches: readonly Batch[];
  startNs = 0;
  endNs = 0;
  bound: BoundIndex = 0;
  /** Of its slowest rank. */
  #shape: PassShape;
  #hasChunks = false;
  /** Sequences in it, those of them that decode, and new prompt tokens. */
  #sequences = 0;
  #decodes = 0;
  #prefillTokens = 0;

  constructor(batches: readonly Batch[]) {
    this.batches = batches;
    this.#shape = batches[0].shape;
  }

  /** All batches are put together; returns how long the pass takes: as long as its slowest rank. */
  seal(timer: StepTimer): number {
    const [first] = this.batches;
    this.#shape = first.shape;
    if (this.batches.length === 1) {
      first.seal();
      this.bound = timer.boundOf(first.shape);
      return first.durationNs;
    }
    let groupTokens = 0;
    for (const batch of this.batches) groupTokens += batch.tokens;
    const prefills = this.batches.some(({ hasChunks }) => hasChunks);
    let longestNs = 0;
    for (const batch of this.batches) {
      if (!batch.runs) continue;
      batch.seal(groupTokens, prefills && !batch.hasChunks);
      if (batch.durationNs <= longestNs) continue;
      longestNs = batch.durationNs;
      this.#shape = batch.shape;
      this.bound = timer.boundOf(batch.shape);
    }
    return longestNs;
  }

  /** When KV is there that has to be before it begins. */
  get beginNs(): number {
    let beginNs = 0;
    for (const batch of this.batches) beginNs = Math.max(beginNs, batch.beginNs);
    return beginNs;
  }

  /** How long a pass of `durationNs` that starts then lasts, as KV that comes up from the tiers may keep it waiting. */
  stalledNs(startNs: number, durationNs: number): number {
    let endNs = startNs + durationNs;
    for (const { loadedNs, beginNs } of this.batches) endNs = Math.max(endNs, loadedNs, beginNs + durationNs);
    const stallNs = endNs - startNs - durationNs;
    if (stallNs > 0) for (const batch of this.batches) batch.stallNs = stallNs;
    return durationNs + stallNs;
  }

  launch(startNs: number, endNs: number): void {
    this.startNs = startNs;
    this.endNs = endNs;
    this.#hasChunks = this.batches.some((batch) => batch.hasChunks);
    this.#sequences = 0;
    this.#decodes = 0;
    this.#prefillTokens = 0;
    for (const { sequences, shape } of this.batches) {
      this.#sequences += sequences;
      this.#decodes += shape.decodes;
      this.#prefillTokens += shape.chunkTokens;
    }
  }

  /** Is a later pass of a run from now on. */
  repeat(startNs: number, endNs: number): void {
    this.startNs = startNs;
    this.endNs = endNs;
  }

  /** Books `passes` passes like it, in whose time of `spanNs` no other was in flight before them; the last took `lastNs` of it. */
  book(ledger: PassLedger, timer: StepTimer, passes: number, spanNs: number, lastNs = spanNs): void {
    ledger.lastNs = lastNs;
    ledger.lastPrefillTokens = this.#prefillTokens;
    ledger.lastDecodes = this.#decodes;
    ledger.passes += passes;
    ledger.busyNs += spanNs;
    ledger.batchSum += passes * this.#sequences;
    const bounds = this.#hasChunks ? ledger.prefillBoundNs : ledger.decodeBoundNs;
    bounds[this.bound] += spanNs;
    if (ledger.busyNs >= ledger.families.nextNs) ledger.families.look(timer, this.#shape, ledger.busyNs);
  }
}
