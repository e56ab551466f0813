import { RandomStream } from '../../base/random.ts';
import { PageNames } from '../../kv/pageNames.ts';
import { noteGap } from '../decodeTimes.ts';
import { type DraftOutcomes, outcomesOf } from '../draftOutcomes.ts';
import type { EngineSetup } from '../engineSetup.ts';
import { STATE } from '../requestLog.ts';
import { NewTokenRatio, RETRACT_STEPS } from './newTokenRatio.ts';
import { isAlive, type PlainBatch, PlainJob, type PlainPart, partOf } from './plainJob.ts';
import { PlainPool } from './plainPool.ts';
import { orderWaiting } from './policies.ts';
import { type LastBatch, Poll } from './poll.ts';
import { PrefillAdder, remainingNewTokens } from './prefillAdder.ts';
import { RemoteQueue } from './remoteQueue.ts';
import { draftReserve, mostNewTokens } from './requestLimits.ts';
import { retractionOrder } from './retractionOrder.ts';
import { keyedAhead, type SglangConfig, slotRequests } from './sglangConfig.ts';

/** One of the loop's micro-batches (`running_mbs`). */
interface PlainSlot {
  running: PlainJob[];
  /** `batch_is_full`: no prefill until somebody leaves. */
  isFull: boolean;
  last: PlainBatch | null;
  lastWas: LastBatch;
}

/** When a batch ran, how long it would have taken without its prefill chunks, and how long it waited for KV from the tiers. */
export interface PassTimes {
  readonly stallNs: number;
  readonly endNs: number;
  readonly decodeNs: number;
}

/**
 * The decisions of one scheduler process (scheduler.py at 5c8bd8b51), written to be obviously right: jobs in lists, sums
 * taken afresh. Batches are formed and settled in the same order; with overlap one is formed before the last is settled.
 */
export class PlainRank {
  readonly pool: PlainPool;
  /** Admitted and not finished. */
  readonly admitted = new Set<PlainJob>();
  readonly #setup: EngineSetup<SglangConfig>;
  readonly #names: PageNames;
  readonly #poll: Poll;
  readonly #ratio: NewTokenRatio;
  readonly #random: RandomStream;
  /** null: no drafts. */
  readonly #outcomes: DraftOutcomes | null;
  #inbox: PlainJob[] = [];
  #waiting: PlainJob[] = [];
  /** When all that was fetched from the tiers is there. */
  #loadedNs = 0;
  /** By pipeline stage: requests that run together; the loop goes round them. */
  readonly #slots: readonly PlainSlot[];
  #slot: PlainSlot;
  /** Decode workers: what is not running yet. */
  readonly #remote: RemoteQueue<PlainJob>;
  /** Of those that run, the ones whose first token, which came with the KV, is not out yet. */
  #joined: PlainJob[] = [];
  /** Prefill workers: those whose KV waits to be fetched. */
  readonly #held = new Map<number, PlainJob>();
  /** The prompt in progress; neither waiting nor running. */
  #chunked: PlainJob | null = null;

