import { AdmissionQueue } from '../admissionQueue.ts';
import type { Batch } from '../batch.ts';
import type { EngineLoad } from '../engineCore.ts';
import { STATE } from '../requestLog.ts';
import type { Scheduler } from '../scheduler.ts';
import type { SchedulerSetup } from '../schedulerSetup.ts';
import { type Sequence, STAGE } from '../sequence.ts';
import { SequencePages } from '../sequencePages.ts';
import { Admission } from './admission.ts';
import { fits } from './fits.ts';
import { kvLayoutOf } from './kvLayoutOf.ts';
import { mostTokens } from './mostTokens.ts';
import type { PrefillCadence } from './prefillCadence.ts';
import { RunningList } from './runningList.ts';
import type { VllmConfig } from './vllmConfig.ts';

/** vLLM's V1 scheduler (scheduler.py at 017e9f4): who runs goes first, then the queue's head. */
export class VllmScheduler implements Scheduler {
  readonly #setup: SchedulerSetup<VllmConfig>;
  readonly #pages: SequencePages;
  readonly #cadence: PrefillCadence | null;
  readonly #queue: AdmissionQueue;
  readonly #running: RunningList;
  readonly #admission: Admission;
  readonly #held = new Map<number, Sequence>();
  /** The head of the queue cannot be admitted until something leaves: newcomers change nothing. */
  #isBlocked = false;

  /** `cadence`: null, prompts start at any time. */
  constructor(setup: SchedulerSetup<VllmConfig>, cadence: PrefillCadence | null) {
    this.#cadence = cadence;
    cadence?.join(this);
    this.#setup = setup;
    this.#queue = new AdmissionQueue(setup.config.policy === 'priority');
    this.#pages = new SequencePages(kvLayoutOf(setup.config), setup);
    this.#running = new RunningList(setup, this.#pages, (sequence) => this.#queue.putBack(sequence));
    this.#admission = new Admission(setup, this.#pages, this.#queue, this.#running);
  }

  get running(): number {
    return this.#running.size;
  }

  get usablePages(): number {
    return this.#pages.usable;
  }

  get evictedPages(): number {
    return this.#pages.evicted;
  }

