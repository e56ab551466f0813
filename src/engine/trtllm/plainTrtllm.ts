import { noteGap } from '../decodeTimes.ts';
import { type DraftOutcomes, outcomesOf } from '../draftOutcomes.ts';
import type { EngineLoad } from '../engineCore.ts';
import type { EngineSetup } from '../engineSetup.ts';
import { type Job, NO_DRAFTS, type Share } from '../plain/job.ts';
import type { PlainScheduler } from '../plain/plainScheduler.ts';
import { STATE } from '../requestLog.ts';
import { type CapacityView, fitCapacity } from './capacity.ts';
import { firstChunk } from './firstChunk.ts';
import { chooseMicroBatch, type MicroBatch, type MicroBatchView } from './microBatch.ts';
import { PlainBlocks } from './plainBlocks.ts';
import type { PlainExecutor, PlainRank } from './plainExecutor.ts';
import { serves } from './requestLimits.ts';
import type { TrtllmConfig } from './trtllmConfig.ts';

/** One rank of TensorRT-LLM's executor (py_executor.py of 1.2) in its own order, one request and one block at a time. */
export class PlainTrtllm implements PlainScheduler, PlainRank {
  readonly #setup: EngineSetup<TrtllmConfig>;
  readonly #blocks: PlainBlocks;
  readonly #executor: PlainExecutor;
  /** null: one token a step. */
  readonly #outcomes: DraftOutcomes | null;
  active: Job[] = [];
  readonly #held = new Map<number, Job>();
  /** Chosen for the step being formed, and what it consists of. */
  chosen: MicroBatch<Job> = { contexts: [], generations: [] };
  #shares: Share[] = [];
  #inFlight: readonly (readonly Share[])[] = [];
  /** Its only token, which came with its KV, was somebody's last. */
  hasFinished = false;

  constructor(setup: EngineSetup<TrtllmConfig>, executor: PlainExecutor) {
    this.#setup = setup;
    this.#executor = executor;
    executor.ranks.push(this);
    this.#outcomes = outcomesOf(setup.config.speculation);
    this.#blocks = new PlainBlocks(setup);
  }

  get loadedNs(): number {
    return this.#blocks.loadedNs;
  }

  get usablePages(): number {
    return this.#blocks.manager.usablePages;
  }

  get evictedPages(): number {
    return this.#blocks.manager.evictedPages;
  }

  admits(inputTokens: number, outputTokens: number): boolean {
    return serves(this.#setup.config, inputTokens, outputTokens);
  }

  /** What all ranks share is spoken for by the first. */
  get #isFirst(): boolean {
    return this.#executor.ranks[0] === this;
  }

  enqueue(job: Job): void {
    this.#executor.inbox.push(job);
  }

  remoteArrived(request: number, nowNs: number): void {
    const job = this.#executor.ranks
      .flatMap(({ active }) => active)
      .find((candidate) => candidate.request === request)!;
    job.accountedNs = nowNs;
    job.status = 'loaded';
  }

