import type { AdmissionQueue } from '../admissionQueue.ts';
import type { Batch } from '../batch.ts';
import { STATE } from '../requestLog.ts';
import type { SchedulerSetup } from '../schedulerSetup.ts';
import { type Sequence, STAGE } from '../sequence.ts';
import type { SequencePages } from '../sequencePages.ts';
import type { RunningList } from './runningList.ts';
import type { VllmConfig } from './vllmConfig.ts';

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

  admit(batch: Batch, tokenBudget: number, nowNs: number): void {
    const { maxSequences } = this.#setup.config;
    let budget = tokenBudget;
    // Requests whose remote KV has arrived were queued first and go first.
    for (let loaded = this.#queue.firstLoaded; loaded !== undefined; loaded = this.#queue.firstLoaded) {
      if (this.#running.size >= maxSequences || budget === 0) return;
      this.#admitLoaded(loaded, batch, nowNs);
      budget -= 1;
    }
    while (this.#queue.isWaiting && budget > 0) {
      if (this.#running.size >= maxSequences) break;
      const { head } = this.#queue;
      if (head.pending > 0) break;
      const admitted = head.remote ? this.#reserve(head, nowNs) : this.#admitLocal(head, batch, budget, nowNs);
      if (admitted < 0) break;
      this.#queue.removeHead();
      budget -= admitted;
    }
  }

  /** All KV but the last prompt token's is there: that one is computed as in a decode (vLLM's connectors). */
  #admitLoaded(sequence: Sequence, batch: Batch, nowNs: number): void {
    this.#queue.removeRemote(sequence);
    sequence.computed = sequence.inputTokens - 1;
    this.#pages.publish(sequence, sequence.inputTokens);
    this.#start(sequence, nowNs);
    batch.lane.add(sequence);
  }

  /** Admits the head of the queue with as many tokens as the budget has; returns them, or -1 if it must wait. */
  #admitLocal(sequence: Sequence, batch: Batch, budget: number, nowNs: number): number {
    const known = sequence.knownTokens;
    const hit = this.#pages.lookup(sequence.request, known);
    let tokens = known - hit * this.#pages.pageTokens;
    if (tokens > budget) {
      if (!this.#setup.config.chunkedPrefill) return -1;
      tokens = budget;
    }
    // The whole known sequence must fit (vLLM's full-ISL gate), which covers the first chunk too.
    if (!this.#pages.fits(sequence.request, hit, known)) return -1;
    this.#take(sequence, hit, known);
    this.#start(sequence, nowNs);
    this.#running.prefill(sequence, tokens, batch);
    return tokens;
  }

  /** Reserves pages for a remote prompt; returns 0 tokens, or -1 if it must wait. */
  #reserve(sequence: Sequence, nowNs: number): number {
    const { log, host, worker } = this.#setup;
    const { request, inputTokens } = sequence;
    const hit = this.#pages.lookup(request, inputTokens);
    if (!this.#pages.fits(request, hit, inputTokens)) return -1;
    this.#take(sequence, hit, inputTokens);
    this.#pages.grow(sequence, this.#pages.missing(sequence, inputTokens));
    sequence.stage = STAGE.loading;
    log.spend(request, STATE.admissionQueue, nowNs - sequence.accountedNs);
    sequence.accountedNs = nowNs;
    this.#queue.awaitRemote(sequence);
    host.reserved(worker, request, inputTokens - sequence.computed, nowNs);
    return 0;
  }

  #take(sequence: Sequence, hit: number, known: number): void {
    const { ledger, log } = this.#setup;
    this.#pages.take(sequence, hit);
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
