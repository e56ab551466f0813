import { PageNames } from '../../kv/pageNames.ts';
import { type PageList, PagePool } from '../../kv/pagePool.ts';
import { PassShape } from '../../timing/passShape.ts';
import { BATCH_FORMATION, type EngineCore, type EngineLoad, PASS_END } from '../engineCore.ts';
import type { EngineSetup } from '../engineSetup.ts';
import type { EngineTotals } from '../engineTotals.ts';
import { STATE } from '../requestLog.ts';
import type { VllmConfig } from './vllmConfig.ts';
import { fits } from './vllmScheduler.ts';

const NEVER = Number.POSITIVE_INFINITY;

/** One request, with everything about it written down plainly after every pass. */
interface Job {
  request: number;
  input: number;
  output: number;
  computed: number;
  generated: number;
  pages: PageList;
  /** Tokens in the pass in flight. */
  scheduled: number;
  aloneNs: number;
  sinceNs: number;
  lastTokenNs: number;
  evictedNs: number;
  regain: number;
  /** `joining`: it computes the last token of a remote prompt, as a decode does. */
  remote: 'no' | 'queued' | 'loading' | 'loaded' | 'joining';
}

/**
 * The slow statement of what `VllmScheduler` under `EngineDriver` does: one event per pass, one page at a time, every sum taken afresh over the
 * running list. It exists to be obviously right, and the fast core must agree with it on every timestamp.
 */
export class ReferenceEngine implements EngineCore {
  nextEventNs = NEVER;
  nextEventKind = BATCH_FORMATION;
  readonly #setup: EngineSetup<VllmConfig>;
  readonly #pool: PagePool;
  #waiting: Job[] = [];
  #remote: Job[] = [];
  #running: Job[] = [];
  readonly #held = new Map<number, Job>();
  #passStartNs = -1;
  #passDecodeNs = 0;
  #passBound = 0;

  constructor(setup: EngineSetup<VllmConfig>) {
    this.#setup = setup;
    const names = new PageNames(setup.table.workload, setup.table.namedTokens, setup.config.blockTokens);
    this.#pool = new PagePool(setup.config.blocks - 1, names);
  }

  get passesInFlight(): number {
    return this.#passStartNs >= 0 ? 1 : 0;
  }

  admits(inputTokens: number, outputTokens: number): boolean {
    return fits(this.#setup.config, inputTokens, outputTokens);
  }

  advanceTo(): void {
    // Every pass is an event: there is nothing private to catch up with.
  }

  enqueue(request: number, nowNs: number): void {
    this.#waiting.push(this.#newJob(request, nowNs, 'no'));
    this.#wake(nowNs);
  }

  enqueueRemote(request: number, nowNs: number): void {
    this.#waiting.push(this.#newJob(request, nowNs, 'queued'));
    this.#wake(nowNs);
  }

  remoteArrived(request: number, nowNs: number): void {
    const job = this.#remote.find((candidate) => candidate.request === request)!;
    this.#setup.log.spend(request, STATE.transfer, nowNs - job.sinceNs);
    job.sinceNs = nowNs;
    job.remote = 'loaded';
    this.#wake(nowNs);
  }

  releaseHeld(request: number, nowNs: number): void {
    this.#pool.release(this.#held.get(request)!.pages);
    this.#held.delete(request);
    this.#wake(nowNs);
  }

  cachedTokens(request: number): number {
    const { config, table } = this.#setup;
    if (!config.prefixCaching) return 0;
    const limit = Math.floor((table.inputTokens[request] - 1) / config.blockTokens);
    return this.#pool.lookup(request, limit) * config.blockTokens;
  }

  readLoad(load: EngineLoad): void {
    load.running = this.#running.length;
    load.waiting = this.#waiting.length + this.#remote.length;
    load.usablePages = this.#pool.usablePages;
    load.heldPages = this.#pool.usablePages - this.#pool.freePages;
    load.queuedPrefillTokens = 0;
    for (const job of this.#waiting) load.queuedPrefillTokens += job.input + job.generated;
    for (const job of this.#running) {
      if (!isDecoding(job)) load.queuedPrefillTokens += job.input + job.generated - job.computed - job.scheduled;
    }
  }

  totals(): EngineTotals {
    return this.#setup.ledger.totals(this.#pool.usablePages, this.#pool.evictedPages);
  }

  runEvent(): void {
    if (this.nextEventKind === PASS_END) this.#endPass(this.nextEventNs);
    else this.#formBatch(this.nextEventNs);
  }

  #newJob(request: number, nowNs: number, remote: Job['remote']): Job {
    const { table, role } = this.#setup;
    return {
      request,
      input: table.inputTokens[request],
      output: role === 'prefill' ? 1 : table.outputTokens[request],
      computed: 0,
      generated: 0,
      pages: [],
      scheduled: 0,
      aloneNs: 0,
      sinceNs: nowNs,
      lastTokenNs: -1,
      evictedNs: -1,
      regain: 0,
      remote,
    };
  }

  #wake(nowNs: number): void {
    if (this.#passStartNs >= 0) return;
    this.nextEventNs = nowNs;
    this.nextEventKind = BATCH_FORMATION;
  }

  #formBatch(nowNs: number): void {
    const { config } = this.#setup;
    let budget = config.maxBatchedTokens;
    let preempted = false;
    for (const job of this.#running) job.scheduled = 0;
    for (let index = 0; index < this.#running.length; index++) {
      const job = this.#running[index];
      const tokens = Math.min(job.input + job.generated - job.computed, budget);
      if (tokens === 0) continue;
      let gone = false;
      while (this.#pagesFor(job, tokens) > this.#pool.freePages) {
        const victim = this.#running.pop()!;
        this.#preempt(victim, nowNs);
        preempted = true;
        if (victim === job) {
          gone = true;
          break;
        }
      }
      if (gone) break;
      this.#schedule(job, tokens);
      budget -= tokens;
    }
    if (!preempted) this.#admit(budget, nowNs);
    this.#startPass(nowNs, preempted);
  }

  #pagesFor(job: Job, tokens: number): number {
    return Math.ceil((job.computed + tokens) / this.#setup.config.blockTokens) - job.pages.length;
  }

  #schedule(job: Job, tokens: number): void {
    const { config } = this.#setup;
    const needed = this.#pagesFor(job, tokens);
    if (needed > 0) this.#pool.allocate(job.pages, needed);
    job.scheduled = tokens;
    if (config.prefixCaching) {
      this.#pool.publish(job.request, job.pages, Math.floor((job.computed + tokens) / config.blockTokens));
    }
  }