  releaseHeld(request: number): void {
    for (const rank of this.#executor.ranks) rank.dropHeld(request);
  }

  dropHeld(request: number): boolean {
    const job = this.#held.get(request);
    if (job === undefined) return false;
    this.#blocks.release(job);
    return this.#held.delete(request);
  }

  cancel(request: number, nowNs: number): Job | null {
    const { ranks, inbox, waiting } = this.#executor;
    if (ranks.some((rank) => rank.dropHeld(request))) return null;
    for (const queue of [inbox, waiting]) {
      const at = queue.findIndex((candidate) => candidate.request === request);
      if (at >= 0) return queue.splice(at, 1)[0];
    }
    return ranks.map((rank) => rank.giveUp(request, nowNs)).find((job) => job !== null)!;
  }

  giveUp(request: number, nowNs: number): Job | null {
    const at = this.active.findIndex((candidate) => candidate.request === request);
    if (at < 0) return null;
    const [job] = this.active.splice(at, 1);
    if (job.decodes && job.status === 'running') this.#blocks.publish(job, job.known - 1);
    if (job.countsAsDecode) this.#setup.log.spend(request, STATE.decodeInterference, nowNs - job.accountedNs);
    if (job.status !== 'waiting') this.#blocks.release(job);
    return job;
  }

  cachedTokens(request: number): number {
    return this.#executor.rankFor(this.#setup.table.inputTokens[request]).hitOf(request);
  }

  hitOf(request: number): number {
    return this.#blocks.manager.lookup(request, this.#setup.table.inputTokens[request]);
  }

  addLoad(load: EngineLoad): void {
    const { inbox, waiting } = this.#executor;
    const running = this.active.filter(({ status }) => status === 'running');
    const queued = this.active.filter((job) => !running.includes(job));
    if (this.#isFirst) queued.push(...inbox, ...waiting);
    load.running += running.length;
    load.waiting += queued.length;
    load.usablePages += this.#blocks.manager.usablePages;
    load.heldPages += this.#blocks.manager.usablePages - this.#blocks.manager.freePages;
    for (const job of queued) if (job.status === 'waiting') load.queuedPrefillTokens += job.expected;
    for (const job of running) if (!job.decodes) load.queuedPrefillTokens += job.expected - job.computed;
  }

  // ---- forming ----------------------------------------------------------------------------------------------------

  form(inFlight: readonly (readonly Share[])[], nowNs: number): Share[] {
    return this.#executor.form([inFlight], nowNs)[0];
  }

  get isVacant(): boolean {
    return this.active.every(({ remote, status }) => remote || status === 'loading');
  }

  schedule(inFlight: readonly (readonly Share[])[], nowNs: number): void {
    const { config, tiers } = this.#setup;
    if (tiers !== null) tiers.nowNs = nowNs;
    this.#inFlight = inFlight;
    this.#shares = [];
    this.hasFinished = false;
    this.#blocks.manager.startStep();
    const mostActive = config.maxSequences * config.pipelineStages;
    const fitting = fitCapacity(config.capacityPolicy, this.active, mostActive, this.#capacityView(), {
      freeBlocks: () => this.#blocks.manager.freePages,
      pause: (job) => this.#pause(job, nowNs),
    });
    for (const job of fitting) if (job.remote) this.#reserve(job, nowNs);
    const runnable = fitting.filter((job) => !job.remote && !this.#isOut(job));
    this.chosen = chooseMicroBatch(runnable, this.#microBatchView(), {
      maxTokens: config.maxBatchedTokens,
      maxRequests: config.maxSequences,
      chunking: config.chunkedPrefill ? { policy: config.chunkingPolicy, unit: config.blockTokens } : null,
    });
  }

  launch(isHeldBack: boolean, nowNs: number): Share[] {
    const { contexts, generations } = this.chosen;
    if (!isHeldBack) for (const { item, tokens } of contexts) this.#prefill(item, tokens, nowNs);
    for (const job of generations) if (job.status === 'loaded') this.#startLoaded(job, nowNs);
    for (const job of generations) if (this.active.includes(job)) this.#generate(job);
    return this.#shares;
  }

  /** It takes no part in the next step: it is in a micro-batch of the pipeline, or needs no more. */
  #isOut(job: Job): boolean {
    return this.#setup.config.pipelineStages > 1 ? job.placeholders > 0 : this.#isToComplete(job);
  }

