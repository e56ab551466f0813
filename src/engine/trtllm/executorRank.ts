import { PageNames } from '../../kv/pageNames.ts';
import type { Batch } from '../batch.ts';
import { emit } from '../emit.ts';
import type { EngineLoad } from '../engineCore.ts';
import type { Lane } from '../lane.ts';
import { STATE } from '../requestLog.ts';
import type { SchedulerSetup } from '../schedulerSetup.ts';
import { NO_LANE, type Sequence, STAGE } from '../sequence.ts';
import { SequencePages } from '../sequencePages.ts';
import { BlockNeeds, isContext } from './blockNeeds.ts';
import { type CapacityPool, fitCapacity } from './capacity.ts';
import { ContextStart } from './contextStart.ts';
import { kvLayoutOf } from './kvLayoutOf.ts';
import { chooseMicroBatch, type MicroBatch, type MicroBatchLimits, type MicroBatchView } from './microBatch.ts';
import { MicroBatchLanes } from './microBatchLanes.ts';
import { mostActive, verifiedTokens } from './requestLimits.ts';
import type { TrtllmConfig } from './trtllmConfig.ts';

const NOTHING: MicroBatch<Sequence> = { contexts: [], generations: [] };

/** The requests of one attention-DP rank: capacity over all that are active, then what one forward pass holds. */
export class ExecutorRank {
  readonly pages: SequencePages;
  readonly #setup: SchedulerSetup<TrtllmConfig>;
  /** In order of activation. */
  readonly #active: Sequence[] = [];
  /** Prompt tokens of all that are active. */
  tokens = 0;
  /** Of them, those that do not decode. */
  pending = 0;
  /** Nobody of those can start before somebody leaves. */
  #isBlocked = false;
  /** The only token of somebody, which came with its KV, was its last. */
  hasFinished = false;
  /** Scheduled for the batch to be launched, unless all that decode go on by themselves (null). */
  #chosen: MicroBatch<Sequence> | null = null;
  /** Blocks came or went in other numbers than the capacity scheduler reckons with. */
  #hasMoved = false;
  /** Of the batch to be formed. */
  #lane: Lane;
  readonly #held = new Map<number, Sequence>();
  /** Draft tokens of each generation in a step. */
  readonly #drafts: number;
  readonly #limits: MicroBatchLimits;
  readonly #lanes: MicroBatchLanes;
  readonly #starts: ContextStart;
  readonly #needs: BlockNeeds;
  readonly #view: MicroBatchView<Sequence>;

  constructor(setup: SchedulerSetup<TrtllmConfig>) {
    const { config, table } = setup;
    this.#setup = setup;
    [this.#lane] = setup.lanes;
    const names = new PageNames(table.workload, table.namedTokens, config.blockTokens);
    this.pages = new SequencePages(kvLayoutOf(config), setup);
    this.#lanes = new MicroBatchLanes(setup);
    this.#starts = new ContextStart(setup, this.pages);
    this.#needs = new BlockNeeds(this.pages, config.prefixCaching ? names : null, setup, this.#lanes);
    this.#drafts = verifiedTokens(config.speculation) - 1;
    this.#limits = {
      maxTokens: config.maxBatchedTokens,
      maxRequests: config.maxSequences,
      chunking: config.chunkedPrefill ? { policy: config.chunkingPolicy, unit: config.blockTokens } : null,
    };
    this.#view = {
      isContext: ({ stage }) => isContext(stage),
      restOf: ({ knownTokens, computed }) => knownTokens - computed,
      reusableOf: ({ request, knownTokens, stage }) =>
        stage === STAGE.waiting ? this.pages.reusable(request, knownTokens) * config.blockTokens : 0,
      draftsOf: ({ stage }) => (isContext(stage) ? 0 : this.#drafts),
    };
  }

  /** Active requests. */
  get requests(): number {
    return this.#active.length;
  }

  /** Nobody is active but those whose KV is not here yet: it takes part with a dummy. */
  get isVacant(): boolean {
    return this.#active.every(({ stage, remote }) => stage === STAGE.loading || remote);
  }

  /** No newcomer could start before somebody leaves. */
  get isStuck(): boolean {
    return this.#isBlocked && this.#setup.role !== 'decode';
  }

  holds(request: number): boolean {
    return this.#held.has(request);
  }

  has(request: number): boolean {
    return this.#active.some((sequence) => sequence.request === request);
  }

  activate(sequence: Sequence): void {
    this.#active.push(sequence);
    this.tokens += sequence.inputTokens;
    this.pending += 1;
  }

  remoteArrived(request: number, nowNs: number): void {
    const sequence = this.#active.find((candidate) => candidate.request === request)!;
    sequence.accountedNs = nowNs;
    sequence.stage = STAGE.loaded;
  }