  #preempt(job: Job, nowNs: number): void {
    if (job.evictedNs < 0) {
      job.evictedNs = nowNs;
      job.regain = job.generated > 0 ? job.input + job.generated : job.computed;
    }
    this.#pool.release(job.pages);
    job.computed = 0;
    job.remote = 'no';
    this.#setup.log.preemptions[job.request] += 1;
    this.#setup.ledger.preemptions += 1;
    this.#waiting.unshift(job);
  }

  #admit(tokenBudget: number, nowNs: number): void {
    const { config, host, log, worker } = this.#setup;
    let budget = tokenBudget;
    for (const job of this.#remote.filter((candidate) => candidate.remote === 'loaded')) {
      if (this.#running.length >= config.maxSequences || budget === 0) return;
      this.#remote.splice(this.#remote.indexOf(job), 1);
      job.computed = job.input - 1;
      this.#start(job, nowNs);
      job.remote = 'joining';
      this.#schedule(job, 1);
      budget -= 1;
    }
    while (this.#waiting.length > 0 && budget > 0 && this.#running.length < config.maxSequences) {
      const job = this.#waiting[0];
      const known = job.input + job.generated;
      const hit = config.prefixCaching
        ? this.#pool.lookup(job.request, Math.floor((known - 1) / config.blockTokens))
        : 0;
      const computed = hit * config.blockTokens;
      if (job.remote !== 'queued' && known - computed > budget && !config.chunkedPrefill) return;
      const total = Math.ceil(known / config.blockTokens);
      if (total - hit + this.#pool.idleAmong(job.request, hit) > this.#pool.freePages) return;
      this.#waiting.shift();
      this.#pool.take(job.request, job.pages, hit);
      job.computed = computed;
      this.#setup.ledger.lookupTokens += known;
      this.#setup.ledger.hitTokens += computed;
      if (log.scheduledNs[job.request] < 0) log.reusedTokens[job.request] = computed;
      if (job.remote === 'queued') {
        this.#pool.allocate(job.pages, total - hit);
        job.remote = 'loading';
        log.spend(job.request, STATE.admissionQueue, nowNs - job.sinceNs);
        job.sinceNs = nowNs;
        this.#remote.push(job);
        host.reserved(worker, job.request, job.input - computed, nowNs);
        continue;
      }
      this.#start(job, nowNs);
      const tokens = Math.min(known - computed, budget);
      this.#schedule(job, tokens);
      budget -= tokens;
    }
  }

  #start(job: Job, nowNs: number): void {
    const { log } = this.#setup;
    if (job.evictedNs < 0) log.spend(job.request, STATE.admissionQueue, nowNs - job.sinceNs);
    if (log.scheduledNs[job.request] < 0) log.scheduledNs[job.request] = nowNs;
    job.remote = 'no';
    this.#running.push(job);
  }

  #startPass(nowNs: number, preempted: boolean): void {
    const { timer } = this.#setup;
    const batch = this.#running.filter((job) => job.scheduled > 0);
    if (batch.length === 0) {
      this.#passStartNs = -1;
      this.nextEventNs = preempted ? nowNs : NEVER;
      this.nextEventKind = BATCH_FORMATION;
      return;
    }
    const shape = new PassShape(timer.window);
    const decodes = batch.filter(isDecoding);
    const contexts = decodes.map((job) => job.computed + 1);
    const context = sum(contexts);
    const windowed = timer.window > 0 ? sum(contexts.map((tokens) => Math.min(tokens, timer.window))) : 0;
    if (decodes.length > 0) shape.setDecodes(decodes.length, context, windowed);
    for (const job of batch.filter((candidate) => !isDecoding(candidate))) {
      const completes = job.computed + job.scheduled === job.input + job.generated;
      shape.addChunk(job.computed, job.scheduled, completes);
      const alone = new PassShape(timer.window);
      alone.addChunk(job.computed, job.scheduled, completes);
      job.aloneNs = timer.passNs(alone);
    }
    const durationNs = timer.passNs(shape);
    const decodeNs = decodes.length > 0 ? timer.decodeNs(decodes.length, context, windowed) : 0;
    this.#passDecodeNs = Math.min(durationNs, decodeNs);
    this.#passBound = timer.boundOf(shape);
    this.#passStartNs = nowNs;
    this.nextEventNs = nowNs + durationNs;
    this.nextEventKind = PASS_END;
  }

  #endPass(nowNs: number): void {
    const { ledger } = this.#setup;
    const durationNs = nowNs - this.#passStartNs;
    this.#passStartNs = -1;
    const mixed = this.#running.some((job) => job.scheduled > 0 && !isDecoding(job));
    ledger.passes += 1;
    ledger.busyNs += durationNs;
    ledger.batchSum += this.#running.filter((job) => job.scheduled > 0).length;
    (mixed ? ledger.prefillBoundNs : ledger.decodeBoundNs)[this.#passBound] += durationNs;
    const stay: Job[] = [];
    for (const job of this.#running) {
      this.#book(job, durationNs, nowNs);
      job.computed += job.scheduled;
      if (job.scheduled > 0 && job.computed === job.input + job.generated) this.#emit(job, nowNs);
      job.scheduled = 0;
      if (job.generated < job.output) stay.push(job);
      else this.#finish(job, nowNs);
    }
    this.#running = stay;
    const idle = stay.length === 0 && this.#waiting.length === 0 && this.#remote.length === 0;
    this.nextEventNs = idle ? NEVER : nowNs;
    this.nextEventKind = BATCH_FORMATION;
  }

  /** Says where the pass's time went for this job; called before its tokens are counted. */
  #book(job: Job, durationNs: number, nowNs: number): void {
    const { log } = this.#setup;
    if (job.evictedNs >= 0) {
      if (job.computed + job.scheduled < job.regain) return;
      log.spend(job.request, STATE.preemption, nowNs - job.evictedNs);
      job.evictedNs = -1;
    } else if (isDecoding(job)) {
      log.spend(job.request, STATE.decode, this.#passDecodeNs);
      log.spend(job.request, STATE.decodeInterference, durationNs - this.#passDecodeNs);
    } else {
      const ownNs = job.scheduled > 0 ? Math.min(job.aloneNs, durationNs) : 0;
      log.spend(job.request, STATE.prefill, ownNs);
      log.spend(job.request, STATE.prefillInterference, durationNs - ownNs);
    }
  }

  #emit(job: Job, nowNs: number): void {
    const { log, ledger, role } = this.#setup;
    if (job.generated === 0) {
      if (role !== 'prefill') log.firstTokenNs[job.request] = nowNs;
    } else {
      const gapNs = nowNs - job.lastTokenNs;
      ledger.gaps.add(gapNs, 1);
      log.maxGapNs[job.request] = Math.max(log.maxGapNs[job.request], gapNs);
    }
    job.lastTokenNs = nowNs;
    job.generated += 1;
    job.remote = 'no';
  }

  #finish(job: Job, nowNs: number): void {
    const { host, log, role, worker } = this.#setup;
    if (role === 'prefill') {
      this.#held.set(job.request, job);
      host.prefilled(worker, job.request, nowNs);
      return;
    }
    this.#pool.release(job.pages);
    log.lastTokenNs[job.request] = nowNs;
    host.finished(worker, job.request, nowNs);
  }
}

/** It has emitted a token and only that one is left to compute, or all but the prompt's last token came from elsewhere. */
function isDecoding(job: Job): boolean {
  return (job.generated > 0 || job.remote === 'joining') && job.evictedNs < 0;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
