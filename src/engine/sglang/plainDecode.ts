import type { DraftOutcomes } from '../draftOutcomes.ts';
import { STATE } from '../requestLog.ts';
import { RETRACT_STEPS } from './newTokenRatio.ts';
import { type PlainBatch, type PlainJob, type PlainPart, partOf } from './plainJob.ts';
import type { PlainState } from './plainState.ts';
import { retractionOrder } from './retractionOrder.ts';

/** Decodes of the running batch, and who loses its KV for them (update_running_batch, retract_decode). */
export class PlainDecode {
  readonly #state: PlainState;

  constructor(state: PlainState) {
    this.#state = state;
  }

  /** Everybody's next token; null: nobody runs. */
  form(nowNs: number): PlainBatch | null {
    if (this.#state.slot.running.length === 0) return null;
    const before = this.#state.slot.running.length;
    this.#state.slot.running = this.#state.slot.running.filter((job) => !job.isFinished);
    if (this.#state.slot.running.length === 0) {
      this.#state.slot.isFull = false;
      return null;
    }
    if (this.#makeRoom(this.#state.slot.running)) this.#state.ratio.decay(1);
    else this.#retract(nowNs);
    if (this.#state.slot.running.length < before) this.#state.slot.isFull = false;
    if (this.#state.slot.running.length === 0) return null;
    const page = this.#state.setup.config.blockTokens;
    const drafted = this.#state.outcomes === null ? 0 : this.#pagesDue(this.#state.slot.running);
    if (page > 1) this.#state.pool.makeFree((drafted + this.#state.slot.running.length) * page);
    return { parts: this.#state.slot.running.map((job) => this.#decode(job)), isPrefill: false, loadedNs: 0 };
  }

  /** Takes one slot for the job's next token, and those for drafts. */
  #decode(job: PlainJob): PlainPart {
    if (this.#state.outcomes !== null) return this.#verify(job, this.#state.outcomes);
    const part = partOf(job, 'decode', job.slots, 1);
    job.slots += 1;
    return part;
  }

  #verify(job: PlainJob, outcomes: DraftOutcomes): PlainPart {
    const drafts = outcomes.draftTokens;
    const generated = job.generated + job.inFlight;
    const accepted = outcomes.accepted(job.request, generated, drafts);
    const yields = Math.max(0, Math.min(1 + accepted, job.output - generated));
    const part = { ...partOf(job, 'decode', job.slots, 1 + drafts), drafts, yields };
    job.allocated = Math.max(job.allocated, this.#slotsFor(job));
    job.slots += yields;
    return part;
  }

  /** Slots that the job has while the pass to be formed verifies its drafts: with overlap, what the one before leaves is not known. */
  #slotsFor(job: PlainJob): number {
    const verified = 1 + this.#state.outcomes!.draftTokens;
    return this.#state.setup.config.overlap ? job.committed + 2 * verified : job.slots + verified;
  }

  /** Pages that the next decode of all of them takes; without overlap as many for each as it may need. */
  #pagesDue(jobs: readonly PlainJob[]): number {
    const { config } = this.#state.setup;
    return jobs.reduce((sum, job) => {
      if (this.#state.outcomes === null) return sum + this.#state.pool.missingPages(job, 1);
      if (!config.overlap) return sum + Math.ceil((1 + this.#state.outcomes.draftTokens) / config.blockTokens);
      return sum + this.#state.pool.lackingPages(job, this.#slotsFor(job));
    }, 0);
  }

  /** Whether the next decode of each fits, after an eviction if it must be. */
  #makeRoom(jobs: readonly PlainJob[]): boolean {
    const pages = this.#pagesDue(jobs);
    this.#state.pool.makeFree(pages * this.#state.setup.config.blockTokens);
    return pages <= this.#state.pool.freePages;
  }

  /** Running requests lose their KV until the others' next tokens fit. */
  #retract(nowNs: number): void {
    // With drafts the real one can only cut its batch from the back.
    const kept =
      this.#state.outcomes === null ? retractionOrder(this.#state.slot.running) : [...this.#state.slot.running];
    const victims: PlainJob[] = [];
    while (kept.length > 1 && (victims.length === 0 || !this.#makeRoom(kept))) {
      const victim = kept.pop()!;
      victims.push(victim);
      this.#evict(victim, victim.knownTokens, nowNs);
      this.#state.pool.makeFree(kept.length * RETRACT_STEPS);
    }
    // The real engine fails here; ours takes back the prompt in progress, which is all that can be in the way.
    if (!this.#makeRoom(kept) && this.#state.chunked !== null) {
      victims.push(this.#state.chunked);
      this.#evict(this.#state.chunked, this.#state.chunked.slots, nowNs);
      this.#state.chunked = null;
      this.#makeRoom(kept);
    }
    // It fails here, too; with pipeline stages the other slots may have all pages.
    if (this.#state.slots.length > 1 && !this.#makeRoom(kept)) {
      const last = kept.pop()!;
      victims.push(last);
      this.#evict(last, last.knownTokens, nowNs);
    }
    this.#state.slot.running = kept;
    if (this.#state.setup.role === 'decode') for (const job of victims) this.#state.remote.retract(job);
    else this.#state.waiting.push(...victims);
    const generated = kept.reduce((sum, job) => sum + job.generated, 0);
    const most = kept.reduce((sum, job) => sum + job.maxNewTokens, 0);
    this.#state.ratio.retracted(generated, most, kept.length);
  }

  #evict(job: PlainJob, regain: number, nowNs: number): void {
    if (job.evictedNs < 0) {
      const decodes = job.generated > 0 && !this.#state.joined.includes(job);
      const state = decodes ? STATE.decodeInterference : STATE.prefillInterference;
      this.#state.setup.log.spend(job.request, state, nowNs - job.accountedNs);
      job.evictedNs = nowNs;
      job.regain = regain;
    }
    this.#state.joined = this.#state.joined.filter((other) => other !== job);
    this.#state.pool.drop(job);
    this.#state.admitted.delete(job);
    this.#state.setup.log.preemptions[job.request] += 1;
    this.#state.setup.ledger.preemptions += 1;
  }

  /** Running requests decode in the prefill batch; the real engine fails where their pages are not to be had. */
  mix(): PlainPart[] {
    const running = this.#state.slot.running.filter((job) => !job.isFinished);
    if (running.length > 0 && !this.#makeRoom(running)) return [];
    this.#state.slot.running = [];
    return running.map((job) => this.#decode(job));
  }
}