  constructor(setup: EngineSetup<SglangConfig>, rank: number) {
    const { config, table, worker } = setup;
    this.#setup = setup;
    this.#names = new PageNames(table.workload, table.namedTokens, config.blockTokens, keyedAhead(config));
    this.pool = new PlainPool(config, this.#names, setup.tiers);
    this.#remote = new RemoteQueue(config.reservedDecodeTokens, draftReserve(config), this.pool);
    this.#outcomes = outcomesOf(config.speculation);
    this.#poll = new Poll(config.pollingInterval);
    this.#ratio = new NewTokenRatio(config.conservativeness);
    this.#random = new RandomStream(worker, 'sglang random policy', rank);
    this.#slots = Array.from({ length: config.pipelineStages }, () => ({
      running: [],
      isFull: false,
      last: null,
      lastWas: 'none' as const,
    }));
    [this.#slot] = this.#slots;
  }

  /** It is the turn of the slot of that number. */
  turnTo(slot: number): void {
    this.#slot = this.#slots[slot];
  }

  /** Known tokens that are not scheduled yet. */
  get queuedTokens(): number {
    let tokens = this.#chunked === null ? 0 : this.#chunked.knownTokens - this.#chunked.slots;
    for (const job of [...this.#inbox, ...this.#waiting]) tokens += job.knownTokens;
    return tokens;
  }

  get waiting(): number {
    return this.#inbox.length + this.#waiting.length + this.#remote.size;
  }

  receive(request: number, nowNs: number): void {
    const { table, config, log, role } = this.#setup;
    const inputTokens = table.inputTokens[request];
    const asked = role === 'prefill' ? 1 : table.maxOutputTokens[request];
    const output = role === 'prefill' ? 1 : table.outputTokens[request];
    const most = Math.min(asked, mostNewTokens(config, role, inputTokens));
    const lastTokenNs = role === 'prefill' ? -1 : log.lastTokenNs[request];
    this.#inbox.push(new PlainJob(request, inputTokens, output, most, lastTokenNs, nowNs));
  }

  /** Prefill worker: the KV has been fetched. */
  releaseHeld(request: number): void {
    const job = this.#held.get(request);
    if (job === undefined) return;
    this.#held.delete(request);
    this.pool.finish(job, job.prefilled);
  }

  /** The request is given up, if it is here: it leaves all lists and lets its pages go. Returns how many tokens came out here. */
  cancel(request: number, nowNs: number): number {
    this.releaseHeld(request);
    const isIt = (job: PlainJob): boolean => job.request === request;
    const remote = this.#remote.remove(request)?.item;
    const job = remote ?? [...this.#inbox, ...this.#waiting, ...this.admitted].find(isIt);
    if (job === undefined) return 0;
    const countsAsDecode = job.generated > 0 && job.evictedNs < 0 && !this.#joined.includes(job);
    if (this.admitted.has(job) && countsAsDecode) {
      this.#setup.log.spend(request, STATE.decodeInterference, nowNs - job.accountedNs);
    }
    job.isFinished = true;
    for (const slot of this.#slots) slot.isFull = false;
    if (this.#chunked === job) this.#chunked = null;
    const isAnother = (other: PlainJob): boolean => other !== job;
    this.#inbox = this.#inbox.filter(isAnother);
    this.#waiting = this.#waiting.filter(isAnother);
    for (const slot of this.#slots) slot.running = slot.running.filter(isAnother);
    this.#joined = this.#joined.filter(isAnother);
    this.admitted.delete(job);
    if (job.node !== null) this.pool.drop(job);
    if (this.#setup.role === 'prefill') return 0;
    this.#setup.log.lastTokenNs[request] = job.lastTokenNs;
    return job.generated - (job.owesToken ? 1 : 0);
  }

  /** Decode worker: the KV has arrived. */
  remoteArrived(request: number, nowNs: number): void {
    const job = this.#remote.arrive(request);
    if (job === undefined) return;
    job.accountedNs = nowNs;
  }

  // ---- forming ----------------------------------------------------------------------------------------------------

  /** The first half of a turn; `isIdle`: nothing is in flight. Returns whether waiting prompts may be tried. */
  prepare(nowNs: number, isIdle: boolean): boolean {
    const { role, tiers } = this.#setup;
    if (tiers !== null) tiers.nowNs = nowNs;
    if (this.#poll.isDue(this.#slot.lastWas)) this.#takeInbox();
    const isVacant = this.#slots.length > 1 && this.#slot.running.length === 0;
    if (role === 'prefill' || isVacant) this.#slot.isFull = false;
    if (role === 'decode') this.#joinRemote(nowNs, isIdle);
    this.#mergeLast();
    const hasPlaces = this.#slot.running.length < slotRequests(this.#setup.config);
    return this.#waiting.length > 0 && !this.#slot.isFull && hasPlaces;
  }

  /** The second half, up to the launch; `mayAdmit`: no other rank is waited for. */
  formPrefill(nowNs: number, mayAdmit: boolean): PlainBatch | null {
    return this.#note(this.#prefill(nowNs, mayAdmit));
  }

  formDecode(nowNs: number): PlainBatch | null {
    return this.#note(this.#decodeAll(nowNs));
  }

  #note(batch: PlainBatch | null): PlainBatch | null {
    for (const { job, completes, yields } of batch?.parts ?? []) if (completes) job.inFlight += yields;
    this.#slot.last = batch;
    this.#slot.lastWas = batch === null ? 'none' : batch.isPrefill ? 'other' : 'decode';
    return batch;
  }

  /** Other ranks have a batch: this one takes part with a dummy. */
  idleAlong(): void {
    this.#slot.lastWas = 'other';
  }

  /** There is no batch and nothing is in flight: the loop turns until it has polled. */
  idle(): void {
    this.#ratio.reset();
    this.#poll.spin();
    this.#takeInbox();
  }

  #takeInbox(): void {
    if (this.#setup.role === 'decode') for (const job of this.#inbox) this.#remote.join(job);
    else this.#waiting.push(...this.#inbox);
    this.#inbox = [];
  }

  /** Decode worker: room for those next in line, places for those whose KV is here. */
  #joinRemote(nowNs: number, isIdle: boolean): void {
    const { host, log, worker, config } = this.#setup;
    for (const job of this.#remote.reserve(this.#slot.running)) {
      log.spend(job.request, STATE.admissionQueue, nowNs - job.accountedNs);
      job.accountedNs = nowNs;
      host.reserved(worker, job.request, job.inputTokens, nowNs);
    }
    const running = this.#slots.flatMap((slot) => slot.running);
    const joining = this.#remote.take(config.maxSequences - running.length);
    for (const job of joining) {
      this.admitted.add(job);
      this.#joined.push(job);
      if (job.generated === 0) {
        job.generated = 1;
        job.owesToken = true;
      }
      if (job.output > 1) this.#slot.running.push(job);
    }
    // A batch without a forward pass: its tokens are out when the one before it, if there is one in this slot, is over.
    if (isIdle || this.#slots.length > 1) this.#emitJoined(nowNs);
    if (isIdle && joining.length > 0 && this.#slot.running.length === 0) this.#joinRemote(nowNs, isIdle);
  }

  #emitJoined(nowNs: number): void {
    const { ledger, log } = this.#setup;
    for (const job of this.#joined) {
      if (job.evictedNs >= 0) {
        log.spend(job.request, STATE.preemption, nowNs - job.evictedNs);
        job.evictedNs = -1;
      } else {
        log.spend(job.request, STATE.admissionQueue, nowNs - job.accountedNs);
      }
      job.accountedNs = nowNs;
      if (job.owesToken) {
        if (job.lastTokenNs < 0) log.firstTokenNs[job.request] = nowNs;
        else noteGap(job, nowNs, ledger.gaps, log);
        job.lastTokenNs = nowNs;
        job.owesToken = false;
      }
      if (job.output === 1) this.#finish(job, nowNs);
    }
    this.#joined = [];
  }

  /** The last prefill's requests join the running ones, before it is known which of them have finished. */
  #mergeLast(): void {
    const chunked = this.#chunked;
    if (chunked !== null && chunked.slots > chunked.inserted) this.pool.insert(chunked, chunked.slots);
    if (this.#slot.last === null || !this.#slot.last.isPrefill || this.#setup.role === 'prefill') return;
    const { parts } = this.#slot.last;
    const merged = parts.filter((part) => isAlive(part) && part.completes).map(({ job }) => job);
    if (merged.length < parts.length) this.#slot.isFull = false;
    // An empty running batch is replaced by the merged one, whose flag is down.
    if (merged.length > 0 && this.#slot.running.length === 0) this.#slot.isFull = false;
    this.#slot.running.push(...merged);
  }

  #prefill(nowNs: number, mayAdmit: boolean): PlainBatch | null {
    const { config } = this.#setup;
    if ((this.#slot.isFull || this.#waiting.length === 0) && this.#chunked === null) return null;
    const slots = slotRequests(config) - this.#slot.running.length;
    if (slots <= 0 && this.#chunked === null) {
      this.#slot.isFull = true;
      return null;
    }
    const tree = config.prefixCaching ? this.pool.tree : null;
    orderWaiting(config.policy, this.#waiting, this.#names, tree, this.#random);
    const parts = this.#addPrompts(slots, mayAdmit, nowNs);
    if (parts.length === 0) return null;
    const page = config.blockTokens;
    const tokens = parts.reduce((sum, part) => sum + part.tokens, 0);
    // With pages the allocator asks for one more per request than it may need.
    this.pool.makeFree(tokens + (page > 1 ? parts.length * page : 0));
    for (const { job, tokens: added } of parts) {
      job.slots += added;
      job.committed = job.slots;
    }
    if (config.mixedChunk) parts.push(...this.#mixRunning());
    return { parts, isPrefill: true, loadedNs: this.#loadedNs };
  }

  #addPrompts(slots: number, mayAdmit: boolean, nowNs: number): PlainPart[] {
    const { config } = this.#setup;
    const mixed = config.mixedChunk ? this.#slot.running.length : 0;
    const running = {
      remainingTokens: () => this.#slot.running.reduce((sum, job) => sum + remainingNewTokens(job), 0),
      states: () => this.#slot.running,
    };
    const adder = new PrefillAdder(config, running, this.#ratio.value, mixed, () => this.pool.roomTokens);
    const parts: PlainPart[] = [];
    if (this.#chunked !== null) {
      const job = this.#chunked;
      adder.addChunked(job, job.knownTokens - job.slots, this.pool.fitting(job));
      if (adder.taken > 0) parts.push(partOf(job, 'chunk', job.slots, adder.taken));
      if (!adder.isCut) this.#chunked = null;
    }
    for (const job of mayAdmit ? [...this.#waiting] : []) {
      if (parts.length >= slots) this.#slot.isFull = true;
      if (this.#slot.isFull) break;
      let { tokens: prefix, node } = this.pool.match(job);
      const tokens = this.pool.below(job, prefix);
      const load = (): boolean => {
        const loadedNs = this.pool.loadBack(job, prefix, tokens, this.#setup.log);
        if (loadedNs === null) return false;
        this.#loadedNs = Math.max(this.#loadedNs, loadedNs);
        prefix += tokens;
        this.pool.tree.lock(this.pool.tree.matched);
        this.pool.tree.unlock(node);
        node = this.pool.tree.matched;
        return true;
      };
      const result = adder.add(
        job,
        prefix,
        job.knownTokens - prefix,
        () => this.pool.tree.lock(node),
        () => this.pool.tree.unlock(node),
        { tokens, load },
      );
      if (adder.taken > 0) {
        this.#waiting.splice(this.#waiting.indexOf(job), 1);
        this.pool.begin(job, prefix, node);
        this.#admit(job, prefix, nowNs);
        parts.push(partOf(job, 'chunk', prefix, adder.taken));
        if (adder.isCut) this.#chunked = job;
      }
      if (result === 'noToken') this.#slot.isFull = true;
      if (result !== 'continue') break;
    }
    return parts;
  }

  #admit(job: PlainJob, prefix: number, nowNs: number): void {
    const { ledger, log } = this.#setup;
    this.admitted.add(job);
    ledger.lookupTokens += job.knownTokens;
    ledger.hitTokens += prefix;
    if (job.evictedNs < 0) log.spend(job.request, STATE.admissionQueue, nowNs - job.accountedNs);
    job.accountedNs = nowNs;
    if (log.scheduledNs[job.request] < 0) log.reusedTokens[job.request] = prefix;
    log.begin(job.request, nowNs);
  }

  /** Running requests decode in the prefill batch; the real engine fails where their pages are not to be had. */
  #mixRunning(): PlainPart[] {
    const running = this.#slot.running.filter((job) => !job.isFinished);
    if (running.length > 0 && !this.#makeRoom(running)) return [];
    this.#slot.running = [];
    return running.map((job) => this.#decode(job));
  }

  #decodeAll(nowNs: number): PlainBatch | null {
    if (this.#slot.running.length === 0) return null;
    const before = this.#slot.running.length;
    this.#slot.running = this.#slot.running.filter((job) => !job.isFinished);
    if (this.#slot.running.length === 0) {
      this.#slot.isFull = false;
      return null;
    }
    if (this.#makeRoom(this.#slot.running)) this.#ratio.decay(1);
    else this.#retract(nowNs);
    if (this.#slot.running.length < before) this.#slot.isFull = false;
    if (this.#slot.running.length === 0) return null;
    const page = this.#setup.config.blockTokens;
    const drafted = this.#outcomes === null ? 0 : this.#pagesDue(this.#slot.running);
    if (page > 1) this.pool.makeFree((drafted + this.#slot.running.length) * page);
    return { parts: this.#slot.running.map((job) => this.#decode(job)), isPrefill: false, loadedNs: 0 };
  }

  /** Takes one slot for the job's next token, and those for drafts. */
  #decode(job: PlainJob): PlainPart {
    if (this.#outcomes !== null) return this.#verify(job, this.#outcomes);
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
    const verified = 1 + this.#outcomes!.draftTokens;
    return this.#setup.config.overlap ? job.committed + 2 * verified : job.slots + verified;
  }

  /** Pages that the next decode of all of them takes; without overlap as many for each as it may need. */
  #pagesDue(jobs: readonly PlainJob[]): number {
    const { config } = this.#setup;
    return jobs.reduce((sum, job) => {
      if (this.#outcomes === null) return sum + this.pool.missingPages(job, 1);
      if (!config.overlap) return sum + Math.ceil((1 + this.#outcomes.draftTokens) / config.blockTokens);
      return sum + this.pool.lackingPages(job, this.#slotsFor(job));
    }, 0);
  }

  /** Whether the next decode of each fits, after an eviction if it must be. */
  #makeRoom(jobs: readonly PlainJob[]): boolean {
    const pages = this.#pagesDue(jobs);
    this.pool.makeFree(pages * this.#setup.config.blockTokens);
    return pages <= this.pool.freePages;
  }

  /** Running requests lose their KV until the others' next tokens fit. */
  #retract(nowNs: number): void {
    // With drafts the real one can only cut its batch from the back.
    const kept = this.#outcomes === null ? retractionOrder(this.#slot.running) : [...this.#slot.running];
    const victims: PlainJob[] = [];
    while (kept.length > 1 && (victims.length === 0 || !this.#makeRoom(kept))) {
      const victim = kept.pop()!;
      victims.push(victim);
      this.#evict(victim, victim.knownTokens, nowNs);
      this.pool.makeFree(kept.length * RETRACT_STEPS);
    }
    // The real engine fails here; ours takes back the prompt in progress, which is all that can be in the way.
    if (!this.#makeRoom(kept) && this.#chunked !== null) {
      victims.push(this.#chunked);
      this.#evict(this.#chunked, this.#chunked.slots, nowNs);
      this.#chunked = null;
      this.#makeRoom(kept);
    }
    // It fails here, too; with pipeline stages the other slots may have all pages.
    if (this.#slots.length > 1 && !this.#makeRoom(kept)) {
      const last = kept.pop()!;
      victims.push(last);
      this.#evict(last, last.knownTokens, nowNs);
    }
    this.#slot.running = kept;
    if (this.#setup.role === 'decode') for (const job of victims) this.#remote.retract(job);
    else this.#waiting.push(...victims);
    const generated = kept.reduce((sum, job) => sum + job.generated, 0);
    const most = kept.reduce((sum, job) => sum + job.maxNewTokens, 0);
    this.#ratio.retracted(generated, most, kept.length);
  }

  #evict(job: PlainJob, regain: number, nowNs: number): void {
    if (job.evictedNs < 0) {
      const decodes = job.generated > 0 && !this.#joined.includes(job);
      const state = decodes ? STATE.decodeInterference : STATE.prefillInterference;
      this.#setup.log.spend(job.request, state, nowNs - job.accountedNs);
      job.evictedNs = nowNs;
      job.regain = regain;
    }
    this.#joined = this.#joined.filter((other) => other !== job);
    this.pool.drop(job);
    this.admitted.delete(job);
    this.#setup.log.preemptions[job.request] += 1;
    this.#setup.ledger.preemptions += 1;
  }

  // ---- settling ---------------------------------------------------------------------------------------------------

  /** The results of a batch are known, those of one request after the other; null: this rank had none in the step. */
  settle(batch: PlainBatch | null, times: PassTimes): void {
    const { tiers } = this.#setup;
    if (tiers !== null) tiers.nowNs = times.endNs;
    const parts = (batch?.parts.filter(isAlive) ?? []).sort((a, b) => a.job.request - b.job.request);
    for (const job of this.admitted) {
      if (this.#joined.includes(job)) continue;
      const part = parts.find((candidate) => candidate.job === job);
      if (job.evictedNs >= 0) this.#regain(job, part, times.endNs);
      else if (part !== undefined && job.generated > 0) this.#bookDecode(job, times);
      else if (part !== undefined) this.#bookChunk(job, part, times);
    }
    this.#emitJoined(times.endNs);
    this.#countDrafts(parts);
    for (const part of parts) if (part.completes) this.#emit(part, times.endNs);
  }

  /** Those of requests that were through when the batch was formed are not worth counting. */
  #countDrafts(parts: readonly PlainPart[]): void {
    const { ledger } = this.#setup;
    for (const { drafts, yields } of parts) {
      if (drafts === 0 || yields === 0) continue;
      ledger.draftedDecodes += 1;
      ledger.acceptedDrafts += yields - 1;
    }
  }

  /** Evicted until what it had is computed again. */
  #regain(job: PlainJob, part: PlainPart | undefined, nowNs: number): void {
    if (part === undefined || part.prefix + part.tokens < job.regain) return;
    this.#setup.log.spend(job.request, STATE.preemption, nowNs - job.evictedNs);
    job.evictedNs = -1;
    job.accountedNs = nowNs;
  }

  #bookDecode(job: PlainJob, { endNs, decodeNs }: PassTimes): void {
    const { log } = this.#setup;
    const elapsedNs = endNs - job.accountedNs;
    const ownNs = Math.min(elapsedNs, decodeNs);
    log.spend(job.request, STATE.decode, ownNs);
    log.spend(job.request, STATE.decodeInterference, elapsedNs - ownNs);
    job.accountedNs = endNs;
  }

  #bookChunk(job: PlainJob, { aloneNs }: PlainPart, { endNs: nowNs, stallNs }: PassTimes): void {
    const { log } = this.#setup;
    const elapsedNs = nowNs - job.accountedNs;
    const ownNs = Math.min(aloneNs, elapsedNs);
    const stalledNs = Math.min(stallNs, elapsedNs - ownNs);
    log.spend(job.request, STATE.prefill, ownNs);
    log.spend(job.request, STATE.onboarding, stalledNs);
    log.spend(job.request, STATE.prefillInterference, elapsedNs - ownNs - stalledNs);
    job.accountedNs = nowNs;
  }

  #emit({ job, kind, yields }: PlainPart, nowNs: number): void {
    const { log, ledger } = this.#setup;
    if (this.#setup.role === 'prefill') {
      // Its token goes along with the KV.
    } else if (job.lastTokenNs < 0) {
      log.firstTokenNs[job.request] = nowNs;
    } else {
      noteGap(job, nowNs, ledger.gaps, log);
    }
    if (kind === 'chunk') job.prefilled = job.knownTokens;
    else job.committed += yields;
    // What rejected drafts took is free again, unless the next pass is under way.
    if (!this.#setup.config.overlap) job.allocated = 0;
    job.lastTokenNs = nowNs;
    job.generated += yields;
    job.inFlight -= yields;
    if (job.generated === job.output) this.#finish(job, nowNs);
    else if (kind === 'chunk') this.pool.insert(job, job.prefilled);
  }

  #finish(job: PlainJob, nowNs: number): void {
    const { config, host, log, role, worker } = this.#setup;
    job.isFinished = true;
    if (role === 'prefill') {
      this.pool.insert(job, job.prefilled);
      this.admitted.delete(job);
      this.#held.set(job.request, job);
      host.prefilled(worker, job.request, nowNs);
      return;
    }
    // The slot of a decode that was formed before this was known counts as filled.
    const filled = Math.min(job.knownTokens, job.slots);
    this.pool.finish(job, config.keepsGenerated ? filled : job.prefilled);
    this.admitted.delete(job);
    log.lastTokenNs[job.request] = nowNs;
    host.finished(worker, job.request, nowNs);
  }
}
