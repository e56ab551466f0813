import type { AdmissionQueue } from '../admissionQueue.ts';
import type { Batch } from '../batch.ts';
import { STATE } from '../requestLog.ts';
import type { SchedulerSetup } from '../schedulerSetup.ts';
import { type Sequence, STAGE } from '../sequence.ts';
import type { SequencePages } from '../sequencePages.ts';
import { lookaheadOf } from '../speculation.ts';
import type { RunningList } from './runningList.ts';
import { draftSlotsOf, type VllmConfig } from './vllmConfig.ts';

/** Instead of a number of tokens: the sequence is passed over this time, or nobody else is admitted. */
const SKIP = -1;
const STOP = -2;

/** How the queue's head comes to run: while tokens, sequences and pages last, and nobody past a head that must wait. */
export class Admission {
  readonly #setup: SchedulerSetup<VllmConfig>;
  readonly #pages: SequencePages;
  readonly #queue: AdmissionQueue;
  readonly #running: RunningList;
  /** When somebody was last free to start a prompt, not all did: the next step is free, too, whatever the cadence says. */
  isCapacityBound = false;
  /** Of the budget, taken for each sequence besides its tokens. */
  readonly #draftSlots: number;
  /** Prompts have to wait for their turn. */
  #holdsBack = false;

  constructor(setup: SchedulerSetup<VllmConfig>, pages: SequencePages, queue: AdmissionQueue, running: RunningList) {
    this.#setup = setup;
    this.#pages = pages;
    this.#queue = queue;
    this.#running = running;
    this.#draftSlots = draftSlotsOf(setup.config);
  }

  /** Returns whether whoever joins the queue now would be looked at next time, too, if nothing leaves. */
  admit(batch: Batch, tokenBudget: number, holdsBack: boolean, nowNs: number): boolean {
    this.#holdsBack = holdsBack;
    const isOpen = this.#admit(batch, tokenBudget, nowNs);
    if (!holdsBack) this.isCapacityBound = this.#queue.isWaiting;
    this.#queue.restoreSkipped();
    return isOpen;
  }

  #admit(batch: Batch, tokenBudget: number, nowNs: number): boolean {
    const { maxSequences } = this.#setup.config;
    const slots = this.#draftSlots;
    let budget = tokenBudget;
    // Requests whose remote KV has arrived were queued first and go first.
    for (let loaded = this.#queue.firstLoaded; loaded !== undefined; loaded = this.#queue.firstLoaded) {
      if (this.#running.size >= maxSequences || budget <= slots) return !this.#queue.isWaiting;
      const tokens = this.#admitLoaded(loaded, batch, budget - slots, nowNs);
      if (tokens === STOP) return false;
      budget -= tokens + slots;
    }
    while (this.#queue.isWaiting && budget > slots && this.#running.size < maxSequences && !this.#isHeldUp) {
      const tokens = this.#admitHead(batch, budget - slots, nowNs);
      if (tokens === STOP) break;
      if (tokens === SKIP) {
        this.#queue.skipHead();
      } else {
        this.#queue.removeHead();
        // Nothing is scheduled of who waits for KV.
        if (tokens > 0) budget -= tokens + slots;
      }
    }
    return !this.#queue.isWaiting;
  }

