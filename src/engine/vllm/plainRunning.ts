import { type Job, NO_DRAFTS } from '../plain/job.ts';
import { STATE } from '../requestLog.ts';
import { mostTokens } from './mostTokens.ts';
import { byPriority, type PlainState } from './plainState.ts';
import { schedulesAhead } from './vllmConfig.ts';

/** The running requests' part of vLLM's `schedule`, and how one loses its blocks. */
export class PlainRunning {
  readonly #state: PlainState;

  constructor(state: PlainState) {
    this.#state = state;
  }

  /** Those that run take tokens and blocks in order of admission (1.2 B). */
  form(nowNs: number): void {
    const { longPrefillTokens } = this.#state.setup.config;
    let index = 0;
    while (index < this.#state.running.length && this.#state.room > 0) {
      const job = this.#state.running[index];
      let tokens = this.#state.holdsBack && job.isMidPrompt ? 0 : this.#wanted(job);
      if (longPrefillTokens > 0) tokens = Math.min(tokens, longPrefillTokens);
      tokens = Math.min(tokens + this.#drafts(job, tokens), this.#state.room);
      if (!job.decodes) tokens = this.#state.chunkOf(job, job.computed, tokens, job.hold.junction);
      if (tokens === 0) {
        index += 1;
        continue;
      }
      let evicted = false;
      while (!evicted && !this.#allocate(job, tokens)) {
        const victim = this.#victim();
        const at = this.#state.running.indexOf(victim);
        this.#state.running.splice(at, 1);
        if (at < index) index -= 1;
        this.#preempt(victim, nowNs);
        evicted = victim === job;
      }
      // Who has to evict itself ends the pass for all behind it.
      if (evicted) break;
      this.schedule(job, tokens);
      index += 1;
    }
    // A decode that gets no token goes on alone and catches up as a prompt would.
    for (const job of this.#state.running.slice(index))
      if (job.decodes && !this.#hasAllInFlight(job) && this.#wanted(job) > 0) this.#fallBehind(job, nowNs);
  }

  /** Known tokens the next step could compute. */
  #wanted(job: Job): number {
    if (this.#hasAllInFlight(job)) return this.#isGhost(job) ? 1 : 0;
    // Without asynchronous scheduling a token must be out before the next can be asked for.
    return schedulesAhead(this.#state.setup.config)
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
    if (!schedulesAhead(this.#state.setup.config) || !job.decodes) return false;
    return job.placeholders > 0 && job.generated + 1 < mostTokens(this.#state.setup, job.request);
  }

  /** Drafts that the next step verifies after the job's own token; a context never gets longer than the model takes. */
  #drafts(job: Job, tokens: number): number {
    const { contextLength, longPrefillTokens } = this.#state.setup.config;
    if (this.#state.outcomes === null || !job.decodes || tokens === 0) return 0;
    const most = contextLength - job.computed - job.optimism - 2;
    const drafts = Math.max(0, Math.min(this.#state.outcomes.draftTokens, most));
    return longPrefillTokens > 0 ? Math.min(drafts, longPrefillTokens - 1) : drafts;
  }

  #victim(): Job {
    if (this.#state.setup.config.policy === 'fcfs') return this.#state.running.at(-1)!;
    return this.#state.running.reduce((worst, job) => (byPriority(worst, job) < 0 ? job : worst));
  }

  #allocate(job: Job, tokens: number): boolean {
    return this.#state.pages.allocate(job.hold, {
      known: job.known,
      computed: job.computed + job.optimism,
      processed: this.#processed(job),
      hit: 0,
      junction: 0,
      external: 0,
      tokens,
      lookahead: this.#state.lookahead,
      keepFree: 0,
      gate: false,
      publishes: true,
    });
  }

  /** Tokens whose pass is over, or since when windows moved on with what is scheduled, all. */
  #processed(job: Job): number {
    const computed = job.computed + job.optimism;
    if (!this.#state.setup.config.semantics.windowFreedOnProcessed) return computed;
    const mine = this.#state.inFlight.flat().filter((share) => share.job === job && share.fate === 'due');
    return computed - mine.reduce((sum, { tokens }) => sum + tokens, 0);
  }

  /** The job's next `tokens` tokens, which have their blocks, go into the step. */
  schedule(job: Job, tokens: number): void {
    const { decodes, computed: before } = job;
    if (decodes) {
      this.verify(job, tokens, tokens - 1);
      return;
    }
    const completes = before + tokens === job.expected;
    const yields = completes ? 1 : 0;
    this.#state.shares.push({ ...NO_DRAFTS, job, tokens, before, decodes, completes, yields });
    job.computed += tokens;
    this.#state.budget -= tokens + this.#state.draftSlots;
  }

  /** The job's last token and the rest of `tokens`, of which `drafts` may be accepted. */
  verify(job: Job, tokens: number, drafts: number): void {
    const before = job.computed;
    const generated = job.generated + job.placeholders + job.stale;
    this.#state.budget -= tokens + this.#state.draftSlots;
    if (generated === job.output) {
      const ghost = { ...NO_DRAFTS, job, tokens, before, decodes: true, completes: false, yields: 0 };
      this.#state.shares.push({ ...ghost, fate: 'void' });
      return;
    }
    const accepted = this.#state.outcomes?.accepted(job.request, generated, drafts) ?? 0;
    const yields = Math.min(1 + accepted, job.output - generated);
    const rejects = tokens - yields;
    const share = { ...NO_DRAFTS, job, tokens, before, decodes: true, completes: true, yields, drafts, rejects };
    this.#state.shares.push(share);
    job.computed += yields;
  }

  #preempt(job: Job, nowNs: number): void {
    const { log, ledger, config } = this.#state.setup;
    const mine = this.#state.shares.find((share) => share.job === job);
    if (mine !== undefined) {
      this.#state.shares.splice(this.#state.shares.indexOf(mine), 1);
      job.computed = mine.before;
      if (config.semantics.refundsVictim) this.#state.budget += mine.tokens + this.#state.draftSlots;
    }
    const regain = job.decodes && this.#state.setup.role !== 'prefill' ? job.expected : job.computed;
    this.#state.pages.publish(job.hold, this.#named(job));
    this.#outrun(job, this.#state.setup.role === 'prefill' ? 'void' : 'late');
    if (job.evictedNs < 0) {
      const state = job.countsAsDecode ? STATE.decodeInterference : STATE.prefillInterference;
      log.spend(job.request, state, nowNs - job.accountedNs);
      job.evictedNs = nowNs;
      job.regain = regain;
    } else if (job.decodes && this.#state.setup.role !== 'prefill') {
      job.regain = regain;
    }
    this.#state.store(job);
    this.#state.pages.release(job.hold);
    job.computed = 0;
    job.decodes = false;
    job.countsAsDecode = false;
    job.remote = false;
    job.status = 'waiting';
    log.preemptions[job.request] += 1;
    ledger.preemptions += 1;
    this.#state.hasPreempted = true;
    this.#state.waiting.unshift(job);
    this.#state.sortWaiting();
  }

  /** Computed tokens that are known. */
  #named(job: Job): number {
    return schedulesAhead(this.#state.setup.config)
      ? job.computed - job.placeholders
      : Math.min(job.computed, job.known);
  }

  /**
   * What passes in flight compute for the job is in vain. Tokens still come out of them, but a KV producer has no use for one
   * whose KV is gone.
   */
  #outrun(job: Job, fate: 'late' | 'void'): void {
    job.optimism = 0;
    for (const share of this.#state.inFlight.flat()) {
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
    this.#state.setup.log.spend(job.request, state, nowNs - job.accountedNs);
    job.countsAsDecode = false;
    job.accountedNs = nowNs;
  }
}