  releaseHeld(request: number): void {
    this.pages.release(this.#held.get(request)!);
    this.#held.delete(request);
  }

  /** Somebody leaves: there may be room again. */
  unblock(): void {
    this.#isBlocked = false;
  }

  cancel(request: number, nowNs: number): Sequence {
    this.unblock();
    const sequence = this.#active.find((candidate) => candidate.request === request)!;
    this.#leave(sequence);
    const { stage } = sequence;
    const isDecoding = stage === STAGE.decoding || stage === STAGE.finishing;
    const inFlight = this.#needs.inFlight(sequence);
    for (const batch of this.#setup.batches) batch.abandon(sequence);
    this.#leaveLane(sequence, nowNs);
    if (isDecoding) this.pages.publish(sequence, sequence.computed - inFlight);
    else this.pending -= 1;
    if (stage !== STAGE.waiting) this.pages.release(sequence);
    sequence.generated -= inFlight;
    return sequence;
  }

  #leave(sequence: Sequence): void {
    this.#active.splice(this.#active.indexOf(sequence), 1);
    this.tokens -= sequence.inputTokens;
  }

  #leaveLane(sequence: Sequence, nowNs: number): void {
    if (sequence.lane === NO_LANE) return;
    const { set, times } = this.#lanes.of(sequence);
    if (sequence.stage === STAGE.decoding) set.remove(sequence);
    times.remove(sequence, nowNs, this.#setup.log);
  }

  addLoad(load: EngineLoad): void {
    load.running += this.#active.length - this.pending;
    load.usablePages += this.pages.usable;
    load.heldPages += this.pages.usable - this.pages.free;
    if (this.pending === 0) return;
    for (const { stage, knownTokens, computed } of this.#active) {
      if (stage === STAGE.prefilling) load.running += 1;
      else if (stage === STAGE.waiting || stage === STAGE.loading || stage === STAGE.loaded) load.waiting += 1;
      if (isContext(stage)) load.queuedPrefillTokens += knownTokens - computed;
    }
  }

  // ---- forming ----------------------------------------------------------------------------------------------------

  /** Chooses what runs next, if it is launched. Whoever is paused for it loses its blocks at once. */
  schedule(batch: Batch, nowNs: number): void {
    const { tiers } = this.#setup;
    if (tiers !== null) tiers.nowNs = nowNs;
    this.hasFinished = false;
    this.#isBlocked = false;
    this.#hasMoved = false;
    this.#chosen = null;
    this.#lane = batch.lane;
    const goOn = this.pending === 0 && this.#findsPages(batch) && !this.#lanes.isScattered(batch.lane);
    if (!goOn) this.#chosen = this.#choose(nowNs);
  }

  /** Contexts that were scheduled, and the tokens of their whole prompts. */
  get contexts(): number {
    return (this.#chosen ?? NOTHING).contexts.length;
  }

  get promptTokens(): number {
    return (this.#chosen ?? NOTHING).contexts.reduce((sum, { item }) => sum + item.knownTokens, 0);
  }

  /** Generations that were scheduled. */
  get generations(): number {
    return this.#chosen === null ? this.#lane.set.count + this.#ghosts().length : this.#chosen.generations.length;
  }

  /** Every decode finds a page if it needs one: always so where pages are reserved. */
  #findsPages({ lane: { set } }: Batch): boolean {
    if (this.#setup.config.capacityPolicy !== 'MAX_UTILIZATION') return true;
    if (this.#drafts > 0)
      return (
        [...set.members, ...this.#ghosts()].reduce((sum, one) => sum + this.#needs.blocksOfStep(one), 0) <=
        this.pages.free
      );
    return (
      set.pagesDue(1) + this.#ghosts().reduce((sum, ghost) => sum + this.#needs.blocksOfStep(ghost), 0) <=
      this.pages.free
    );
  }

  #choose(nowNs: number): MicroBatch<Sequence> {
    const { config } = this.#setup;
    const pool: CapacityPool<Sequence> = {
      freeBlocks: () => this.pages.free,
      pause: (sequence) => {
        this.#hasMoved = true;
        this.#pause(sequence, nowNs);
      },
    };
    const fitting = fitCapacity(config.capacityPolicy, this.#active, mostActive(config), this.#needs, pool);
    for (const sequence of fitting) {
      if (!sequence.remote) continue;
      this.#hasMoved = true;
      this.#starts.reserve(sequence, nowNs);
    }
    const runnable = fitting.filter((sequence) => sequence.stage !== STAGE.loading && !this.#needs.isOut(sequence));
    return chooseMicroBatch(runnable, this.#view, this.#limits);
  }

  /** Puts what was scheduled into the batch, but for contexts that are held back. */
  launch(batch: Batch, isHeldBack: boolean, nowNs: number): void {
    if (this.#chosen !== null) this.#start(this.#chosen, batch, isHeldBack, nowNs);
    this.#takeDecodes(batch);
  }

  #start({ contexts, generations }: MicroBatch<Sequence>, batch: Batch, isHeldBack: boolean, nowNs: number): void {
    const { pending } = this;
    this.#lanes.gather(batch.lane, generations, nowNs);
    if (!isHeldBack) {
      for (const { item, tokens } of contexts) if (this.#starts.prefill(item, tokens, batch, nowNs)) this.pending -= 1;
    }
    for (const sequence of generations) if (sequence.stage === STAGE.loaded) this.#startLoaded(sequence, batch, nowNs);
    this.#isBlocked = pending > 0 && pending === this.pending && contexts.length === 0 && !this.#hasMoved;
  }

  #takeDecodes(batch: Batch): void {
    const { set } = batch.lane;
    batch.takesDecodes = set.count > 0;
    if (this.#drafts === 0) this.pages.allocate(set.pagesDue(1));
    else for (const sequence of set.members) this.#draft(sequence);
    for (const ghost of this.#ghosts()) {
      batch.takesDecodes = true;
      this.pages.grow(ghost, this.#needs.reachOfStep(ghost));
      batch.addGhost(ghost.computed + 1, this.#drafts);
    }
  }

  #draft(sequence: Sequence): void {
    this.pages.grow(sequence, this.#needs.reachOfStep(sequence));
    sequence.drafts = this.#drafts;
    sequence.guesses = this.#drafts;
  }

  /** Those that end before their time, or by drafts, which is noticed a step late. */
  #ghosts(): readonly Sequence[] {
    return this.#active.filter((sequence) => sequence.stage === STAGE.finishing && !this.#needs.isOut(sequence));
  }

  /** The first token came with the KV; the client sees it when the request is first scheduled. */
  #startLoaded(sequence: Sequence, batch: Batch, nowNs: number): void {
    const { ledger, log, role } = this.#setup;
    this.#starts.begin(sequence, nowNs);
    emit(sequence, nowNs, role, log, ledger);
    this.pages.publish(sequence, sequence.inputTokens);
    sequence.generated = 1;
    this.pending -= 1;
    if (sequence.outputTokens === 1) {
      this.#leave(sequence);
      this.hasFinished = true;
      this.#finish(sequence, nowNs);
      return;
    }
    batch.lane.add(sequence);
  }

  /** Its KV goes; it comes back as a prompt that has its output at the end. */
  #pause(sequence: Sequence, nowNs: number): void {
    const { batches, ledger, log, role } = this.#setup;
    const { request, stage } = sequence;
    const keepsToken = role !== 'prefill';
    const inFlight = this.#needs.inFlight(sequence);
    for (const batch of batches) batch.withdraw(sequence, keepsToken);
    this.#leaveLane(sequence, nowNs);
    const decodes = stage === STAGE.decoding || stage === STAGE.finishing;
    if (decodes) {
      this.pages.publish(sequence, sequence.computed - inFlight);
      this.pending += 1;
    }
    if (decodes) sequence.regainTokens = sequence.knownTokens;
    else if (sequence.evictedNs < 0) sequence.regainTokens = sequence.computed;
    if (sequence.evictedNs < 0) {
      log.spend(request, STATE.prefillInterference, nowNs - sequence.accountedNs);
      sequence.evictedNs = nowNs;
    }
    if (!keepsToken) sequence.generated -= inFlight;
    this.pages.release(sequence);
    sequence.lane = NO_LANE;
    sequence.stage = STAGE.waiting;
    log.preemptions[request] += 1;
    ledger.preemptions += 1;
  }

  // ---- results ----------------------------------------------------------------------------------------------------

  settle(batch: Batch, nowNs: number): void {
    const { tiers } = this.#setup;
    if (tiers !== null) tiers.nowNs = nowNs;
    for (const sequence of batch.hasChunks ? batch.ended : []) {
      this.pages.publish(sequence, sequence.prefilled);
      this.pages.store(sequence);
    }
    if (batch.finished.length === 0) return;
    for (const sequence of batch.finished) {
      if (sequence.stage === STAGE.waiting) this.pending -= 1;
      sequence.stage = STAGE.finished;
    }
    const over = this.#active.filter(({ stage }) => stage === STAGE.finished);
    let left = 0;
    for (const sequence of this.#active) if (sequence.stage !== STAGE.finished) this.#active[left++] = sequence;
    this.#active.length = left;
    for (const sequence of over) {
      this.tokens -= sequence.inputTokens;
      this.#finish(sequence, nowNs);
    }
  }

  #finish(sequence: Sequence, nowNs: number): void {
    const { host, log, role, worker } = this.#setup;
    if (role === 'prefill') {
      sequence.stage = STAGE.held;
      this.#held.set(sequence.request, sequence);
      host.prefilled(worker, sequence.request, nowNs);
      return;
    }
    this.pages.publish(sequence, sequence.computed);
    this.pages.store(sequence);
    this.pages.release(sequence);
    log.lastTokenNs[sequence.request] = nowNs;
    host.finished(worker, sequence.request, nowNs);
  }

  // ---- runs -------------------------------------------------------------------------------------------------------

  steadyPasses({ lane: { set } }: Batch, atMost: number): number {
    // With drafts every pass is another.
    if (this.#drafts > 0 || (this.pending > 0 && !this.#isBlocked) || this.hasFinished) return 0;
    const { tiers, free, blank } = this.pages;
    if (tiers?.isShared && this.pending > 0) return 0;
    return set.passesWithin(tiers?.takesEvicted ? blank : free, Math.min(set.passesToChange(), atMost));
  }

  formSteady({ lane: { set } }: Batch, passes: number): void {
    this.pages.allocate(set.pagesDue(passes));
  }
}