  /** Tokens scheduled of the head of the queue, SKIP or STOP. */
  #admitHead(batch: Batch, budget: number, nowNs: number): number {
    const { head } = this.#queue;
    // Its own tokens are still coming out of passes it was evicted from.
    if (head.pending > 0) return SKIP;
    return head.remote ? this.#reserve(head, nowNs) : this.#admitLocal(head, batch, budget, nowNs);
  }

  /** Nobody is admitted while KV comes up. */
  get #isHeldUp(): boolean {
    return this.#setup.config.tiers?.onboarding === 'blocking' && this.#queue.onboarding.length > 0;
  }

  /** Admits a sequence whose KV has arrived; returns the tokens scheduled, or STOP. */
  #admitLoaded(sequence: Sequence, batch: Batch, budget: number, nowNs: number): number {
    if (!sequence.remote) return this.#admitOnboarded(sequence, batch, budget, nowNs);
    // All KV but the last prompt token's is there: that one is computed as in a decode (vLLM's connectors).
    sequence.computed = sequence.inputTokens - 1;
    const padding = this.#padding(batch);
    const tokens = 1 + padding;
    if (padding > 0 && !this.#mayPad(sequence.computed, padding, budget)) return STOP;
    this.#queue.removeRemote(sequence);
    this.#pages.publish(sequence, sequence.inputTokens);
    this.#start(sequence, nowNs);
    sequence.drafts = padding;
    sequence.guesses = 0;
    batch.lane.add(sequence);
    return tokens;
  }

  /** The part of its text that the tiers had has come up; the rest is computed. */
  #admitOnboarded(sequence: Sequence, batch: Batch, budget: number, nowNs: number): number {
    const { chunkedPrefill, longPrefillTokens } = this.#setup.config;
    let tokens = sequence.knownTokens - sequence.computed;
    if (this.#holdsBack && tokens > 1) return STOP;
    if (longPrefillTokens > 0) tokens = Math.min(tokens, longPrefillTokens);
    if (!chunkedPrefill && tokens > budget) return STOP;
    tokens = Math.min(tokens, budget);
    this.#queue.removeRemote(sequence);
    this.#pages.publish(sequence, sequence.computed);
    this.#start(sequence, nowNs);
    this.#running.prefill(sequence, tokens, batch);
    return tokens;
  }

  /** Admits a sequence with as many tokens as the budget has; returns them, or SKIP or STOP. */
  #admitLocal(sequence: Sequence, batch: Batch, budget: number, nowNs: number): number {
    const { config } = this.#setup;
    const known = sequence.knownTokens;
    const hit = this.#pages.lookup(sequence.request, known);
    const reach = this.#pages.reachInTiers(sequence.request, hit, known);
    if (reach > hit) return this.#onboard(sequence, hit, reach, nowNs);
    let tokens = known - hit * this.#pages.pageTokens;
    if (this.#holdsBack && tokens > 1) return STOP;
    if (config.longPrefillTokens > 0) tokens = Math.min(tokens, config.longPrefillTokens);
    if (tokens > budget) {
      if (!config.chunkedPrefill) return config.semantics.oversizedStopsAdmission ? STOP : SKIP;
      tokens = budget;
    }
    // The whole known sequence must fit (vLLM's full-ISL gate), or just its first chunk.
    const computed = hit * this.#pages.pageTokens;
    let padding = computed + 1 === known ? this.#padding(batch) : 0;
    if (padding > 0 && !this.#mayPad(computed, padding, budget)) return STOP;
    const chunk = this.#pages.chunkOf(sequence, computed, tokens + padding, this.#pages.junction);
    if (chunk === 0) return STOP;
    tokens = Math.min(tokens, chunk);
    padding = chunk - tokens;
    const end = computed + chunk;
    if (!this.#fits(sequence, hit, 0, end, config.semantics.fullIslGate ? known : end)) return STOP;
    this.#take(sequence, hit, 0, known);
    this.#start(sequence, nowNs);
    this.#running.prefill(sequence, tokens, batch, padding);
    return tokens + padding;
  }

  /** Placeholders for drafts that somebody who needs one token gets in order to look like the batch's decodes (vLLM). */
  #padding(batch: Batch): number {
    const { semantics, speculation } = this.#setup.config;
    if (speculation === null || !semantics.padsFirstSpeculativeDecode) return 0;
    const onlyDecodes = (batch.lane.set.count > 0 || batch.hasGhosts) && !batch.hasChunks;
    return onlyDecodes ? speculation.draftTokens : 0;
  }

  #mayPad(computed: number, padding: number, budget: number): boolean {
    return 1 + padding <= budget && computed + 1 + padding <= this.#setup.config.contextLength;
  }

  /** Whether there are pages for the first `tokens` now, for all `known` in time, and those that shall stay free. */
  #fits(sequence: Sequence, hit: number, external: number, tokens: number, known: number): boolean {
    const { watermark, blocks } = this.#setup.config;
    const keepFree = this.#running.size > 0 ? Math.floor(watermark * blocks) : 0;
    const drafts = external > 0 ? this.#firstDrafts : lookaheadOf(this.#setup.config.speculation);
    const total = Math.min(tokens + drafts, this.#setup.config.contextLength);
    return this.#pages.fits(sequence, hit, external, total, known, keepFree, total - tokens);
  }

  /** Whose KV comes from elsewhere has room for its first pass when it arrives: vLLM looks for it only then, maybe in vain. */
  get #firstDrafts(): number {
    const { speculation } = this.#setup.config;
    return speculation === null ? 0 : lookaheadOf(speculation) + speculation.draftTokens;
  }

  #growAhead(sequence: Sequence, tokens: number): void {
    const total = Math.min(tokens + this.#firstDrafts, this.#setup.config.contextLength);
    this.#pages.grow(sequence, total, total - tokens);
  }

  /** Reserves pages for a remote prompt; returns 0 tokens, or STOP. */
  #reserve(sequence: Sequence, nowNs: number): number {
    const { log, host, worker } = this.#setup;
    const { request, inputTokens } = sequence;
    const hit = this.#pages.lookup(request, inputTokens);
    const external = inputTokens - hit * this.#pages.pageTokens;
    if (!this.#fits(sequence, hit, external, inputTokens, inputTokens)) return STOP;
    this.#take(sequence, hit, external, inputTokens);
    this.#growAhead(sequence, inputTokens);
    sequence.stage = STAGE.loading;
    log.spend(request, STATE.admissionQueue, nowNs - sequence.accountedNs);
    sequence.accountedNs = nowNs;
    this.#queue.awaitRemote(sequence);
    host.reserved(worker, request, external, nowNs);
    return 0;
  }

  /**
   * Pages [hit, reach) are fetched from the tiers. The sequence gets all pages its known tokens need at once: vLLM keeps as
   * many free for it, lest several wait for each other. Returns 0 tokens, SKIP or STOP.
   */
  #onboard(sequence: Sequence, hit: number, reach: number, nowNs: number): number {
    const { host, log, worker } = this.#setup;
    const { request, knownTokens } = sequence;
    if (this.#isOnItsWay(request, hit, reach)) return SKIP;
    const external = (reach - hit) * this.#pages.pageTokens;
    if (!this.#fits(sequence, hit, external, knownTokens, knownTokens)) return STOP;
    const tiers = this.#pages.tiers!;
    if (log.scheduledNs[request] < 0) {
      const byTier = tiers.pagesByTier(request, hit, reach);
      for (const [index, name] of tiers.names.entries()) {
        log.reuseFrom(request, name, byTier[index] * this.#pages.pageTokens);
      }
    }
    // Before pages are taken: what that throws out could take the place of what is fetched.
    sequence.loadedNs = tiers.load(request, hit, reach);
    this.#take(sequence, hit, external, knownTokens);
    this.#growAhead(sequence, knownTokens);
    sequence.computed = reach * this.#pages.pageTokens;
    sequence.loadFrom = hit;
    sequence.loadTo = reach;
    sequence.stage = STAGE.loading;
    if (log.scheduledNs[request] < 0) log.reusedTokens[request] = sequence.computed;
    if (sequence.evictedNs < 0) {
      log.spend(request, STATE.admissionQueue, nowNs - sequence.accountedNs);
      sequence.accountedNs = nowNs;
    }
    this.#queue.awaitRemote(sequence);
    host.onboards(worker, request, sequence.loadedNs);
    return 0;
  }

  /** Some of these pages of the request come up for another one already (vLLM's offloading connector waits for them). */
  #isOnItsWay(request: number, from: number, to: number): boolean {
    return this.#queue.onboarding.some((other) => {
      const first = Math.max(from, other.loadFrom);
      return first < Math.min(to, other.loadTo) && this.#pages.agreeOn(request, other.request, first + 1);
    });
  }

  #take(sequence: Sequence, hit: number, external: number, known: number): void {
    const { ledger, log } = this.#setup;
    this.#pages.take(sequence, hit, external);
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
    log.begin(request, nowNs);
    this.#running.add(sequence);
  }
}
