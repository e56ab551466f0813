import { Deque } from '../../base/deque.ts';
import { PageNames } from '../../kv/pageNames.ts';
import type { Batch } from '../batch.ts';
import type { EngineLoad } from '../engineCore.ts';
import { STATE } from '../requestLog.ts';
import type { Scheduler } from '../scheduler.ts';
import type { SchedulerSetup } from '../schedulerSetup.ts';
import { NO_LANE, type Sequence, STAGE } from '../sequence.ts';
import { SequencePages } from '../sequencePages.ts';
import { BatchWait } from './batchWait.ts';
import { type CapacityPool, type CapacityView, fitCapacity } from './capacity.ts';
import { firstChunk } from './firstChunk.ts';
import { kvLayoutOf } from './kvLayoutOf.ts';
import { chooseMicroBatch, type MicroBatchLimits, type MicroBatchView } from './microBatch.ts';
import { mostNewTokens, serves } from './requestLimits.ts';
import type { TrtllmConfig } from './trtllmConfig.ts';

/** TensorRT-LLM's executor (py_executor.py of 1.2): capacity over all active requests, then what one forward pass holds. */
export class TrtllmScheduler implements Scheduler {
  readonly #setup: SchedulerSetup<TrtllmConfig>;
  readonly #names: PageNames;
  readonly #pages: SequencePages;
  readonly #wait: BatchWait;
  readonly #inbox = new Deque<Sequence>();
  readonly #waiting = new Deque<Sequence>();
  /** Prompt tokens in the two queues. */
  #queuedTokens = 0;
  /** In order of activation. */
  readonly #active: Sequence[] = [];
  /** Of them, those that do not decode. */
  #pending = 0;
  /** Nobody of those can start before somebody leaves. */
  #isBlocked = false;
  /** The only token of somebody, which came with its KV, was its last. */
  #hasFinished = false;
  /** When a batch was formed last. */
  #formedNs = -1;
  /** By batch in flight: those whose prompts end in it. */
  readonly #ended = new Map<Batch, Sequence[]>();
  readonly #held = new Map<number, Sequence>();
  readonly #limits: MicroBatchLimits;
  readonly #capacity: CapacityView<Sequence>;
  readonly #microBatch: MicroBatchView<Sequence>;

