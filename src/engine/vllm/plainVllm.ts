import type { EngineLoad } from '../engineCore.ts';
import type { EngineSetup } from '../engineSetup.ts';
import type { Job, Share } from '../plain/job.ts';
import type { PlainScheduler } from '../plain/plainScheduler.ts';
import { STATE } from '../requestLog.ts';
import { fits } from './fits.ts';
import { PlainAdmission } from './plainAdmission.ts';
import { PlainRunning } from './plainRunning.ts';
import { PlainState } from './plainState.ts';
import type { PrefillCadence } from './prefillCadence.ts';
import type { VllmConfig } from './vllmConfig.ts';

/** vLLM's `schedule` and `update_from_output`, step by step as scheduler.py has them, one request and one block at a time. */
export class PlainVllm implements PlainScheduler {
  readonly #state: PlainState;
  readonly #running: PlainRunning;
  readonly #admission: PlainAdmission;
  readonly #cadence: PrefillCadence | null;
  readonly #held = new Map<number, Job>();

  constructor(setup: EngineSetup<VllmConfig>, cadence: PrefillCadence | null) {
    this.#state = new PlainState(setup);
    this.#running = new PlainRunning(this.#state);
    this.#admission = new PlainAdmission(this.#state, this.#running);
    this.#cadence = cadence;
    cadence?.join(this);
  }

  get running(): number {
    return this.#state.running.length;
  }

  get usablePages(): number {
    return this.#state.pages.usablePages;
  }

  get evictedPages(): number {
    return this.#state.pages.evictedPages;
  }

  admits(inputTokens: number, outputTokens: number): boolean {
    return fits(this.#state.setup.config, inputTokens, outputTokens);
  }

  enqueue(job: Job): void {
    this.#state.waiting.push(job);
    this.#state.sortWaiting();
  }

  remoteArrived(request: number, nowNs: number): void {
    const job = this.#state.remote.find((candidate) => candidate.request === request);
    if (job === undefined || (!job.remote && job.loadedNs !== nowNs)) return;
    if (!job.remote && job.evictedNs < 0)
      this.#state.setup.log.spend(request, STATE.onboarding, nowNs - job.accountedNs);
    if (job.evictedNs < 0) job.accountedNs = nowNs;
    job.status = 'loaded';
  }

  releaseHeld(request: number): void {
    this.#state.pages.release(this.#held.get(request)!.hold);
    this.#held.delete(request);
  }

  cancel(request: number, nowNs: number): Job | null {
    if (this.#held.has(request)) {
      this.releaseHeld(request);
      return null;
    }
    const job = [...this.#state.waiting, ...this.#state.remote, ...this.#state.running].find(
      (candidate) => candidate.request === request,
    )!;
    if (job.status === 'running') {
      this.#state.pages.publish(job.hold, Math.min(job.computed, job.known + job.stale));
      const state = job.countsAsDecode ? STATE.decodeInterference : STATE.prefillInterference;
      if (job.evictedNs < 0 && job.decodes) this.#state.setup.log.spend(request, state, nowNs - job.accountedNs);
    }
    this.#state.waiting = this.#state.waiting.filter((other) => other !== job);
    this.#state.remote = this.#state.remote.filter((other) => other !== job);
    this.#state.running = this.#state.running.filter((other) => other !== job);
    if (job.status !== 'waiting') this.#state.pages.release(job.hold);
    return job;
  }

  cachedTokens(request: number): number {
    return this.#state.pages.lookup(request, this.#state.setup.table.inputTokens[request]);
  }

  addLoad(load: EngineLoad): void {
    load.running += this.#state.running.length;
    load.waiting += this.#state.waiting.length + this.#state.remote.length;
    load.usablePages += this.#state.pages.usablePages;
    load.heldPages += this.#state.pages.usablePages - this.#state.pages.freePages;
    for (const job of this.#state.waiting) load.queuedPrefillTokens += job.expected;
    for (const job of this.#state.running) if (!job.decodes) load.queuedPrefillTokens += job.expected - job.computed;
  }

  form(inFlight: readonly (readonly Share[])[], nowNs: number): Share[] {
    if (this.#state.tiers !== null) this.#state.tiers.nowNs = nowNs;
    this.#state.inFlight = inFlight;
    this.#state.shares = [];
    const isThrottled = this.#cadence?.holdsBack(this) === true;
    do {
      this.#state.pages.startStep();
      this.#state.budget = this.#state.setup.config.maxBatchedTokens;
      this.#state.hasPreempted = false;
      this.#state.holdsBack =
        isThrottled && !this.#state.isCapacityBound && this.#state.running.some(({ isMidPrompt }) => !isMidPrompt);
      this.#running.form(nowNs);
      if (!this.#state.hasPreempted) this.#admission.form(nowNs);
    } while (this.#state.shares.length === 0 && this.#state.hasPreempted);
    for (const { job, completes, decodes, yields, rejects } of this.#state.shares) {
      if (!decodes) job.isMidPrompt = !completes;
      if (!completes) continue;
      job.placeholders += yields;
      job.optimism += rejects;
      job.decodes = true;
    }
    return this.#state.shares;
  }

  settle(shares: readonly Share[], nowNs: number): void {
    if (this.#state.tiers !== null) {
      this.#state.tiers.nowNs = nowNs;
      for (const { job, before, tokens, decodes, fate } of shares) {
        if (decodes || fate !== 'due') continue;
        this.#state.tiers.store(job.request, Math.floor((before + tokens) / this.#state.setup.config.blockTokens));
      }
    }
    const jobs = shares.filter(({ fate }) => fate !== 'void').map(({ job }) => job);
    const over = new Set(jobs.filter((job) => job.generated === job.output));
    if (over.size === 0) return;
    this.#state.waiting = this.#state.waiting.filter((job) => !over.has(job));
    for (const job of over) if (job.status === 'waiting') this.#finish(job, nowNs);
    for (const job of this.#state.running) if (over.has(job)) this.#finish(job, nowNs);
    this.#state.running = this.#state.running.filter((job) => !over.has(job));
  }

  #finish(job: Job, nowNs: number): void {
    const { host, log, role, worker } = this.#state.setup;
    if (role === 'prefill') {
      job.status = 'held';
      this.#held.set(job.request, job);
      host.prefilled(worker, job.request, nowNs);
      return;
    }
    this.#state.pages.publish(job.hold, job.computed);
    this.#state.store(job);
    this.#state.pages.release(job.hold);
    log.lastTokenNs[job.request] = nowNs;
    host.finished(worker, job.request, nowNs);
  }
}
