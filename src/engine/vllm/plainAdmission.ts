import { mostReusable } from '../../kv/kvLayout.ts';
import type { Job } from '../plain/job.ts';
import { STATE } from '../requestLog.ts';
import { kvLayoutOf } from './kvLayoutOf.ts';
import type { PlainRunning } from './plainRunning.ts';
import type { PlainState } from './plainState.ts';

/** The waiting requests' part of vLLM's `schedule`. */
export class PlainAdmission {
  readonly #state: PlainState;
  readonly #running: PlainRunning;

  constructor(state: PlainState, running: PlainRunning) {
    this.#state = state;
    this.#running = running;
  }

  /** Those that wait are admitted while tokens, sequences and blocks last (1.2 C). */
  form(nowNs: number): void {
    const skipped = this.#scheduleWaiting(nowNs);
    if (!this.#state.holdsBack) this.#state.isCapacityBound = this.#state.waiting.length > 0;
    this.#state.waiting.unshift(...skipped);
  }

  /** Returns who was passed over. */
  #scheduleWaiting(nowNs: number): Job[] {
    const { config } = this.#state.setup;
    for (const job of this.#state.remote.filter(({ status }) => status === 'loaded')) {
      if (this.#state.running.length >= config.maxSequences || this.#state.room <= 0) return [];
      if (!job.remote) {
        if (!this.#resume(job, nowNs)) return [];
        continue;
      }
      const padding = this.#padding();
      if (padding > 0 && !this.#mayPad(job.input - 1, padding)) return [];
      job.computed = job.input - 1;
      this.#state.remote.splice(this.#state.remote.indexOf(job), 1);
      job.decodes = true;
      this.#state.pages.publish(job.hold, job.input);
      this.#run(job, nowNs);
      this.#running.verify(job, 1 + padding, 0);
    }
    const skipped: Job[] = [];
    while (this.#state.waiting.length > 0 && this.#state.room > 0 && this.#state.running.length < config.maxSequences) {
      if (config.tiers?.onboarding === 'blocking' && this.#onboarding.length > 0) break;
      const job = this.#state.waiting[0];
      const verdict = job.stale > 0 ? 'skip' : this.#admit(job, nowNs);
      if (verdict === 'stop') break;
      this.#state.waiting.shift();
      if (verdict === 'skip') skipped.push(job);
    }
    return skipped;
  }

  /** Whose KV comes from elsewhere has room for its first pass when it arrives: vLLM looks for it only then, maybe in vain. */
  get #firstDrafts(): number {
    return this.#state.lookahead + (this.#state.outcomes?.draftTokens ?? 0);
  }

  /** Placeholders for drafts that somebody who needs one token gets in order to look like this step's decodes (3.2). */
  #padding(): number {
    if (this.#state.outcomes === null || !this.#state.setup.config.semantics.padsFirstSpeculativeDecode) return 0;
    const onlyDecodes = this.#state.shares.length > 0 && this.#state.shares.every(({ decodes }) => decodes);
    return onlyDecodes ? this.#state.outcomes.draftTokens : 0;
  }

  #mayPad(computed: number, padding: number): boolean {
    return 1 + padding <= this.#state.room && computed + 1 + padding <= this.#state.setup.config.contextLength;
  }

  #admit(job: Job, nowNs: number): 'in' | 'skip' | 'stop' {
    const { config, host, ledger, log, worker } = this.#state.setup;
    const { semantics, longPrefillTokens } = config;
    const hit = this.#state.pages.lookup(job.request, job.known);
    const first = hit / config.blockTokens;
    const reach =
      job.remote || this.#state.tiers === null
        ? first
        : this.#state.tiers.reach(job.request, first, mostReusable(job.known, kvLayoutOf(config)));
    if (reach > first) return this.#onboard(job, hit, first, reach, nowNs);
    const external = job.remote ? job.known - hit : 0;
    let tokens = job.known - hit - external;
    if (this.#state.holdsBack && tokens > 1) return 'stop';
    if (longPrefillTokens > 0) tokens = Math.min(tokens, longPrefillTokens);
    if (!config.chunkedPrefill && tokens > this.#state.room) return semantics.oversizedStopsAdmission ? 'stop' : 'skip';
    tokens = Math.min(tokens, this.#state.room);
    let padding = !job.remote && hit + 1 === job.known ? this.#padding() : 0;
    if (padding > 0 && !this.#mayPad(hit, padding)) return 'stop';
    if (!job.remote) {
      const chunk = this.#state.chunkOf(job, hit, tokens + padding, this.#state.pages.junction);
      if (chunk === 0) return 'stop';
      tokens = Math.min(tokens, chunk);
      padding = chunk - tokens;
    }
    const fitted = this.#state.pages.allocate(job.hold, {
      known: job.known,
      computed: 0,
      processed: 0,
      hit,
      junction: this.#state.pages.junction,
      external,
      tokens: tokens + padding,
      lookahead: job.remote ? this.#firstDrafts : this.#state.lookahead,
      keepFree: this.#state.running.length > 0 ? Math.floor(config.watermark * config.blocks) : 0,
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
      this.#state.remote.push(job);
      host.reserved(worker, job.request, external, nowNs);
      return 'in';
    }
    this.#run(job, nowNs);
    this.#running.schedule(job, tokens);
    this.#state.budget -= padding;
    return 'in';
  }

  get #onboarding(): Job[] {
    return this.#state.remote.filter(({ remote, status }) => !remote && status === 'loading');
  }

  /** Blocks [from, to) come up from the tiers while the job holds all that its known tokens need. */
  #onboard(job: Job, hit: number, from: number, to: number, nowNs: number): 'in' | 'skip' | 'stop' {
    const { config, host, ledger, log, worker } = this.#state.setup;
    const { request, known } = job;
    const isOnItsWay = this.#onboarding.some((other) => {
      for (let block = Math.max(from, other.loadFrom); block < Math.min(to, other.loadTo); block++) {
        if (this.#state.names.keyOf(request, block) === this.#state.names.keyOf(other.request, block)) return true;
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
      junction: this.#state.pages.junction,
      external,
      tokens: known - hit - external,
      lookahead: this.#firstDrafts,
      keepFree: this.#state.running.length > 0 ? Math.floor(config.watermark * config.blocks) : 0,
      gate: true,
      publishes: false,
    };
    if (!this.#state.pages.fits(job.hold, call)) return 'stop';
    if (log.scheduledNs[request] < 0) {
      const byTier = this.#state.tiers!.pagesByTier(request, from, to);
      for (const [index, name] of this.#state.tiers!.names.entries()) {
        log.reuseFrom(request, name, byTier[index] * config.blockTokens);
      }
    }
    job.loadedNs = this.#state.tiers!.load(request, from, to);
    this.#state.pages.allocate(job.hold, call);
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
    this.#state.remote.push(job);
    host.onboards(worker, request, job.loadedNs);
    return 'in';
  }

  /** The KV has come up: the rest of the known tokens is computed. */
  #resume(job: Job, nowNs: number): boolean {
    const { chunkedPrefill, longPrefillTokens } = this.#state.setup.config;
    let tokens = job.known - job.computed;
    if (this.#state.holdsBack && tokens > 1) return false;
    if (longPrefillTokens > 0) tokens = Math.min(tokens, longPrefillTokens);
    if (!chunkedPrefill && tokens > this.#state.room) return false;
    tokens = Math.min(tokens, this.#state.room);
    this.#state.remote.splice(this.#state.remote.indexOf(job), 1);
    this.#state.pages.publish(job.hold, job.computed);
    this.#run(job, nowNs);
    this.#running.schedule(job, tokens);
    this.#state.pages.publish(job.hold, job.computed);
    return true;
  }

  #run(job: Job, nowNs: number): void {
    const { log } = this.#state.setup;
    if (job.evictedNs < 0) {
      log.spend(job.request, STATE.admissionQueue, nowNs - job.accountedNs);
      job.accountedNs = nowNs;
    }
    log.begin(job.request, nowNs);
    job.status = 'running';
    job.remote = false;
    this.#state.running.push(job);
  }
}