  constructor(setup: SchedulerSetup<TrtllmConfig>) {
    const { config, table, batches } = setup;
    this.#setup = setup;
    this.#names = new PageNames(table.workload, table.namedTokens, config.blockTokens);
    this.#pages = new SequencePages(kvLayoutOf(config), setup);
    this.#wait = new BatchWait(config);
    for (const batch of batches) this.#ended.set(batch, []);
    this.#limits = {
      maxTokens: config.maxBatchedTokens,
      maxRequests: config.maxSequences,
      chunking: config.chunkedPrefill ? { policy: config.chunkingPolicy, unit: config.blockTokens } : null,
    };
    this.#capacity = {
      stateOf: stateOf,
      hasBlocks: ({ owned }) => owned > 0,
      blocksToEnd: (sequence) => this.#blocksToEnd(sequence),
      blocksOfStep: (sequence) => this.#blocksOfStep(sequence),
      mayPause: (sequence) => this.#mayPause(sequence),
      newBlock: (sequence) => this.#newBlock(sequence),
    };
    this.#microBatch = {
      isContext: ({ stage }) => stage === STAGE.waiting || stage === STAGE.prefilling,
      restOf: ({ knownTokens, computed }) => knownTokens - computed,
      reusableOf: ({ request, knownTokens, stage }) =>
        stage === STAGE.waiting ? this.#pages.lookup(request, knownTokens) * config.blockTokens : 0,
      draftsOf: () => 0,
    };
  }

  get usablePages(): number {
    return this.#pages.usable;
  }

  get evictedPages(): number {
    return this.#pages.evicted;
  }

  admits(inputTokens: number, outputTokens: number): boolean {
    return serves(this.#setup.config, inputTokens, outputTokens);
  }

  enqueue(sequence: Sequence): boolean {
    const { config, role, table } = this.#setup;
    const { request, inputTokens, outputTokens } = sequence;
    const asked = table.workload.maxOutputTokens[request];
    sequence.maxNewTokens = role === 'prefill' ? outputTokens : mostNewTokens(config, inputTokens, asked);
    this.#queuedTokens += inputTokens;
    const { maxSequences } = config;
    const isBehind = this.#waiting.size > 0 || this.#pending > 0;
    const isStuck = this.#isBlocked && role !== 'decode';
    const cannotStart = isStuck || (this.#pending === 0 && this.#active.length === maxSequences);
    // Whether an executor is idle, and takes one request alone, depends on who was in its queue.
    if (isBehind && cannotStart && this.#inbox.size === 0) {
      this.#waiting.pushBack(sequence);
      return false;
    }
    this.#inbox.pushBack(sequence);
    return true;
  }

  remoteArrived(request: number, nowNs: number): void {
    const sequence = this.#active.find((candidate) => candidate.request === request)!;
    sequence.accountedNs = nowNs;
    sequence.stage = STAGE.loaded;
  }

  releaseHeld(request: number): void {
    this.#pages.release(this.#held.get(request)!);
    this.#held.delete(request);
  }

  cancel(request: number, nowNs: number): void {
    if (this.#held.has(request)) {
      this.releaseHeld(request);
      return;
    }
    this.#isBlocked = false;
    this.#undoEarly();
    if (this.#cancelQueued(request)) return;
    const at = this.#active.findIndex((candidate) => candidate.request === request);
    const [sequence] = this.#active.splice(at, 1);
    const { stage } = sequence;
    const isDecoding = stage === STAGE.decoding || stage === STAGE.finishing;
    const inFlight = this.#abandon(sequence);
    if (stage === STAGE.decoding) this.#setup.lanes[sequence.lane].set.remove(sequence);
    if (sequence.lane !== NO_LANE) this.#setup.lanes[sequence.lane].times.remove(sequence, nowNs, this.#setup.log);
    if (isDecoding) this.#pages.publish(sequence, sequence.computed - inFlight);
    else this.#pending -= 1;
    if (stage !== STAGE.waiting) this.#pages.release(sequence);
  }

  #cancelQueued(request: number): boolean {
    for (const queue of [this.#inbox, this.#waiting]) {
      for (let place = 0; place < queue.size; place++) {
        const sequence = queue.at(place);
        if (sequence.request !== request) continue;
        queue.remove(sequence);
        this.#queuedTokens -= sequence.inputTokens;
        return true;
      }
    }
    return false;
  }

  /** Who went past the inbox and has not been there when a batch was formed might yet find the executor idle. */
  #undoEarly(): void {
    while (this.#waiting.size > 0 && this.#waiting.at(this.#waiting.size - 1).accountedNs > this.#formedNs) {
      this.#inbox.pushFront(this.#waiting.popBack());
    }
  }

  /** Batches in flight have nothing more to do with it; returns how many tokens of it they would have brought. */
  #abandon(sequence: Sequence): number {
    let inFlight = 0;
    for (const batch of this.#setup.batches) {
      if (batch.yieldsFor(sequence)) inFlight += 1;
      batch.abandon(sequence);
      const ended = this.#ended.get(batch)!;
      if (ended.includes(sequence)) ended.splice(ended.indexOf(sequence), 1);
    }
    return inFlight;
  }

  cachedTokens(request: number): number {
    return this.#pages.lookup(request, this.#setup.table.inputTokens[request]) * this.#pages.pageTokens;
  }

  addLoad(load: EngineLoad): void {
    load.running += this.#active.length - this.#pending;
    load.waiting += this.#inbox.size + this.#waiting.size;
    load.usablePages += this.#pages.usable;
    load.heldPages += this.#pages.usable - this.#pages.free;
    load.queuedPrefillTokens += this.#queuedTokens;
    if (this.#pending === 0) return;
    for (const { stage, knownTokens, computed } of this.#active) {
      if (stage === STAGE.prefilling) load.running += 1;
      else if (stage === STAGE.waiting || stage === STAGE.loading || stage === STAGE.loaded) load.waiting += 1;
      if (stage === STAGE.waiting || stage === STAGE.prefilling) load.queuedPrefillTokens += knownTokens - computed;
    }
  }

  // ---- forming ----------------------------------------------------------------------------------------------------

  form(batch: Batch, nowNs: number): boolean {
    const ended = this.#ended.get(batch)!;
    ended.length = 0;
    this.#formedNs = nowNs;
    do {
      this.#hasFinished = false;
      this.#activate();
      this.#isBlocked = false;
      if (this.#pending > 0 || !this.#findsPages(batch)) this.#schedule(batch, ended, nowNs);
      this.#takeDecodes(batch);
      if (batch.takesDecodes || batch.hasChunks) return true;
    } while (this.#hasFinished);
    return false;
  }

  /** An idle executor blocks until it has one request, and goes on with that one alone. */
  #activate(): void {
    let fetched = this.#active.length + this.#waiting.size === 0 ? Math.min(1, this.#inbox.size) : this.#inbox.size;
    for (; fetched > 0; fetched--) this.#waiting.pushBack(this.#inbox.popFront());
    while (this.#waiting.size > 0 && this.#active.length < this.#setup.config.maxSequences) {
      const sequence = this.#waiting.popFront();
      this.#queuedTokens -= sequence.inputTokens;
      this.#active.push(sequence);
      this.#pending += 1;
    }
  }

  /** Every decode finds a page if it needs one: always so where pages are reserved. */
  #findsPages({ lane: { set } }: Batch): boolean {
    if (this.#setup.config.capacityPolicy !== 'MAX_UTILIZATION') return true;
    return (
      set.pagesDue(1) + this.#ghosts().reduce((sum, ghost) => sum + this.#blocksOfStep(ghost), 0) <= this.#pages.free
    );
  }

  #schedule(batch: Batch, ended: Sequence[], nowNs: number): void {
    const { config } = this.#setup;
    // Blocks come or go in other numbers than the capacity scheduler reckons with.
    let hasMoved = false;
    const pool: CapacityPool<Sequence> = {
      freeBlocks: () => this.#pages.free,
      pause: (sequence) => {
        hasMoved = true;
        this.#pause(sequence, batch, nowNs);
      },
    };
    const fitting = fitCapacity(config.capacityPolicy, this.#active, config.maxSequences, this.#capacity, pool);
    const pending = this.#pending;
    for (const sequence of fitting) {
      if (!sequence.remote) continue;
      hasMoved = true;
      this.#reserve(sequence, nowNs);
    }
    const runnable = fitting.filter((sequence) => sequence.stage !== STAGE.loading && !isToComplete(sequence));
    const { contexts, generations } = chooseMicroBatch(runnable, this.#microBatch, this.#limits);
    let promptTokens = 0;
    for (const { item } of contexts) promptTokens += item.knownTokens;
    const isHeldBack = this.#wait.holdsBack(contexts.length, promptTokens, generations.length);
    if (!isHeldBack) for (const { item, tokens } of contexts) this.#prefill(item, tokens, batch, ended, nowNs);
    for (const sequence of generations) if (sequence.stage === STAGE.loaded) this.#startLoaded(sequence, batch, nowNs);
    this.#isBlocked = pending > 0 && pending === this.#pending && contexts.length === 0 && !hasMoved;
  }

  #takeDecodes(batch: Batch): void {
    const { set } = batch.lane;
    batch.takesDecodes = set.count > 0;
    this.#pages.allocate(set.pagesDue(1));
    for (const ghost of this.#ghosts()) {
      batch.takesDecodes = true;
      this.#pages.grow(ghost, ghost.computed + 1);
      batch.addGhost(ghost.computed + 1);
    }
  }

  /** Those that end before their time, which is noticed a step late. */
  #ghosts(): readonly Sequence[] {
    return this.#active.filter((sequence) => sequence.stage === STAGE.finishing && !isToComplete(sequence));
  }

  #blocks(tokens: number): number {
    return Math.ceil(tokens / this.#pages.pageTokens);
  }

  #computed(sequence: Sequence): number {
    if (sequence.stage !== STAGE.decoding) return sequence.computed;
    return this.#setup.lanes[sequence.lane].set.computedTokens(sequence);
  }

  #blocksToEnd(sequence: Sequence): number {
    const owned = sequence.stage === STAGE.decoding ? this.#blocks(this.#computed(sequence)) : sequence.owned;
    return this.#blocks(sequence.inputTokens + sequence.maxNewTokens) - owned;
  }

  #blocksOfStep(sequence: Sequence): number {
    const { stage } = sequence;
    if (stage === STAGE.waiting) return this.#blocks(sequence.knownTokens);
    if (stage === STAGE.prefilling || isToComplete(sequence)) return 0;
    const computed = this.#computed(sequence);
    return this.#blocks(computed + 1) - this.#blocks(computed);
  }

  #mayPause(sequence: Sequence): boolean {
    const { stage } = sequence;
    if (stage === STAGE.finishing) return !isToComplete(sequence);
    return stage === STAGE.decoding || stage === STAGE.prefilling || stage === STAGE.loaded;
  }

  #newBlock({ request, knownTokens }: Sequence): string | null {
    if (!this.#setup.config.prefixCaching) return null;
    const hit = this.#pages.lookup(request, knownTokens);
    return hit < Math.floor(knownTokens / this.#pages.pageTokens) ? this.#names.keyOf(request, hit) : null;
  }

  #prefill(sequence: Sequence, chunk: number, batch: Batch, ended: Sequence[], nowNs: number): void {
    let tokens = chunk;
    if (sequence.stage === STAGE.waiting) {
      const { ledger, log } = this.#setup;
      const { request, knownTokens } = sequence;
      const pages = this.#pages.lookup(request, knownTokens);
      const hit = pages * this.#pages.pageTokens;
      tokens = firstChunk(chunk, hit, knownTokens, this.#pages.pageTokens);
      this.#pages.take(sequence, pages, 0);
      this.#pages.grow(sequence, knownTokens);
      ledger.lookupTokens += knownTokens;
      ledger.hitTokens += hit;
      if (log.scheduledNs[request] < 0) log.reusedTokens[request] = hit;
      sequence.stage = STAGE.prefilling;
      this.#start(sequence, nowNs);
    }
    batch.addChunk(sequence, tokens);
    if (sequence.computed < sequence.knownTokens) return;
    sequence.prefilled = sequence.computed;
    ended.push(sequence);
    this.#pending -= 1;
  }

  #start(sequence: Sequence, nowNs: number): void {
    const { log } = this.#setup;
    const { request } = sequence;
    if (sequence.evictedNs < 0) {
      log.spend(request, STATE.admissionQueue, nowNs - sequence.accountedNs);
      sequence.accountedNs = nowNs;
    }
    if (log.scheduledNs[request] < 0) log.scheduledNs[request] = nowNs;
  }

  /** Blocks for a prompt whose KV a context server has. */
  #reserve(sequence: Sequence, nowNs: number): void {
    const { host, ledger, log, worker } = this.#setup;
    const { request, inputTokens } = sequence;
    const pages = this.#pages.lookup(request, inputTokens);
    const hit = pages * this.#pages.pageTokens;
    this.#pages.take(sequence, pages, inputTokens - hit);
    ledger.lookupTokens += inputTokens;
    ledger.hitTokens += hit;
    log.reusedTokens[request] = hit;
    log.spend(request, STATE.admissionQueue, nowNs - sequence.accountedNs);
    sequence.accountedNs = nowNs;
    sequence.computed = inputTokens;
    sequence.remote = false;
    sequence.stage = STAGE.loading;
    host.reserved(worker, request, inputTokens - hit, nowNs);
  }

  /** The first token came with the KV; the client sees it when the request is first scheduled. */
  #startLoaded(sequence: Sequence, batch: Batch, nowNs: number): void {
    this.#start(sequence, nowNs);
    this.#setup.log.firstTokenNs[sequence.request] = nowNs;
    this.#pages.publish(sequence, sequence.inputTokens);
    sequence.lastTokenNs = nowNs;
    sequence.generated = 1;
    this.#pending -= 1;
    if (sequence.outputTokens === 1) {
      this.#active.splice(this.#active.indexOf(sequence), 1);
      this.#hasFinished = true;
      this.#finish(sequence, nowNs);
      return;
    }
    batch.lane.add(sequence);
  }

  /** Its KV goes; it comes back as a prompt that has its output at the end. */
  #pause(sequence: Sequence, { lane }: Batch, nowNs: number): void {
    const { batches, ledger, log, role } = this.#setup;
    const { request, stage } = sequence;
    const keepsToken = role !== 'prefill';
    let inFlight = 0;
    for (const batch of batches) {
      if (batch.yieldsFor(sequence)) inFlight += 1;
      batch.withdraw(sequence, keepsToken);
    }
    if (stage === STAGE.decoding) lane.set.remove(sequence);
    const decodes = stage === STAGE.decoding || stage === STAGE.finishing;
    if (decodes) {
      this.#pages.publish(sequence, sequence.computed - inFlight);
      this.#pending += 1;
    }
    if (decodes) sequence.regainTokens = sequence.knownTokens;
    else if (sequence.evictedNs < 0) sequence.regainTokens = sequence.computed;
    if (sequence.lane !== NO_LANE) lane.times.remove(sequence, nowNs, log);
    if (sequence.evictedNs < 0) {
      log.spend(request, STATE.prefillInterference, nowNs - sequence.accountedNs);
      sequence.evictedNs = nowNs;
    }
    if (!keepsToken) sequence.generated -= inFlight;
    for (const ended of this.#ended.values()) {
      if (ended.includes(sequence)) ended.splice(ended.indexOf(sequence), 1);
    }
    this.#pages.release(sequence);
    sequence.lane = NO_LANE;
    sequence.stage = STAGE.waiting;
    log.preemptions[request] += 1;
    ledger.preemptions += 1;
  }

  // ---- results ----------------------------------------------------------------------------------------------------

  settle(batch: Batch, nowNs: number): void {
    const ended = this.#ended.get(batch)!;
    for (const sequence of ended) this.#pages.publish(sequence, sequence.prefilled);
    ended.length = 0;
    if (batch.finished.length === 0) return;
    for (const sequence of batch.finished) {
      if (sequence.stage === STAGE.waiting) this.#pending -= 1;
      sequence.stage = STAGE.finished;
    }
    const over = this.#active.filter(({ stage }) => stage === STAGE.finished);
    let left = 0;
    for (const sequence of this.#active) if (sequence.stage !== STAGE.finished) this.#active[left++] = sequence;
    this.#active.length = left;
    for (const sequence of over) this.#finish(sequence, nowNs);
  }

  #finish(sequence: Sequence, nowNs: number): void {
    const { host, log, role, worker } = this.#setup;
    if (role === 'prefill') {
      sequence.stage = STAGE.held;
      this.#held.set(sequence.request, sequence);
      host.prefilled(worker, sequence.request, nowNs);
      return;
    }
    this.#pages.publish(sequence, sequence.computed);
    this.#pages.release(sequence);
    log.lastTokenNs[sequence.request] = nowNs;
    host.finished(worker, sequence.request, nowNs);
  }

  // ---- runs -------------------------------------------------------------------------------------------------------

  steadyPasses({ lane: { set } }: Batch, atMost: number): number {
    if ((this.#pending > 0 && !this.#isBlocked) || this.#inbox.size > 0 || this.#hasFinished) return 0;
    return set.passesWithin(this.#pages.free, Math.min(set.passesToChange(), atMost));
  }

  formSteady({ lane: { set } }: Batch, passes: number, lastNs: number): void {
    this.#formedNs = lastNs;
    this.#pages.allocate(set.pagesDue(passes));
  }
}

function stateOf({ stage, remote }: Sequence): 'toLoad' | 'loading' | 'context' | 'generation' {
  if (stage === STAGE.loading) return 'loading';
  if (remote) return 'toLoad';
  return stage === STAGE.waiting || stage === STAGE.prefilling ? 'context' : 'generation';
}

/** GENERATION_TO_COMPLETE: the token that must be its last is in flight. */
function isToComplete({ stage, outputTokens, maxNewTokens }: Sequence): boolean {
  return stage === STAGE.finishing && outputTokens === maxNewTokens;
}