  admits(inputTokens: number, outputTokens: number): boolean {
    return fits(this.#setup.config, inputTokens, outputTokens);
  }

  enqueue(sequence: Sequence): boolean {
    sequence.maxNewTokens = mostTokens(this.#setup, sequence.request);
    this.#queue.join(sequence);
    return !this.#isBlocked || this.#queue.head === sequence;
  }

  remoteArrived(request: number, nowNs: number): void {
    const sequence = this.#queue.remote(request);
    if (sequence === undefined || (!sequence.remote && sequence.loadedNs !== nowNs)) return;
    if (!sequence.remote && sequence.evictedNs < 0)
      this.#setup.log.spend(request, STATE.onboarding, nowNs - sequence.accountedNs);
    if (sequence.evictedNs < 0) sequence.accountedNs = nowNs;
    sequence.stage = STAGE.loaded;
    this.#isBlocked = false;
  }

  releaseHeld(request: number): void {
    this.#pages.release(this.#held.get(request)!);
    this.#held.delete(request);
    this.#isBlocked = false;
  }

  cancel(request: number, nowNs: number): Sequence | null {
    if (this.#held.has(request)) {
      this.releaseHeld(request);
      return null;
    }
    this.#isBlocked = false;
    const queued = this.#queue.cancel(request);
    if (queued === undefined) return this.#running.cancel(request, nowNs);
    // Tokens may come out of passes that it was evicted from.
    for (const batch of this.#setup.batches) batch.abandon(queued);
    if (queued.stage !== STAGE.waiting) this.#pages.release(queued);
    return queued;
  }

  cachedTokens(request: number): number {
    return this.#pages.lookup(request, this.#setup.table.inputTokens[request]) * this.#pages.pageTokens;
  }

  addLoad(load: EngineLoad): void {
    load.running += this.#running.size;
    load.waiting += this.#queue.size;
    load.usablePages += this.#pages.usable;
    load.heldPages += this.#pages.usable - this.#pages.free;
    load.queuedPrefillTokens += this.#queue.tokens + this.#running.prefillTokens;
  }

  form(batch: Batch, nowNs: number): boolean {
    if (this.#pages.tiers !== null) this.#pages.tiers.nowNs = nowNs;
    const isThrottled = this.#cadence?.holdsBack(this) === true;
    do {
      this.#pages.startStep();
      const holdsBack = isThrottled && !this.#admission.isCapacityBound && this.#running.decodes;
      const budget = this.#running.schedule(batch, this.#setup.config.maxBatchedTokens, holdsBack, nowNs);
      this.#isBlocked = false;
      if (this.#queue.size === 0 && !holdsBack && !this.#running.hasPreempted) this.#admission.isCapacityBound = false;
      if (!this.#running.hasPreempted && this.#queue.size > 0) {
        const isOpen = this.#admission.admit(batch, budget, holdsBack, nowNs);
        // What others put into a shared tier may let the head go on.
        this.#isBlocked = !isOpen && !this.#pages.tiers?.isShared;
      }
      batch.takesDecodes = batch.lane.set.count > 0 || batch.hasGhosts;
      if (batch.takesDecodes || batch.hasChunks) return true;
      // The queue is not looked at after a preemption: it is the next step that admits.
    } while (this.#running.hasPreempted);
    return false;
  }

  settle(batch: Batch, nowNs: number): void {
    const { tiers, pageTokens } = this.#pages;
    if (tiers !== null) {
      tiers.nowNs = nowNs;
      batch.forEachChunk(({ request }, end) => tiers.store(request, Math.floor(end / pageTokens)));
    }
    if (batch.finished.length === 0) return;
    for (const sequence of batch.finished) {
      const wasEvicted = sequence.stage === STAGE.waiting;
      sequence.stage = STAGE.finished;
      if (!wasEvicted) continue;
      this.#queue.remove(sequence);
      this.#finish(sequence, nowNs);
    }
    this.#running.dropFinished((sequence) => this.#finish(sequence, nowNs));
  }

  #finish(sequence: Sequence, nowNs: number): void {
    const { host, log, role, worker } = this.#setup;
    this.#pages.publish(sequence, sequence.computed);
    if (role === 'prefill') {
      sequence.stage = STAGE.held;
      this.#held.set(sequence.request, sequence);
      host.prefilled(worker, sequence.request, nowNs);
      return;
    }
    this.#pages.store(sequence);
    this.#pages.release(sequence);
    log.lastTokenNs[sequence.request] = nowNs;
    host.finished(worker, sequence.request, nowNs);
  }

  steadyPasses({ lane: { set } }: Batch, atMost: number): number {
    // With drafts every pass is another.
    if (this.#setup.config.speculation !== null || this.#running.hasPreempted || set.contested > 0) return 0;
    const { tiers } = this.#pages;
    if ((tiers?.isShared || this.#pages.hasFreshStates) && this.#queue.isWaiting) return 0;
    const most = Math.min(set.passesToChange(), atMost, this.#passesToPrompts());
    if (!this.#pages.hasGroups) return set.passesWithin(this.#steadyPages(), most);
    let passes = most;
    for (const sequence of set.members) {
      passes = Math.min(passes, sequence.hold.dueAt - set.computedTokens(sequence));
      if (passes <= 0) return 0;
    }
    return passes;
  }

  /** Passes until somebody may start or go on with a prompt who has to wait for that. */
  #passesToPrompts(): number {
    if (this.#cadence === null || this.#admission.isCapacityBound) return Number.POSITIVE_INFINITY;
    const waits = this.#queue.size > 0 || this.#running.isMidPrompt;
    return waits ? this.#cadence.stepsToOpening : Number.POSITIVE_INFINITY;
  }

  /**
   * Pages that passes may take without an event. With tiers these may have to see what makes room; and where it was what the
   * queue's head was to hit, that may have to come up now, which lets it wait otherwise than for room.
   */
  #steadyPages(): number {
    const { tiers, free, blank } = this.#pages;
    if (tiers === null) return free;
    const { chunkedPrefill, semantics } = this.#setup.config;
    const isWaitingForMore = this.#queue.onboarding.length > 0 || !chunkedPrefill || !semantics.fullIslGate;
    return tiers.takesEvicted || (this.#queue.isWaiting && isWaitingForMore) ? blank : free;
  }

  formSteady({ lane: { set } }: Batch, passes: number): void {
    this.#cadence?.pass(this, passes);
    if (!this.#pages.hasGroups) this.#pages.allocate(set.pagesDue(passes));
  }
}
