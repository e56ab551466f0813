import { BlockManager } from '../../kv/blockManager.ts';
import { mostReusable } from '../../kv/kvLayout.ts';
import type { KvTiers } from '../../kv/kvTiers.ts';
import { PageNames } from '../../kv/pageNames.ts';
import { type DraftOutcomes, outcomesOf } from '../draftOutcomes.ts';
import type { EngineLoad } from '../engineCore.ts';
import type { EngineSetup } from '../engineSetup.ts';
import { type Job, NO_DRAFTS, type Share } from '../plain/job.ts';
import type { PlainScheduler } from '../plain/plainScheduler.ts';
import { STATE } from '../requestLog.ts';
import { lookaheadOf } from '../speculation.ts';
import { fits } from './fits.ts';
import { kvLayoutOf } from './kvLayoutOf.ts';
import { mostTokens } from './mostTokens.ts';
import type { PrefillCadence } from './prefillCadence.ts';
import { schedulesAhead, type VllmConfig } from './vllmConfig.ts';

/** vLLM's `schedule` and `update_from_output`, step by step as scheduler.py has them, one request and one block at a time. */
export class PlainVllm implements PlainScheduler {
  readonly #setup: EngineSetup<VllmConfig>;
  readonly #pages: BlockManager;
  readonly #names: PageNames;
  readonly #tiers: KvTiers | null;
  readonly #outcomes: DraftOutcomes | null;
  readonly #lookahead: number;
  #waiting: Job[] = [];
  #remote: Job[] = [];
  #running: Job[] = [];
  readonly #held = new Map<number, Job>();
  /** Of the step being formed. */
  #shares: Share[] = [];
  #inFlight: readonly (readonly Share[])[] = [];
  #budget = 0;
  #hasPreempted = false;
  readonly #cadence: PrefillCadence | null;
  /** Prompts wait for their turn in this step; those of the last free one could not all start. */
  #holdsBack = false;
  #isCapacityBound = false;

  constructor(setup: EngineSetup<VllmConfig>, cadence: PrefillCadence | null) {
    this.#setup = setup;
    this.#cadence = cadence;
    cadence?.join(this);
    const { config, table } = setup;
    this.#outcomes = outcomesOf(config.speculation);
    this.#lookahead = lookaheadOf(config.speculation);
    const namesOf = (tokens: number): PageNames => new PageNames(table.workload, table.namedTokens, tokens);
    this.#pages = new BlockManager(kvLayoutOf(config), namesOf);
    this.#names = namesOf(config.blockTokens);
    this.#tiers = setup.tiers;
    this.#pages.onDropped((segment, block) => this.#tiers?.evicted(segment, block, block + 1));
  }

  get running(): number {
    return this.#running.length;
  }

  get usablePages(): number {
    return this.#pages.usablePages;
  }

  get evictedPages(): number {
    return this.#pages.evictedPages;
  }

