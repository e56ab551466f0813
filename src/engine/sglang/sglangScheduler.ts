import { RandomStream } from '../../base/random.ts';
import { PageNames } from '../../kv/pageNames.ts';
import type { Batch } from '../batch.ts';
import { emit } from '../emit.ts';
import type { EngineLoad } from '../engineCore.ts';
import type { Lane } from '../lane.ts';
import { STATE } from '../requestLog.ts';
import type { Scheduler } from '../scheduler.ts';
import type { SchedulerSetup } from '../schedulerSetup.ts';
import { NO_LANE, type Sequence, STAGE } from '../sequence.ts';
import { NewTokenRatio, RETRACT_STEPS } from './newTokenRatio.ts';
import { orderWaiting, pagesToMatch } from './policies.ts';
import { Poll } from './poll.ts';
import { PrefillAdder } from './prefillAdder.ts';
import { RadixPages } from './radixPages.ts';
import { RemoteQueue } from './remoteQueue.ts';
import { draftReserve, mostNewTokens, serves } from './requestLimits.ts';
import { retractionOrder } from './retraction.ts';
import { keyedAhead, type SglangConfig, slotRequests } from './sglangConfig.ts';
import { Slot } from './slot.ts';

/** SGLang's scheduler (scheduler.py at 5c8bd8b51): prefill whenever anything can be admitted, else decode. */
export class SglangScheduler implements Scheduler {
  readonly #setup: SchedulerSetup<SglangConfig>;
  readonly #names: PageNames;
  readonly #pages: RadixPages;
  readonly #poll: Poll;
  readonly #ratio: NewTokenRatio;
  readonly #random: RandomStream;
  readonly #slots: readonly Slot[];
  /** The one whose turn it is. */
  #slot: Slot;
  /** Requests that have joined the running batch so far. */
  #joinings = 0;
  #inbox: Sequence[] = [];
  #waiting: Sequence[] = [];
  /** Decode workers: what is not running yet. */
  readonly #remote: RemoteQueue<Sequence>;
  /** Of those that run, the ones whose first token, which came with the KV, is not out yet. */
  #joined: Sequence[] = [];
  /** Prefill workers: those whose KV waits to be fetched. */
  readonly #held = new Map<number, Sequence>();
  /** The prompt in progress; neither waiting nor running. */
  #chunked: Sequence | null = null;
  /** Admitted and not finished. */
  #admitted = 0;
  /** When all that was fetched from the tiers is there. */
  #loadedNs = 0;
  /** By batch in flight: those whose prompts end in it. */
  readonly #ended = new Map<Batch, Sequence[]>();

  constructor(setup: SchedulerSetup<SglangConfig>, rank: number) {
    const { config, table, worker, batches, lanes } = setup;
    this.#setup = setup;
    this.#names = new PageNames(table.workload, table.namedTokens, config.blockTokens, keyedAhead(config));
    this.#pages = new RadixPages(config, this.#names, setup.tiers);
    this.#remote = new RemoteQueue(config.reservedDecodeTokens, draftReserve(config), this.#pages);
    this.#poll = new Poll(config.pollingInterval);
    this.#ratio = new NewTokenRatio(config.conservativeness);
    this.#random = new RandomStream(worker, 'sglang random policy', rank);
    this.#slots = lanes.map((lane) => new Slot(config, this.#pages, lane, batches));
    this.#slot = this.#slots[0];
    for (const batch of batches) this.#ended.set(batch, []);
  }

  get usablePages(): number {
    return this.#pages.usable;
  }

  get evictedPages(): number {
    return this.#pages.tree.evictedPages;
  }

