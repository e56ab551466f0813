import { noteGap } from '../decodeTimes.ts';
import { STATE } from '../requestLog.ts';
import { isAlive, type PlainBatch, type PlainJob, type PlainPart } from './plainJob.ts';
import type { PlainState } from './plainState.ts';

/** When a batch ran, how long it would have taken without its prefill chunks, and how long it waited for KV from the tiers. */
export interface PassTimes {
  readonly stallNs: number;
  readonly endNs: number;
  readonly decodeNs: number;
}

/** What becomes of a batch's results: tokens, time spent, and those that are through (process_batch_result). */
export class PlainResults {
  readonly #state: PlainState;

  constructor(state: PlainState) {
    this.#state = state;
  }

  /** Says where the time of the batch's jobs went. */
  book(batch: PlainBatch | null, times: PassTimes): void {
    const parts = partsOf(batch);
    for (const job of this.#state.admitted) {
      if (this.#state.joined.includes(job)) continue;
      const part = parts.find((candidate) => candidate.job === job);
      if (job.evictedNs >= 0) this.#regain(job, part, times.endNs);
      else if (part !== undefined && job.generated > 0) this.#bookDecode(job, times);
      else if (part !== undefined) this.#bookChunk(job, part, times);
    }
  }

  /** Its tokens come out, those of one request after the other. */
  emit(batch: PlainBatch | null, nowNs: number): void {
    const parts = partsOf(batch);
    this.#countDrafts(parts);
    for (const part of parts) if (part.completes) this.#emit(part, nowNs);
  }

  /** Those of requests that were through when the batch was formed are not worth counting. */
  #countDrafts(parts: readonly PlainPart[]): void {
    const { ledger } = this.#state.setup;
    for (const { drafts, yields } of parts) {
      if (drafts === 0 || yields === 0) continue;
      ledger.draftedDecodes += 1;
      ledger.acceptedDrafts += yields - 1;
    }
  }

  /** Evicted until what it had is computed again. */
  #regain(job: PlainJob, part: PlainPart | undefined, nowNs: number): void {
    if (part === undefined || part.prefix + part.tokens < job.regain) return;
    this.#state.setup.log.spend(job.request, STATE.preemption, nowNs - job.evictedNs);
    job.evictedNs = -1;
    job.accountedNs = nowNs;
  }

  #bookDecode(job: PlainJob, { endNs, decodeNs }: PassTimes): void {
    const { log } = this.#state.setup;
    const elapsedNs = endNs - job.accountedNs;
    const ownNs = Math.min(elapsedNs, decodeNs);
    log.spend(job.request, STATE.decode, ownNs);
    log.spend(job.request, STATE.decodeInterference, elapsedNs - ownNs);
    job.accountedNs = endNs;
  }

  #bookChunk(job: PlainJob, { aloneNs }: PlainPart, { endNs: nowNs, stallNs }: PassTimes): void {
    const { log } = this.#state.setup;
    const elapsedNs = nowNs - job.accountedNs;
    const ownNs = Math.min(aloneNs, elapsedNs);
    const stalledNs = Math.min(stallNs, elapsedNs - ownNs);
    log.spend(job.request, STATE.prefill, ownNs);
    log.spend(job.request, STATE.onboarding, stalledNs);
    log.spend(job.request, STATE.prefillInterference, elapsedNs - ownNs - stalledNs);
    job.accountedNs = nowNs;
  }

  #emit({ job, kind, yields }: PlainPart, nowNs: number): void {
    const { log, ledger } = this.#state.setup;
    if (this.#state.setup.role === 'prefill') {
      // Its token goes along with the KV.
    } else if (job.lastTokenNs < 0) {
      log.firstTokenNs[job.request] = nowNs;
    } else {
      noteGap(job, nowNs, ledger.gaps, log);
    }
    if (kind === 'chunk') job.prefilled = job.knownTokens;
    else job.committed += yields;
    // What rejected drafts took is free again, unless the next pass is under way.
    if (!this.#state.setup.config.overlap) job.allocated = 0;
    job.lastTokenNs = nowNs;
    job.generated += yields;
    job.inFlight -= yields;
    if (job.generated === job.output) this.finish(job, nowNs);
    else if (kind === 'chunk') this.#state.pool.insert(job, job.prefilled);
  }

  /** The job's last token is out. */
  finish(job: PlainJob, nowNs: number): void {
    const { config, host, log, role, worker } = this.#state.setup;
    job.isFinished = true;
    if (role === 'prefill') {
      this.#state.pool.insert(job, job.prefilled);
      this.#state.admitted.delete(job);
      this.#state.held.set(job.request, job);
      host.prefilled(worker, job.request, nowNs);
      return;
    }
    // The slot of a decode that was formed before this was known counts as filled.
    const filled = Math.min(job.knownTokens, job.slots);
    this.#state.pool.finish(job, config.keepsGenerated ? filled : job.prefilled);
    this.#state.admitted.delete(job);
    log.lastTokenNs[job.request] = nowNs;
    host.finished(worker, job.request, nowNs);
  }
}

function partsOf(batch: PlainBatch | null): PlainPart[] {
  return (batch?.parts.filter(isAlive) ?? []).sort((a, b) => a.job.request - b.job.request);
}
