import type { AdmissionQueue } from '../admissionQueue.ts';
import type { Batch } from '../batch.ts';
import { STATE } from '../requestLog.ts';
import type { SchedulerSetup } from '../schedulerSetup.ts';
import { type Sequence, STAGE } from '../sequence.ts';
import type { SequencePages } from '../sequencePages.ts';
import type { RunningList } from './runningList.ts';
import type { VllmConfig } from './vllmConfig.ts';

/** Instead of a number of tokens: the sequence is passed over this time, or nobody else is admitted. */
const SKIP = -1;
const STOP = -2;

/** How the queue's head comes to run: while tokens, sequences and pages last, and nobody past a head that must wait. */
export class Admission {
  readonly #setup: SchedulerSetup<VllmConfig>;
  readonly #pages: SequencePages;
  readonly #queue: AdmissionQueue;
  readonly #running: RunningList;

  constructor(setup: SchedulerSetup<VllmConfig>, pages: SequencePages, queue: AdmissionQueue, running: RunningList) {
    this.#setup = setup;
    this.#pages = pages;
    this.#queue = queue;
    this.#running = running;
  }

  /** Returns whether whoever joins the queue now would be looked at next time, too, if nothing leaves. */
  admit(batch: Batch, tokenBudget: number, nowNs: number): boolean {
    const { maxSequences } = this.#setup.config;
    let budget = tokenBudget;
    // Requests whose remote KV has arrived were queued first and go first.
    for (let loaded = this.#queue.firstLoaded; loaded !== undefined; loaded = this.#queue.firstLoaded) {
      if (this.#running.size >= maxSequences || budget === 0) return !this.#queue.isWaiting;
      this.#admitLoaded(loaded, batch, nowNs);
      budget -= 1;
    }
    while (this.#queue.isWaiting && budget > 0 && this.#running.size < maxSequences) {
      const tokens = this.#admitHead(batch, budget, nowNs);
      if (tokens === STOP) break;
      if (tokens === SKIP) {
        this.#queue.skipHead();
      } else {
        this.#queue.removeHead();
        budget -= tokens;
      }
    }
    const isOpen = !this.#queue.isWaiting;
    this.#queue.restoreSkipped();
    return isOpen;
  }

  /** Tokens scheduled of the head of the queue, SKIP or STOP. */
  #admitHead(batch: Batch, budget: number, nowNs: number): number {
    const { head } = this.#queue;
    // Its own tokens are still coming out of passes it was evicted from.
    if (head.pending > 0) return SKIP;
    return head.remote ? this.#reserve(head, nowNs) : this.#admitLocal(head, batch, budget, nowNs);
  }

  /** All KV but the last prompt token's is there: that one is computed as in a decode (vLLM's connectors). */
  #admitLoaded(sequence: Sequence, batch: Batch, nowNs: number): void {
    this.#queue.removeRemote(sequence);
    sequence.computed = sequence.inputTokens - 1;
    this.#pages.publish(sequence, sequence.inputTokens);
    this.#start(sequence, nowNs);
    batch.lane.add(sequence);
  }

  /** Admits a sequence with as many tokens as the budget has; returns them, or SKIP or STOP. */
  #admitLocal(sequence: Sequence, batch: Batch, budget: number, nowNs: number): number {
    const { config } = this.#setup;
    const known = sequence.knownTokens;
    const hit = this.#pages.lookup(sequence.request, known);
    let tokens = known - hit * this.#pages.pageTokens;
    if (config.longPrefillTokens > 0) tokens = Math.min(tokens, config.longPrefillTokens);
    if (tokens > budget) {
      if (!config.chunkedPrefill) return config.semantics.oversizedStopsAdmission ? STOP : SKIP;
      tokens = budget;
    }
    // The whole known sequence must fit (vLLM's full-ISL gate), or just its first chunk.
    const end = hit * this.#pages.pageTokens + tokens;
    if (!this.#fits(sequence, hit, 0, end, config.semantics.fullIslGate ? known : end)) return STOP;
    this.#take(sequence, hit, 0, known);
    this.#start(sequence, nowNs);
    this.#running.prefill(sequence, tokens, batch);
    return tokens;
  }

  /** Whether there are pages for the first `tokens` now, for all `known` in time, and those that shall stay free. */
  #fits(sequence: Sequence, hit: number, external: number, tokens: number, known: number): boolean {
    const { watermark, blocks } = this.#setup.config;
    const keepFree = this.#running.size > 0 ? Math.floor(watermark * blocks) : 0;
    return this.#pages.fits(sequence, hit, external, tokens, known, keepFree);
  }

  /** Reserves pages for a remote prompt; returns 0 tokens, or STOP. */
  #reserve(sequence: Sequence, nowNs: number): number {
    const { log, host, worker } = this.#setup;
    const { request, inputTokens } = sequence;
    const hit = this.#pages.lookup(request, inputTokens);
    const external = inputTokens - hit * this.#pages.pageTokens;
    if (!this.#fits(sequence, hit, external, inputTokens, inputTokens)) return STOP;
    this.#take(sequence, hit, external, inputTokens);
    sequence.stage = STAGE.loading;
    log.spend(request, STATE.admissionQueue, nowNs - sequence.accountedNs);
    sequence.accountedNs = nowNs;
    this.#queue.awaitRemote(sequence);
    host.reserved(worker, request, external, nowNs);
    return 0;
  }

  #take(sequence: Sequence, hit: number, external: number, known: number): void {
    const { ledger, log } = this.#setup;
    this.#pages.take(sequence, hit, external);
    ledger.lookupTokens += known;
    ledger.hitTokens += sequence.computed;
    if (log.scheduledNs[sequence.request] < 0) log.reusedTokens[sequence.request] = sequence.computed;
  }

  /** A queued sequence joins those that run. */
  #start(sequence: Sequence, nowNs: number): void {
    const { log } = this.#setup;
    const { request } = sequence;
    if (sequence.evictedNs < 0) {
      log.spend(request, STATE.admissionQueue, nowNs - sequence.accountedNs);
      sequence.accountedNs = nowNs;
    }
    if (log.scheduledNs[request] < 0) log.scheduledNs[request] = nowNs;
    this.#running.add(sequence);
  }
}