  admits(inputTokens: number, outputTokens: number): boolean {
    return serves(this.#setup.config, this.#setup.role, inputTokens, outputTokens);
  }

  enqueue(sequence: Sequence): boolean {
    const { table, config, role } = this.#setup;
    const asked = role === 'prefill' ? 1 : table.maxOutputTokens[sequence.request];
    sequence.maxNewTokens = Math.min(asked, mostNewTokens(config, role, sequence.inputTokens));
    this.#inbox.push(sequence);
    // With an interval it matters which poll finds it.
    const { isFull, running } = this.#slot;
    return !isFull || running.size === 0 || config.pollingInterval > 1 || this.#slots.length > 1;
  }

  remoteArrived(request: number, nowNs: number): void {
    const sequence = this.#remote.arrive(request)!;
    sequence.accountedNs = nowNs;
  }

  releaseHeld(request: number): void {
    const sequence = this.#held.get(request)!;
    this.#held.delete(request);
    this.#pages.finish(sequence, sequence.prefilled);
  }

  cancel(request: number, nowNs: number): Sequence | null {
    if (this.#held.has(request)) {
      this.releaseHeld(request);
      return null;
    }
    for (const slot of this.#slots) slot.isFull = false;
    const isIt = (sequence: Sequence): boolean => sequence.request === request && sequence.stage !== STAGE.finished;
    const queued = this.#inbox.find(isIt) ?? this.#waiting.find(isIt);
    this.#inbox = this.#inbox.filter((other) => other !== queued);
    this.#waiting = this.#waiting.filter((other) => other !== queued);
    const remote = this.#remote.remove(request);
    if (remote?.hasRoom === true) this.#pages.drop(remote.item);
    if (queued !== undefined) return queued;
    if (remote !== undefined) return remote.item;
    const listed = this.#slots.flatMap(({ lane, running, lastEnded }) => [
      ...lane.set.members,
      ...running.leaving,
      ...(lastEnded ?? []),
    ]);
    listed.push(...this.#joined);
    const inFlight = this.#setup.batches.flatMap((batch) => [...this.#ended.get(batch)!, ...batch.finishing]);
    const inside = this.#chunked === null ? listed : [this.#chunked, ...listed];
    const sequence = [...inside, ...inFlight].find(isIt)!;
    this.#withdraw(sequence, nowNs);
    return sequence;
  }

  /** The sequence, which is inside, is given up: it leaves all batches and lists. */
  #withdraw(sequence: Sequence, nowNs: number): void {
    const { log, lanes } = this.#setup;
    let tokens = 0;
    for (const [inFlight, ended] of this.#ended) {
      tokens += inFlight.tokensFrom(sequence);
      inFlight.discard(sequence);
      if (ended.includes(sequence)) ended.splice(ended.indexOf(sequence), 1);
    }
    if (sequence.stage === STAGE.decoding) lanes[sequence.lane].set.remove(sequence);
    if (sequence.lane !== NO_LANE) lanes[sequence.lane].times.remove(sequence, nowNs, log);
    for (const slot of this.#slots) slot.remove(sequence);
    this.#joined = this.#joined.filter((other) => other !== sequence);
    if (sequence === this.#chunked) this.#chunked = null;
    this.#admitted -= 1;
    sequence.generated -= tokens;
    sequence.stage = STAGE.finished;
    this.#pages.drop(sequence);
  }

  addLoad(load: EngineLoad): void {
    load.running += this.#admitted;
    load.waiting += this.#inbox.length + this.#waiting.length + this.#remote.size;
    load.usablePages += this.#pages.usable;
    load.heldPages += this.#pages.held;
    if (this.#chunked !== null) load.queuedPrefillTokens += this.#chunked.knownTokens - this.#chunked.computed;
    for (const { knownTokens } of this.#inbox) load.queuedPrefillTokens += knownTokens;
    for (const { knownTokens } of this.#waiting) load.queuedPrefillTokens += knownTokens;
  }

  cachedTokens(request: number): number {
    const { config, table } = this.#setup;
    if (!config.prefixCaching) return 0;
    const limit = pagesToMatch({ knownTokens: table.inputTokens[request] }, this.#names);
    return this.#pages.tree.peek(request, limit) * config.blockTokens;
  }

  // ---- forming ----------------------------------------------------------------------------------------------------

  form(batch: Batch, nowNs: number): boolean {
    const isIdle = this.isIdleBut(batch);
    if (this.#goRound(batch, nowNs, isIdle)) return true;
    if (!isIdle) return false;
    this.idle();
    return this.#goRound(batch, nowNs, isIdle);
  }

  /** Turns of the loop, until one forms a batch or the results of the next slot's are waited for; each slot has one. */
  #goRound(batch: Batch, nowNs: number, isIdle: boolean): boolean {
    for (let turn = 0; turn < this.#slots.length; turn++) {
      const { lane } = this.#slot;
      if (this.#slots.length > 1 && this.#isInFlight(lane, batch)) return false;
      batch.lane = lane;
      lane.times.waitUntil(nowNs);
      this.prepare(batch, nowNs, isIdle);
      const runs = this.formTurn(batch, nowNs, true);
      this.#slot = this.#slots[(lane.index + 1) % this.#slots.length];
      if (runs) return true;
    }
    return false;
  }

  #isInFlight(lane: Lane, but: Batch): boolean {
    return this.#setup.batches.some((batch) => batch !== but && batch.sequences > 0 && batch.lane === lane);
  }

  /** No batch but this one is in flight. */
  isIdleBut(batch: Batch): boolean {
    return this.#setup.batches.every((other) => other === batch || other.sequences === 0);
  }

  /** The first half of a turn of the loop; `isIdle`: nothing is in flight. Returns whether waiting prompts may be tried. */
  prepare(batch: Batch, nowNs: number, isIdle: boolean): boolean {
    const { role, config, tiers } = this.#setup;
    if (tiers !== null) tiers.nowNs = nowNs;
    const slot = this.#slot;
    if (this.#poll.isDue(slot.lastWas)) this.#takeInbox();
    slot.running.noteFinishing();
    if (role === 'prefill') slot.isFull = false;
    if (role === 'decode') this.#joinRemote(batch.lane, nowNs, isIdle);
    this.#mergeLast();
    return this.#waiting.length > 0 && !slot.isFull && slot.running.size < slotRequests(config);
  }

  /** The second half, up to the launch; `mayAdmit`: no other rank is waited for. */
  formTurn(batch: Batch, nowNs: number, mayAdmit: boolean): boolean {
    return this.formPrefill(batch, nowNs, mayAdmit) || this.formDecode(batch, nowNs);
  }

  /** There is no batch and nothing is in flight: the loop turns until it has polled. */
  idle(): void {
    this.#ratio.reset();
    this.#poll.spin();
    this.#takeInbox();
  }

  /** Other ranks have a batch: this one takes part with a dummy. */
  idleAlong(): void {
    this.#slot.lastWas = 'other';
  }

  #takeInbox(): void {
    if (this.#inbox.length === 0) return;
    if (this.#setup.role === 'decode') for (const sequence of this.#inbox) this.#remote.join(sequence);
    else this.#waiting.push(...this.#inbox);
    this.#inbox = [];
  }

  /** Decode worker: room for those next in line, places for those whose KV is here. */
  #joinRemote(lane: Lane, nowNs: number, isIdle: boolean): void {
    if (this.#remote.isStill) return;
    const { host, log, worker, config } = this.#setup;
    for (const sequence of this.#remote.reserve(this.#slot.running.states())) {
      const { request, inputTokens } = sequence;
      log.spend(request, STATE.admissionQueue, nowNs - sequence.accountedNs);
      sequence.accountedNs = nowNs;
      host.reserved(worker, request, inputTokens, nowNs);
    }
    const joining = this.#remote.take(config.maxSequences - this.#slot.running.size);
    for (const sequence of joining) {
      this.#admitted += 1;
      this.#joined.push(sequence);
      sequence.joined = ++this.#joinings;
      if (sequence.generated === 0) {
        sequence.generated = 1;
        sequence.owed = 1;
      }
      if (sequence.outputTokens > 1) lane.add(sequence);
    }
    if (!isIdle) return;
    // A batch without a forward pass: its tokens are out when the one before it is over.
    this.#emitJoined(nowNs);
    if (joining.length > 0 && this.#slot.running.size === 0) this.#joinRemote(lane, nowNs, isIdle);
  }

  #emitJoined(nowNs: number): void {
    if (this.#joined.length === 0) return;
    const { ledger, log, role } = this.#setup;
    for (const sequence of this.#joined) {
      const { request } = sequence;
      if (sequence.evictedNs >= 0) {
        log.spend(request, STATE.preemption, nowNs - sequence.evictedNs);
        sequence.evictedNs = -1;
      } else {
        log.spend(request, STATE.admissionQueue, nowNs - sequence.accountedNs);
      }
      sequence.accountedNs = nowNs;
      if (sequence.owed > 0) {
        emit(sequence, nowNs, role, log, ledger);
        sequence.owed = 0;
      }
      if (sequence.outputTokens === 1) this.#finish(sequence, nowNs);
      else {
        const { times } = this.#setup.lanes[sequence.lane];
        times.waitUntil(nowNs);
        times.startCounting(sequence);
      }
    }
    this.#joined = [];
  }

  #mergeLast(): void {
    const chunked = this.#chunked;
    if (chunked !== null && chunked.computed > chunked.inserted) this.#pages.insert(chunked, chunked.computed);
    if (this.#setup.role === 'prefill') this.#slot.lastEnded = null;
    else this.#slot.mergeLast();
  }

  formPrefill(batch: Batch, nowNs: number, mayAdmit: boolean): boolean {
    const { config } = this.#setup;
    const slot = this.#slot;
    if ((slot.isFull || this.#waiting.length === 0) && this.#chunked === null) return false;
    const places = slotRequests(config) - slot.running.size;
    if (places <= 0 && this.#chunked === null) {
      slot.isFull = true;
      return false;
    }
    const tree = config.prefixCaching ? this.#pages.tree : null;
    orderWaiting(config.policy, this.#waiting, this.#names, tree, this.#random);
    const prompts: Sequence[] = [];
    const tokens: number[] = [];
    this.#addPrompts(mayAdmit ? places : null, prompts, tokens, nowNs);
    if (prompts.length === 0) return false;
    this.#fill(batch, prompts, tokens);
    return true;
  }

  /** Chooses the prompts of a batch, and how many tokens of each; `places` null: nobody new is admitted. */
  #addPrompts(places: number | null, prompts: Sequence[], chunks: number[], nowNs: number): void {
    const { config } = this.#setup;
    const slot = this.#slot;
    const pages = this.#pages;
    const mixed = config.mixedChunk ? slot.running.size : 0;
    const roomTokens = (): number => pages.room * pages.pageTokens;
    const adder = new PrefillAdder(config, slot.running, this.#ratio.value, mixed, roomTokens);
    if (this.#chunked !== null) {
      const sequence = this.#chunked;
      adder.addChunked(sequence, sequence.knownTokens - sequence.computed, pages.fitting(sequence));
      if (adder.taken > 0) {
        prompts.push(sequence);
        chunks.push(adder.taken);
      }
      if (!adder.isCut) this.#chunked = null;
    }
    let node = 0;
    const lock = (): void => pages.tree.lock(node);
    const unlock = (): void => pages.tree.unlock(node);
    let admitted = 0;
    for (const sequence of places === null ? [] : this.#waiting) {
      if (prompts.length >= places!) slot.isFull = true;
      if (slot.isFull) break;
      let prefix = pages.match(sequence);
      node = pages.tree.matched;
      const tokens = pages.below(sequence, prefix);
      const load = (): boolean => {
        const loadedNs = pages.loadBack(sequence, prefix, tokens, this.#setup.log);
        if (loadedNs < 0) return false;
        this.#loadedNs = Math.max(this.#loadedNs, loadedNs);
        prefix += tokens;
        pages.tree.lock(pages.tree.matched);
        unlock();
        node = pages.tree.matched;
        return true;
      };
      const result = adder.add(sequence, prefix, sequence.knownTokens - prefix, lock, unlock, { tokens, load });
      if (adder.taken > 0) {
        admitted += 1;
        pages.begin(sequence, prefix, config.prefixCaching ? node : pages.tree.root);
        this.#admit(sequence, prefix, nowNs);
        prompts.push(sequence);
        chunks.push(adder.taken);
        if (adder.isCut) this.#chunked = sequence;
      }
      if (result === 'noToken') slot.isFull = true;
      if (result !== 'continue') break;
    }
    // Whoever is not taken ends the loop, so those taken are the first.
    if (admitted > 0) this.#waiting.splice(0, admitted);
  }

  #admit(sequence: Sequence, prefix: number, nowNs: number): void {
    const { ledger, log } = this.#setup;
    const { request, knownTokens } = sequence;
    this.#admitted += 1;
    sequence.stage = STAGE.prefilling;
    ledger.lookupTokens += knownTokens;
    ledger.hitTokens += prefix;
    if (sequence.evictedNs < 0) log.spend(request, STATE.admissionQueue, nowNs - sequence.accountedNs);
    sequence.accountedNs = nowNs;
    if (log.scheduledNs[request] < 0) log.reusedTokens[request] = prefix;
    log.begin(request, nowNs);
  }

  #fill(batch: Batch, prompts: readonly Sequence[], tokens: readonly number[]): void {
    const { config } = this.#setup;
    const pages = this.#pages;
    const ended = this.#ended.get(batch)!;
    ended.length = 0;
    batch.loadedNs = this.#loadedNs;
    let total = 0;
    for (const count of tokens) total += count;
    // With pages the allocator asks for one more per request than it may need.
    const spare = config.blockTokens > 1 ? prompts.length : 0;
    pages.makeFree(Math.ceil(total / config.blockTokens) + spare);
    for (const [index, sequence] of prompts.entries()) {
      pages.take(pages.missing(sequence.computed, tokens[index]));
      batch.addChunk(sequence, tokens[index]);
      if (sequence.computed < sequence.knownTokens) continue;
      sequence.prefilled = sequence.computed;
      sequence.joined = ++this.#joinings;
      ended.push(sequence);
    }
    const isMixed = config.mixedChunk && this.#mixRunning(batch);
    this.#slot.notePrefill([...ended], ended.length < prompts.length, isMixed);
  }

  /** Running requests decode in the prefill batch; the real engine fails where their pages are not to be had. */
  #mixRunning(batch: Batch): boolean {
    const { set } = batch.lane;
    const { running, room } = this.#slot;
    const { leaving } = running;
    running.filter();
    if (running.size > 0 && !room.make(set)) {
      running.leaving = leaving;
      return false;
    }
    this.#takeDecodes(batch);
    return true;
  }

  formDecode(batch: Batch, nowNs: number): boolean {
    const slot = this.#slot;
    const { running, room } = slot;
    const { set } = batch.lane;
    const before = running.size;
    slot.lastWas = 'none';
    if (before === 0) return false;
    running.filter();
    if (running.size > 0) {
      if (room.make(set)) this.#ratio.decay(1);
      else this.#retract(batch, nowNs);
    }
    if (running.size < before) slot.isFull = false;
    if (running.size === 0) return false;
    room.makeSpare(set);
    this.#takeDecodes(batch);
    slot.lastWas = 'decode';
    return true;
  }

  /** Everybody's next token. */
  #takeDecodes(batch: Batch): void {
    const { set, drafts } = batch.lane;
    const { running, room } = this.#slot;
    batch.takesDecodes = running.size > 0;
    for (const { computed } of running.leaving) batch.addGhost(computed + 1, drafts);
    room.take(set);
  }

  /**
   * Running requests lose their KV until the others' next tokens fit. The real engine fails where those of the last one do not;
   * with pipeline stages, whose other slots may have all pages, ours takes that one back, too.
   */
  #retract(batch: Batch, nowNs: number): void {
    const { running, room } = this.#slot;
    const { set } = batch.lane;
    const kept = this.#retractionOrder();
    let first = true;
    while (kept.length > 1 && (first || !room.make(set))) {
      first = false;
      const sequence = kept.pop()!;
      this.#evictRunning(sequence, running.knownGenerated(sequence), batch, nowNs);
      this.#pages.makeFree(Math.ceil((kept.length * RETRACT_STEPS) / this.#pages.pageTokens));
    }
    if (!room.make(set) && this.#chunked !== null) {
      this.#evictChunked(this.#chunked, nowNs);
      room.make(set);
    }
    if (this.#slots.length > 1 && !room.make(set)) {
      const sequence = kept.pop()!;
      this.#evictRunning(sequence, running.knownGenerated(sequence), batch, nowNs);
    }
    let generated = 0;
    let most = 0;
    for (const sequence of kept) {
      generated += running.knownGenerated(sequence);
      most += sequence.maxNewTokens;
    }
    this.#ratio.retracted(generated, most, kept.length);
  }

  /** With drafts the real one can only cut its batch from the back. */
  #retractionOrder(): Sequence[] {
    const { running, lane } = this.#slot;
    if (this.#setup.config.speculation !== null) return running.inOrder();
    const known = [...lane.set.members, ...running.leaving].map((sequence) => ({
      request: sequence.request,
      inputTokens: sequence.inputTokens,
      generated: running.knownGenerated(sequence),
      sequence,
    }));
    return retractionOrder(known).map(({ sequence }) => sequence);
  }

  #evictRunning(sequence: Sequence, generated: number, { lane }: Batch, nowNs: number): void {
    for (const inFlight of this.#setup.batches) {
      inFlight.discard(sequence);
      const ended = this.#ended.get(inFlight)!;
      if (ended.includes(sequence)) ended.splice(ended.indexOf(sequence), 1);
    }
    if (sequence.stage === STAGE.decoding) lane.set.remove(sequence);
    else this.#slot.running.leaving.splice(this.#slot.running.leaving.indexOf(sequence), 1);
    if (sequence.lane !== NO_LANE) lane.times.remove(sequence, nowNs, this.#setup.log);
    sequence.generated = generated;
    this.#evict(sequence, sequence.knownTokens, nowNs);
  }

  /** The real engine fails here; ours takes back the prompt in progress, which is all that can be in the way. */
  #evictChunked(sequence: Sequence, nowNs: number): void {
    for (const inFlight of this.#setup.batches) inFlight.discard(sequence);
    this.#chunked = null;
    this.#evict(sequence, sequence.computed, nowNs);
  }

  #evict(sequence: Sequence, regainTokens: number, nowNs: number): void {
    const { log, ledger } = this.#setup;
    const { request } = sequence;
    if (sequence.evictedNs < 0) {
      log.spend(request, STATE.prefillInterference, nowNs - sequence.accountedNs);
      sequence.evictedNs = nowNs;
      sequence.regainTokens = regainTokens;
    }
    this.#joined = this.#joined.filter((other) => other !== sequence);
    this.#pages.drop(sequence);
    this.#admitted -= 1;
    sequence.lane = NO_LANE;
    sequence.stage = STAGE.waiting;
    log.preemptions[request] += 1;
    ledger.preemptions += 1;
    if (this.#setup.role === 'decode') this.#remote.retract(sequence);
    else this.#waiting.push(sequence);
  }

  // ---- settling ---------------------------------------------------------------------------------------------------

  settle(batch: Batch, nowNs: number): void {
    const { tiers } = this.#setup;
    if (tiers !== null) tiers.nowNs = nowNs;
    this.#emitJoined(nowNs);
    if (batch.takesDecodes) this.#slots[batch.lane.index].room.giveBack(batch.lane.set);
    const ended = this.#ended.get(batch)!;
    if (ended.length === 0 && batch.finished.length === 0) return;
    const done = new Set([...ended, ...batch.finished]);
    for (const sequence of [...done].sort((a, b) => a.request - b.request)) {
      if (batch.finished.includes(sequence)) this.#finish(sequence, nowNs);
      else this.#pages.insert(sequence, sequence.prefilled);
    }
    ended.length = 0;
  }

  #finish(sequence: Sequence, nowNs: number): void {
    const { config, host, log, role, worker } = this.#setup;
    const { request, computed, prefilled } = sequence;
    this.#admitted -= 1;
    if (role === 'prefill') {
      sequence.stage = STAGE.held;
      this.#pages.insert(sequence, prefilled);
      this.#held.set(request, sequence);
      host.prefilled(worker, request, nowNs);
      return;
    }
    sequence.stage = STAGE.finished;
    if (sequence.lane !== NO_LANE) this.#slots[sequence.lane].running.noteFinished(sequence);
    // The slot of a decode that was formed before this was known counts as filled.
    this.#pages.finish(sequence, config.keepsGenerated ? computed : prefilled);
    log.lastTokenNs[request] = nowNs;
    host.finished(worker, request, nowNs);
  }

  // ---- runs -------------------------------------------------------------------------------------------------------

  steadyPasses({ lane: { set } }: Batch, atMost: number): number {
    // With drafts every pass is another.
    if (this.#setup.config.speculation !== null) return 0;
    const { isFull, lastWas } = this.#slot;
    const mayAdmit = !isFull && this.#waiting.length > 0;
    if (this.#chunked !== null || mayAdmit) return 0;
    if (!this.#remote.isStill || this.#joined.length > 0) return 0;
    let passes = Math.min(set.passesToChange(), atMost);
    const pollMatters = !isFull || this.#setup.config.pollingInterval > 1;
    if (pollMatters && this.#inbox.length > 0) {
      passes = lastWas === 'other' ? 0 : Math.min(passes, this.#poll.iterationsLeft);
    }
    // Evictions on the way change no batch, but tiers that take what is thrown out have to see when.
    const { room, free } = this.#pages;
    return set.passesWithin(this.#setup.tiers?.takesEvicted ? free - set.count : room, passes);
  }

  formSteady({ lane: { set } }: Batch, passes: number): void {
    // A rank with a dummy polls every time.
    if (set.count === 0) {
      this.#poll.spin();
      return;
    }
    this.#poll.pass(passes);
    this.#ratio.decay(passes);
    const pages = this.#pages;
    const due = set.pagesDue(passes);
    if (pages.free >= due + set.count) {
      pages.take(due);
      return;
    }
    for (let ahead = 0; ahead < passes; ahead++) {
      const next = set.pagesDueIn(ahead);
      pages.makeFree(next);
      if (pages.pageTokens > 1) pages.makeFree(set.count);
      pages.take(next);
    }
  }
}