  /** GENERATION_TO_COMPLETE: the token that must be its last is in flight. Of accepted drafts nobody knows yet. */
  #isToComplete(job: Job): boolean {
    const isInFlight = job.decodes && job.generated + job.placeholders === job.output;
    return isInFlight && job.generated + 1 >= this.#blocks.mostNewTokens(job);
  }

  #capacityView(): CapacityView<Job> {
    return {
      stateOf: (job) => {
        if (job.status === 'loading') return 'loading';
        if (job.remote) return 'toLoad';
        return job.decodes || job.status === 'loaded' ? 'generation' : 'context';
      },
      hasBlocks: (job) => job.computed > 0,
      blocksToEnd: (job) => this.#blocks.toEnd(job),
      blocksOfStep: (job) => {
        if (job.computed === 0) return this.#blocks.ofPrompt(job);
        return this.#isOut(job) || !(job.decodes || job.status === 'loaded') ? 0 : this.#blocks.ofStep(job);
      },
      mayPause: (job) => job.computed > 0 && job.status !== 'loading' && !this.#isOut(job),
      newBlock: (job) => this.#blocks.newBlock(job),
    };
  }

  #microBatchView(): MicroBatchView<Job> {
    return {
      isContext: (job) => !job.decodes && job.status !== 'loaded',
      restOf: (job) => job.expected - job.computed,
      reusableOf: (job) => (job.computed === 0 ? this.#blocks.reusable(job) : 0),
      draftsOf: (job) => (job.decodes || job.status === 'loaded' ? (this.#outcomes?.draftTokens ?? 0) : 0),
    };
  }

  #prefill(job: Job, chunk: number, nowNs: number): void {
    let tokens = chunk;
    if (job.computed === 0) {
      const { config, ledger, log } = this.#setup;
      const hit = this.#blocks.reusable(job);
      tokens = firstChunk(chunk, hit, job.expected, config.blockTokens);
      this.#blocks.start(job, tokens);
      ledger.lookupTokens += job.expected;
      ledger.hitTokens += hit;
      if (log.scheduledNs[job.request] < 0) log.reusedTokens[job.request] = hit;
      job.computed = hit;
      this.#start(job, nowNs);
    }
    const before = job.computed;
    job.computed += tokens;
    const completes = job.computed === job.expected;
    const yields = completes ? 1 : 0;
    this.#shares.push({ ...NO_DRAFTS, job, tokens, before, decodes: false, completes, yields });
    if (!completes) return;
    job.placeholders += 1;
    job.decodes = true;
  }

  #start(job: Job, nowNs: number): void {
    const { log } = this.#setup;
    job.status = 'running';
    if (job.evictedNs < 0) {
      log.spend(job.request, STATE.admissionQueue, nowNs - job.accountedNs);
      job.accountedNs = nowNs;
    }
    log.begin(job.request, nowNs);
  }

  #generate(job: Job): void {
    const before = job.computed;
    const generated = job.generated + job.placeholders;
    const drafts = this.#outcomes?.draftTokens ?? 0;
    this.#blocks.allocate(job, 0, 0, this.#blocks.reachOfStep(job) - before);
    const share = { ...NO_DRAFTS, job, tokens: 1 + drafts, before, decodes: true };
    // What ends a request before its time, or as an accepted draft, is noticed a step late.
    if (generated === job.output) {
      this.#shares.push({ ...share, completes: false, yields: 0, fate: 'void' });
      job.computed += 1;
      return;
    }
    const accepted = this.#outcomes?.accepted(job.request, generated, drafts) ?? 0;
    const yields = Math.min(1 + accepted, job.output - generated);
    const rejects = share.tokens - yields;
    job.computed += yields;
    job.placeholders += yields;
    job.optimism += rejects;
    this.#shares.push({ ...share, completes: true, yields, drafts, rejects });
  }

  /** The first token came with the KV; the client sees it when the request is first scheduled. */
  #startLoaded(job: Job, nowNs: number): void {
    this.#start(job, nowNs);
    const { log, ledger } = this.#setup;
    if (job.lastTokenNs < 0) log.firstTokenNs[job.request] = nowNs;
    else noteGap(job, nowNs, ledger.gaps, log);
    this.#blocks.publish(job, job.input);
    job.lastTokenNs = nowNs;
    job.generated = 1;
    job.decodes = true;
    if (job.generated < job.output) return;
    this.active.splice(this.active.indexOf(job), 1);
    this.hasFinished = true;
    this.#finish(job, nowNs);
  }

  /** Blocks for a prompt whose KV a context server has. */
  #reserve(job: Job, nowNs: number): void {
    const { host, ledger, log, worker } = this.#setup;
    const hit = this.#blocks.manager.lookup(job.request, job.input);
    this.#blocks.allocate(job, hit, job.input - hit, 0);
    ledger.lookupTokens += job.input;
    ledger.hitTokens += hit;
    if (log.firstTokenNs[job.request] < 0) log.reusedTokens[job.request] = hit;
    log.spend(job.request, STATE.admissionQueue, nowNs - job.accountedNs);
    job.accountedNs = nowNs;
    job.computed = job.input;
    job.remote = false;
    job.status = 'loading';
    host.reserved(worker, job.request, job.input - hit, nowNs);
  }

  /** Its KV goes; it comes back as a prompt that has its output at the end. */
  #pause(job: Job, nowNs: number): void {
    const { log, ledger, role } = this.#setup;
    const regain = job.decodes ? job.expected : job.computed;
    if (job.decodes) this.#blocks.publish(job, job.known - 1);
    const fate = role === 'prefill' ? 'void' : 'late';
    job.optimism = 0;
    for (const share of this.#inFlight.flat()) {
      if (share.job !== job || share.fate !== 'due') continue;
      share.fate = fate;
      job.placeholders -= share.yields;
      if (fate === 'late') job.stale += share.yields;
    }
    if (job.evictedNs < 0) {
      const state = job.countsAsDecode ? STATE.decodeInterference : STATE.prefillInterference;
      log.spend(job.request, state, nowNs - job.accountedNs);
      job.evictedNs = nowNs;
      job.regain = regain;
    } else if (job.decodes) {
      job.regain = regain;
    }
    this.#blocks.release(job);
    job.computed = 0;
    job.decodes = false;
    job.countsAsDecode = false;
    job.status = 'waiting';
    log.preemptions[job.request] += 1;
    ledger.preemptions += 1;
  }

  // ---- results ----------------------------------------------------------------------------------------------------

  settle(shares: readonly Share[], nowNs: number): void {
    const { tiers } = this.#setup;
    if (tiers !== null) tiers.nowNs = nowNs;
    for (const { job, before, tokens, decodes, completes, fate } of shares) {
      if (!completes || decodes || fate !== 'due') continue;
      this.#blocks.publish(job, before + tokens);
      this.#blocks.store(job);
    }
    const over = this.active.filter(
      (job) => job.generated === job.output && shares.some((share) => share.job === job && share.fate !== 'void'),
    );
    this.active = this.active.filter((job) => !over.includes(job));
    for (const job of over) this.#finish(job, nowNs);
  }

  #finish(job: Job, nowNs: number): void {
    const { host, log, role, worker } = this.#setup;
    if (role === 'prefill') {
      job.status = 'held';
      this.#held.set(job.request, job);
      host.prefilled(worker, job.request, nowNs);
      return;
    }
    if (job.status === 'running') this.#blocks.publish(job, job.known - 1);
    this.#blocks.store(job);
    this.#blocks.release(job);
    log.lastTokenNs[job.request] = nowNs;
    host.finished(worker, job.request, nowNs);
  }
}