  admits(inputTokens: number, outputTokens: number): boolean {
    return fits(this.#setup.config, inputTokens, outputTokens);
  }

  enqueue(job: Job): void {
    this.#waiting.push(job);
    this.#sortWaiting();
  }

  remoteArrived(request: number, nowNs: number): void {
    const job = this.#remote.find((candidate) => candidate.request === request);
    if (job === undefined || (!job.remote && job.loadedNs !== nowNs)) return;
    if (!job.remote && job.evictedNs < 0) this.#setup.log.spend(request, STATE.onboarding, nowNs - job.accountedNs);
    if (job.evictedNs < 0) job.accountedNs = nowNs;
    job.status = 'loaded';
  }

  releaseHeld(request: number): void {
    this.#pages.release(this.#held.get(request)!.hold);
    this.#held.delete(request);
  }

  cancel(request: number, nowNs: number): Job | null {
    if (this.#held.has(request)) {
      this.releaseHeld(request);
      return null;
    }
    const job = [...this.#waiting, ...this.#remote, ...this.#running].find(
      (candidate) => candidate.request === request,
    )!;
    if (job.status === 'running') {
      this.#pages.publish(job.hold, Math.min(job.computed, job.known + job.stale));
      const state = job.countsAsDecode ? STATE.decodeInterference : STATE.prefillInterference;
      if (job.evictedNs < 0 && job.decodes) this.#setup.log.spend(request, state, nowNs - job.accountedNs);
    }
    this.#waiting = this.#waiting.filter((other) => other !== job);
    this.#remote = this.#remote.filter((other) => other !== job);
    this.#running = this.#running.filter((other) => other !== job);
    if (job.status !== 'waiting') this.#pages.release(job.hold);
    return job;
  }

  cachedTokens(request: number): number {
    return this.#pages.lookup(request, this.#setup.table.inputTokens[request]);
  }

  addLoad(load: EngineLoad): void {
    load.running += this.#running.length;
    load.waiting += this.#waiting.length + this.#remote.length;
    load.usablePages += this.#pages.usablePages;
    load.heldPages += this.#pages.usablePages - this.#pages.freePages;
    for (const job of this.#waiting) load.queuedPrefillTokens += job.expected;
    for (const job of this.#running) if (!job.decodes) load.queuedPrefillTokens += job.expected - job.computed;
  }

  #sortWaiting(): void {
    if (this.#setup.config.policy === 'priority') this.#waiting.sort(byPriority);
  }

  form(inFlight: readonly (readonly Share[])[], nowNs: number): Share[] {
    if (this.#tiers !== null) this.#tiers.nowNs = nowNs;
    this.#inFlight = inFlight;
    this.#shares = [];
    const isThrottled = this.#cadence?.holdsBack(this) === true;
    do {
      this.#pages.startStep();
      this.#budget = this.#setup.config.maxBatchedTokens;
      this.#hasPreempted = false;
      this.#holdsBack = isThrottled && !this.#isCapacityBound && this.#running.some(({ isMidPrompt }) => !isMidPrompt);
      this.#scheduleRunning(nowNs);
      if (!this.#hasPreempted) this.#admitWaiting(nowNs);
    } while (this.#shares.length === 0 && this.#hasPreempted);
    for (const { job, completes, decodes, yields, rejects } of this.#shares) {
      if (!decodes) job.isMidPrompt = !completes;
      if (!completes) continue;
      job.placeholders += yields;
      job.optimism += rejects;
      job.decodes = true;
    }
    return this.#shares;
  }

  // ---- running (1.2 B) --------------------------------------------------------------------------------------------

  #scheduleRunning(nowNs: number): void {
    const { longPrefillTokens } = this.#setup.config;
    let index = 0;
    while (index < this.#running.length && this.#budget > 0) {
      const job = this.#running[index];
      let tokens = this.#holdsBack && job.isMidPrompt ? 0 : this.#wanted(job);
      if (longPrefillTokens > 0) tokens = Math.min(tokens, longPrefillTokens);
      tokens = Math.min(tokens + this.#drafts(job, tokens), this.#budget);
      if (tokens === 0) {
        index += 1;
        continue;
      }
      let evicted = false;
      while (!evicted && !this.#allocate(job, tokens)) {
        const victim = this.#victim();
        const at = this.#running.indexOf(victim);
        this.#running.splice(at, 1);
        if (at < index) index -= 1;
        this.#preempt(victim, nowNs);
        evicted = victim === job;
      }
      // Who has to evict itself ends the pass for all behind it.
      if (evicted) break;
      this.#schedule(job, tokens);
      index += 1;
    }
    // A decode that gets no token goes on alone and catches up as a prompt would.
    for (const job of this.#running.slice(index))
      if (job.decodes && !this.#hasAllInFlight(job) && this.#wanted(job) > 0) this.#fallBehind(job, nowNs);
  }

  /** Known tokens the next step could compute. */
  #wanted(job: Job): number {
    if (this.#hasAllInFlight(job)) return this.#isGhost(job) ? 1 : 0;
    // Without asynchronous scheduling a token must be out before the next can be asked for.
    return schedulesAhead(this.#setup.config)
      ? job.expected - job.computed
      : Math.max(0, job.known + job.stale - job.computed);
  }

  #hasAllInFlight(job: Job): boolean {
    return job.generated + job.placeholders + job.stale >= job.output;
  }

  /**
   * All its tokens are in flight, but only one of them is sure, and that is not the last it may have: it is scheduled once
   * more, to no avail (1.2 B.1).
   */
  #isGhost(job: Job): boolean {
    if (!schedulesAhead(this.#setup.config) || !job.decodes) return false;
    return job.placeholders > 0 && job.generated + 1 < mostTokens(this.#setup, job.request);
  }

  /** Drafts that the next step verifies after the job's own token; a context never gets longer than the model takes. */
  #drafts(job: Job, tokens: number): number {
    const { contextLength, longPrefillTokens } = this.#setup.config;
    if (this.#outcomes === null || !job.decodes || tokens === 0) return 0;
    const most = contextLength - job.computed - job.optimism - 2;
    const drafts = Math.max(0, Math.min(this.#outcomes.draftTokens, most));
    return longPrefillTokens > 0 ? Math.min(drafts, longPrefillTokens - 1) : drafts;
  }

  #victim(): Job {
    if (this.#setup.config.policy === 'fcfs') return this.#running.at(-1)!;
    return this.#running.reduce((worst, job) => (byPriority(worst, job) < 0 ? job : worst));
  }

  #allocate(job: Job, tokens: number): boolean {
    return this.#pages.allocate(job.hold, {
      known: job.known,
      computed: job.computed + job.optimism,
      processed: this.#processed(job),
      hit: 0,
      junction: 0,
      external: 0,
      tokens,
      lookahead: this.#lookahead,
      keepFree: 0,
      gate: false,
      publishes: true,
    });
  }

  /** Tokens whose pass is over, or since when windows moved on with what is scheduled, all. */
  #processed(job: Job): number {
    const computed = job.computed + job.optimism;
    if (!this.#setup.config.semantics.windowFreedOnProcessed) return computed;
    const mine = this.#inFlight.flat().filter((share) => share.job === job && share.fate === 'due');
    return computed - mine.reduce((sum, { tokens }) => sum + tokens, 0);
  }

  #schedule(job: Job, tokens: number): void {
    const { decodes, computed: before } = job;
    if (decodes) {
      this.#verify(job, tokens, tokens - 1);
      return;
    }
    const completes = before + tokens === job.expected;
    const yields = completes ? 1 : 0;
    this.#shares.push({ ...NO_DRAFTS, job, tokens, before, decodes, completes, yields });
    job.computed += tokens;
    this.#budget -= tokens;
  }

  /** The job's last token and the rest of `tokens`, of which `drafts` may be accepted. */
  #verify(job: Job, tokens: number, drafts: number): void {
    const before = job.computed;
    const generated = job.generated + job.placeholders + job.stale;
    this.#budget -= tokens;
    if (generated === job.output) {
      const ghost = { ...NO_DRAFTS, job, tokens, before, decodes: true, completes: false, yields: 0 };
      this.#shares.push({ ...ghost, fate: 'void' });
      return;
    }
    const accepted = this.#outcomes?.accepted(job.request, generated, drafts) ?? 0;
    const yields = Math.min(1 + accepted, job.output - generated);
    const rejects = tokens - yields;
    const share = { ...NO_DRAFTS, job, tokens, before, decodes: true, completes: true, yields, drafts, rejects };
    this.#shares.push(share);
    job.computed += yields;
  }

  #preempt(job: Job, nowNs: number): void {
    const { log, ledger, config } = this.#setup;
    const mine = this.#shares.find((share) => share.job === job);
    if (mine !== undefined) {
      this.#shares.splice(this.#shares.indexOf(mine), 1);
      job.computed = mine.before;
      if (config.semantics.refundsVictim) this.#budget += mine.tokens;
    }
    const regain = job.decodes && this.#setup.role !== 'prefill' ? job.expected : job.computed;
    this.#pages.publish(job.hold, this.#named(job));
    this.#outrun(job, this.#setup.role === 'prefill' ? 'void' : 'late');
    if (job.evictedNs < 0) {
      const state = job.countsAsDecode ? STATE.decodeInterference : STATE.prefillInterference;
      log.spend(job.request, state, nowNs - job.accountedNs);
      job.evictedNs = nowNs;
      job.regain = regain;
    } else if (job.decodes && this.#setup.role !== 'prefill') {
      job.regain = regain;
    }
    this.#store(job);
    this.#pages.release(job.hold);
    job.computed = 0;
    job.decodes = false;
    job.countsAsDecode = false;
    job.remote = false;
    job.status = 'waiting';
    log.preemptions[job.request] += 1;
    ledger.preemptions += 1;
    this.#hasPreempted = true;
    this.#waiting.unshift(job);
    this.#sortWaiting();
  }

  /** Computed tokens that are known. */
  #named(job: Job): number {
    return schedulesAhead(this.#setup.config) ? job.computed - job.placeholders : Math.min(job.computed, job.known);
  }

  /**
   * What passes in flight compute for the job is in vain. Tokens still come out of them, but a KV producer has no use for one
   * whose KV is gone.
   */
  #outrun(job: Job, fate: 'late' | 'void'): void {
    job.optimism = 0;
    for (const share of this.#inFlight.flat()) {
      if (share.job !== job || share.fate !== 'due') continue;
      share.fate = fate;
      job.placeholders -= share.yields;
      if (fate === 'late') job.stale += share.yields;
    }
  }

  #fallBehind(job: Job, nowNs: number): void {
    this.#outrun(job, 'late');
    job.decodes = false;
    const state = job.countsAsDecode ? STATE.decodeInterference : STATE.prefillInterference;
    this.#setup.log.spend(job.request, state, nowNs - job.accountedNs);
    job.countsAsDecode = false;
    job.accountedNs = nowNs;
  }

  // ---- waiting (1.2 C) --------------------------------------------------------------------------------------------

  #admitWaiting(nowNs: number): void {
    const skipped = this.#scheduleWaiting(nowNs);
    if (!this.#holdsBack) this.#isCapacityBound = this.#waiting.length > 0;
    this.#waiting.unshift(...skipped);
  }

  /** Returns who was passed over. */
  #scheduleWaiting(nowNs: number): Job[] {
    const { config } = this.#setup;
    for (const job of this.#remote.filter(({ status }) => status === 'loaded')) {
      if (this.#running.length >= config.maxSequences || this.#budget === 0) return [];
      if (!job.remote) {
        if (!this.#resume(job, nowNs)) return [];
        continue;
      }
      const padding = this.#padding();
      if (padding > 0 && !this.#mayPad(job.input - 1, padding)) return [];
      job.computed = job.input - 1;
      this.#remote.splice(this.#remote.indexOf(job), 1);
      job.decodes = true;
      this.#pages.publish(job.hold, job.input);
      this.#run(job, nowNs);
      this.#verify(job, 1 + padding, 0);
    }
    const skipped: Job[] = [];
    while (this.#waiting.length > 0 && this.#budget > 0 && this.#running.length < config.maxSequences) {
      if (config.tiers?.onboarding === 'blocking' && this.#onboarding.length > 0) break;
      const job = this.#waiting[0];
      const verdict = job.stale > 0 ? 'skip' : this.#admit(job, nowNs);
      if (verdict === 'stop') break;
      this.#waiting.shift();
      if (verdict === 'skip') skipped.push(job);
    }
    return skipped;
  }

  /** Whose KV comes from elsewhere has room for its first pass when it arrives: vLLM looks for it only then, maybe in vain. */
  get #firstDrafts(): number {
    return this.#lookahead + (this.#outcomes?.draftTokens ?? 0);
  }

  /** Placeholders for drafts that somebody who needs one token gets in order to look like this step's decodes (3.2). */
  #padding(): number {
    if (this.#outcomes === null || !this.#setup.config.semantics.padsFirstSpeculativeDecode) return 0;
    const onlyDecodes = this.#shares.length > 0 && this.#shares.every(({ decodes }) => decodes);
    return onlyDecodes ? this.#outcomes.draftTokens : 0;
  }

  #mayPad(computed: number, padding: number): boolean {
    return 1 + padding <= this.#budget && computed + 1 + padding <= this.#setup.config.contextLength;
  }

  #admit(job: Job, nowNs: number): 'in' | 'skip' | 'stop' {
    const { config, host, ledger, log, worker } = this.#setup;
    const { semantics, longPrefillTokens } = config;
    const hit = this.#pages.lookup(job.request, job.known);
    const first = hit / config.blockTokens;
    const reach =
      job.remote || this.#tiers === null
        ? first
        : this.#tiers.reach(job.request, first, mostReusable(job.known, kvLayoutOf(config)));
    if (reach > first) return this.#onboard(job, hit, first, reach, nowNs);
    const external = job.remote ? job.known - hit : 0;
    let tokens = job.known - hit - external;
    if (this.#holdsBack && tokens > 1) return 'stop';
    if (longPrefillTokens > 0) tokens = Math.min(tokens, longPrefillTokens);
    if (!config.chunkedPrefill && tokens > this.#budget) return semantics.oversizedStopsAdmission ? 'stop' : 'skip';
    tokens = Math.min(tokens, this.#budget);
    const padding = !job.remote && hit + 1 === job.known ? this.#padding() : 0;
    if (padding > 0 && !this.#mayPad(hit, padding)) return 'stop';
    const fitted = this.#pages.allocate(job.hold, {
      known: job.known,
      computed: 0,
      processed: 0,
      hit,
      junction: this.#pages.junction,
      external,
      tokens: tokens + padding,
      lookahead: job.remote ? this.#firstDrafts : this.#lookahead,
      keepFree: this.#running.length > 0 ? Math.floor(config.watermark * config.blocks) : 0,
      gate: semantics.fullIslGate,
      publishes: !job.remote,
    });
    if (!fitted) return 'stop';
    ledger.lookupTokens += job.known;
    ledger.hitTokens += hit;
    if (log.scheduledNs[job.request] < 0) log.reusedTokens[job.request] = hit;
    job.computed = hit;
    if (job.remote) {
      job.status = 'loading';
      log.spend(job.request, STATE.admissionQueue, nowNs - job.accountedNs);
      job.accountedNs = nowNs;
      this.#remote.push(job);
      host.reserved(worker, job.request, external, nowNs);
      return 'in';
    }
    this.#run(job, nowNs);
    this.#schedule(job, tokens);
    this.#budget -= padding;
    return 'in';
  }

  get #onboarding(): Job[] {
    return this.#remote.filter(({ remote, status }) => !remote && status === 'loading');
  }

  /** Blocks [from, to) come up from the tiers while the job holds all that its known tokens need. */
  #onboard(job: Job, hit: number, from: number, to: number, nowNs: number): 'in' | 'skip' | 'stop' {
    const { config, host, ledger, log, worker } = this.#setup;
    const { request, known } = job;
    const isOnItsWay = this.#onboarding.some((other) => {
      for (let block = Math.max(from, other.loadFrom); block < Math.min(to, other.loadTo); block++) {
        if (this.#names.keyOf(request, block) === this.#names.keyOf(other.request, block)) return true;
      }
      return false;
    });
    if (isOnItsWay) return 'skip';
    const external = (to - from) * config.blockTokens;
    const call = {
      known,
      computed: 0,
      processed: 0,
      hit,
      junction: this.#pages.junction,
      external,
      tokens: known - hit - external,
      lookahead: this.#firstDrafts,
      keepFree: this.#running.length > 0 ? Math.floor(config.watermark * config.blocks) : 0,
      gate: true,
      publishes: false,
    };
    if (!this.#pages.fits(job.hold, call)) return 'stop';
    if (log.scheduledNs[request] < 0) {
      const byTier = this.#tiers!.pagesByTier(request, from, to);
      for (const [index, name] of this.#tiers!.names.entries()) {
        log.reuseFrom(request, name, byTier[index] * config.blockTokens);
      }
    }
    job.loadedNs = this.#tiers!.load(request, from, to);
    this.#pages.allocate(job.hold, call);
    ledger.lookupTokens += known;
    ledger.hitTokens += hit;
    job.computed = hit + external;
    if (log.scheduledNs[request] < 0) log.reusedTokens[request] = job.computed;
    job.loadFrom = from;
    job.loadTo = to;
    job.status = 'loading';
    if (job.evictedNs < 0) {
      log.spend(request, STATE.admissionQueue, nowNs - job.accountedNs);
      job.accountedNs = nowNs;
    }
    this.#remote.push(job);
    host.onboards(worker, request, job.loadedNs);
    return 'in';
  }

  /** The KV has come up: the rest of the known tokens is computed. */
  #resume(job: Job, nowNs: number): boolean {
    const { chunkedPrefill, longPrefillTokens } = this.#setup.config;
    let tokens = job.known - job.computed;
    if (this.#holdsBack && tokens > 1) return false;
    if (longPrefillTokens > 0) tokens = Math.min(tokens, longPrefillTokens);
    if (!chunkedPrefill && tokens > this.#budget) return false;
    tokens = Math.min(tokens, this.#budget);
    this.#remote.splice(this.#remote.indexOf(job), 1);
    this.#pages.publish(job.hold, job.computed);
    this.#run(job, nowNs);
    this.#schedule(job, tokens);
    this.#pages.publish(job.hold, job.computed);
    return true;
  }

  /** The tiers may copy what is published. */
  #store({ request }: Job): void {
    this.#tiers?.store(request, this.#pages.published(request));
  }

  #run(job: Job, nowNs: number): void {
    const { log } = this.#setup;
    if (job.evictedNs < 0) {
      log.spend(job.request, STATE.admissionQueue, nowNs - job.accountedNs);
      job.accountedNs = nowNs;
    }
    if (log.scheduledNs[job.request] < 0) log.scheduledNs[job.request] = nowNs;
    job.status = 'running';
    job.remote = false;
    this.#running.push(job);
  }

  // ---- results (1.4) ----------------------------------------------------------------------------------------------

  settle(shares: readonly Share[], nowNs: number): void {
    if (this.#tiers !== null) {
      this.#tiers.nowNs = nowNs;
      for (const { job, before, tokens, decodes, fate } of shares) {
        if (decodes || fate !== 'due') continue;
        this.#tiers.store(job.request, Math.floor((before + tokens) / this.#setup.config.blockTokens));
      }
    }
    const jobs = shares.filter(({ fate }) => fate !== 'void').map(({ job }) => job);
    const over = new Set(jobs.filter((job) => job.generated === job.output));
    if (over.size === 0) return;
    this.#waiting = this.#waiting.filter((job) => !over.has(job));
    for (const job of over) if (job.status === 'waiting') this.#finish(job, nowNs);
    for (const job of this.#running) if (over.has(job)) this.#finish(job, nowNs);
    this.#running = this.#running.filter((job) => !over.has(job));
  }

  #finish(job: Job, nowNs: number): void {
    const { host, log, role, worker } = this.#setup;
    if (role === 'prefill') {
      job.status = 'held';
      this.#held.set(job.request, job);
      host.prefilled(worker, job.request, nowNs);
      return;
    }
    this.#pages.publish(job.hold, job.computed);
    this.#store(job);
    this.#pages.release(job.hold);
    log.lastTokenNs[job.request] = nowNs;
    host.finished(worker, job.request, nowNs);
  }
}

function byPriority(a: Job, b: Job): number {
  return a.priority - b.priority || a.arrivalNs - b.arrivalNs || a.request - b.request;
}
