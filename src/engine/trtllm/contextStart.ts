import type { Batch } from '../batch.ts';
import { STATE } from '../requestLog.ts';
import type { SchedulerSetup } from '../schedulerSetup.ts';
import { type Sequence, STAGE } from '../sequence.ts';
import type { SequencePages } from '../sequencePages.ts';
import { noteReuse } from '../tierReuse.ts';
import { firstChunk } from './firstChunk.ts';
import type { TrtllmConfig } from './trtllmConfig.ts';

/** How a prompt gets its blocks: with its first chunk, or for KV that comes from a context server. */
export class ContextStart {
  readonly #setup: SchedulerSetup<TrtllmConfig>;
  readonly #pages: SequencePages;
  /** When all that was fetched from the tiers is there. */
  #loadedNs = 0;

  constructor(setup: SchedulerSetup<TrtllmConfig>, pages: SequencePages) {
    this.#setup = setup;
    this.#pages = pages;
  }

  /** A chunk of a context, cached tokens included, goes into the batch; returns whether the prompt ends with it. */
  prefill(sequence: Sequence, chunk: number, batch: Batch, nowNs: number): boolean {
    const tokens = sequence.stage === STAGE.waiting ? this.#takeBlocks(sequence, chunk, nowNs) : chunk;
    batch.addChunk(sequence, tokens);
    batch.beginNs = this.#loadedNs;
    if (sequence.computed < sequence.knownTokens) return false;
    sequence.prefilled = sequence.computed;
    return true;
  }

  /** Blocks for the whole prompt; returns how many tokens of the first chunk are to be computed. */
  #takeBlocks(sequence: Sequence, chunk: number, nowNs: number): number {
    const { ledger, log } = this.#setup;
    const { request, knownTokens } = sequence;
    const { pageTokens } = this.#pages;
    const pages = this.#pages.lookup(request, knownTokens);
    const reach = this.#pages.reachInTiers(request, pages, knownTokens);
    const hit = reach * pageTokens;
    if (reach > pages) this.#onboard(request, pages, reach);
    this.#pages.take(sequence, pages, (reach - pages) * pageTokens);
    sequence.computed = hit;
    if (reach > pages) this.#pages.publish(sequence, hit);
    this.#pages.grow(sequence, knownTokens);
    ledger.lookupTokens += knownTokens;
    ledger.hitTokens += hit;
    if (log.scheduledNs[request] < 0) log.reusedTokens[request] = hit;
    sequence.stage = STAGE.prefilling;
    this.begin(sequence, nowNs);
    return firstChunk(chunk, hit, knownTokens, pageTokens);
  }

  /** Blocks [from, to) are copied up before the pass begins (`onboardBlock`; the forward pass waits for the transfers in its stream). */
  #onboard(request: number, from: number, to: number): void {
    const { log, tiers } = this.#setup;
    noteReuse(log, tiers!, request, from, to, this.#pages.pageTokens);
    this.#loadedNs = Math.max(this.#loadedNs, tiers!.load(request, from, to));
  }

  /** The sequence waits no more. */
  begin(sequence: Sequence, nowNs: number): void {
    const { log } = this.#setup;
    const { request } = sequence;
    if (sequence.evictedNs < 0) {
      log.spend(request, STATE.admissionQueue, nowNs - sequence.accountedNs);
      sequence.accountedNs = nowNs;
    }
    log.begin(request, nowNs);
  }

  /** Blocks for a prompt whose KV a context server has. */
  reserve(sequence: Sequence, nowNs: number): void {
    const { host, ledger, log, worker } = this.#setup;
    const { request, inputTokens } = sequence;
    const pages = this.#pages.lookup(request, inputTokens);
    const hit = pages * this.#pages.pageTokens;
    this.#pages.take(sequence, pages, inputTokens - hit);
    ledger.lookupTokens += inputTokens;
    ledger.hitTokens += hit;
    if (log.firstTokenNs[request] < 0) log.reusedTokens[request] = hit;
    log.spend(request, STATE.admissionQueue, nowNs - sequence.accountedNs);
    sequence.accountedNs = nowNs;
    sequence.computed = inputTokens;
    sequence.remote = false;
    sequence.stage = STAGE.loading;
    host.reserved(worker, request, inputTokens - hit, nowNs);
  }
}
