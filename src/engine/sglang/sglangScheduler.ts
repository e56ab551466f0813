import type { Batch } from '../batch.ts';
import type { EngineLoad } from '../engineCore.ts';
import type { Scheduler } from '../scheduler.ts';
import type { SchedulerSetup } from '../schedulerSetup.ts';
import { NO_LANE, type Sequence, STAGE } from '../sequence.ts';
import { Decode } from './decode.ts';
import type { EventLoop, LoopRank } from './eventLoop.ts';
import { pagesToMatch } from './policies.ts';
import { Poll } from './poll.ts';
import { Prebuilt } from './prebuilt.ts';
import { Prefill } from './prefill.ts';
import { RankState } from './rankState.ts';
import { mostNewTokens, serves } from './requestLimits.ts';
import { type SglangConfig, slotRequests } from './sglangConfig.ts';

/** SGLang's scheduler (scheduler.py at 5c8bd8b51): prefill whenever anything can be admitted, else decode. */
export class SglangScheduler implements Scheduler, LoopRank {
  readonly #setup: SchedulerSetup<SglangConfig>;
  readonly #loop: EventLoop;
  readonly #state: RankState;
  readonly #poll: Poll;
  readonly #prefill: Prefill;
  readonly #decode: Decode;
  readonly #prebuilt: Prebuilt;
  /** Prefill workers: those whose KV waits to be fetched. */
  readonly #held = new Map<number, Sequence>();

  constructor(setup: SchedulerSetup<SglangConfig>, loop: EventLoop, rank: number) {
    this.#setup = setup;
    this.#loop = loop;
    loop.join(this);
    this.#state = new RankState(setup);
    this.#poll = new Poll(setup.config.pollingInterval);
    this.#decode = new Decode(this.#state);
    this.#prefill = new Prefill(this.#state, this.#decode, rank);
    this.#prebuilt = new Prebuilt(this.#state, (sequence, nowNs) => this.#finish(sequence, nowNs));
  }

  get usablePages(): number {
    return this.#state.pages.usable;
  }

  get evictedPages(): number {
    return this.#state.pages.tree.evictedPages;
  }

  admits(inputTokens: number, outputTokens: number): boolean {
    return serves(this.#setup.config, this.#setup.role, inputTokens, outputTokens);
  }

  enqueue(sequence: Sequence): boolean {
    const { table, config, role } = this.#setup;
    const { slot, slots, waiting } = this.#state;
    const asked = role === 'prefill' ? 1 : table.maxOutputTokens[sequence.request];
    sequence.maxNewTokens = Math.min(asked, mostNewTokens(config, role, sequence.inputTokens));
    waiting.arrive(sequence);
    // With an interval it matters which poll finds it.
    return !slot.isFull || slot.running.size === 0 || config.pollingInterval > 1 || slots.length > 1;
  }

  remoteArrived(request: number, nowNs: number): void {
    const sequence = this.#state.remote.arrive(request)!;
    sequence.accountedNs = nowNs;
  }

  releaseHeld(request: number): void {
    const sequence = this.#held.get(request)!;
    this.#held.delete(request);
    this.#state.pages.finish(sequence, sequence.prefilled);
  }

  cancel(request: number, nowNs: number): Sequence | null {
    if (this.#held.has(request)) {
      this.releaseHeld(request);
      return null;
    }
    const { slots, waiting, remote, pages } = this.#state;
    for (const slot of slots) slot.isFull = false;
    const queued = waiting.remove(request);
    if (queued !== null) return queued;
    const removed = remote.remove(request);
    if (removed?.hasRoom === true) pages.drop(removed.item);
    if (removed !== undefined) return removed.item;
    const sequence = this.#state.find(request);
    let inFlight = 0;
    for (const batch of this.#setup.batches) inFlight += batch.tokensFrom(sequence);
    this.#state.takeOut(sequence, nowNs);
    this.#state.unjoin(sequence);
    sequence.generated -= inFlight;
    sequence.stage = STAGE.finished;
    pages.drop(sequence);
    return sequence;
  }

  addLoad(load: EngineLoad): void {
    const { admitted, waiting, remote, pages, chunked } = this.#state;
    load.running += admitted;
    load.waiting += waiting.size + remote.size;
    load.usablePages += pages.usable;
    load.heldPages += pages.held;
    if (chunked !== null) load.queuedPrefillTokens += chunked.knownTokens - chunked.computed;
    load.queuedPrefillTokens += waiting.tokens;
  }

  cachedTokens(request: number): number {
    const { config, table } = this.#setup;
    if (!config.prefixCaching) return 0;
    const limit = pagesToMatch({ knownTokens: table.inputTokens[request] }, this.#state.names);
    return this.#state.pages.tree.peek(request, limit) * config.blockTokens;
  }

  // ---- forming ----------------------------------------------------------------------------------------------------

  form(batch: Batch, nowNs: number): boolean {
    return this.#loop.form([batch], nowNs);
  }

  get isIdle(): boolean {
    return this.#setup.batches.every(({ sequences }) => sequences === 0);
  }

  isInFlight(slot: number): boolean {
    return this.#setup.batches.some(({ sequences, lane }) => sequences > 0 && lane.index === slot);
  }

  turnTo(slot: number, batch: Batch, nowNs: number): void {
    this.#state.slot = this.#state.slots[slot];
    batch.lane = this.#state.slot.lane;
    batch.lane.times.waitUntil(nowNs);
  }

  prepare(batch: Batch, nowNs: number, isIdle: boolean): boolean {
    const { role, config, tiers } = this.#setup;
    const { slot, slots, waiting } = this.#state;
    if (tiers !== null) tiers.nowNs = nowNs;
    if (this.#poll.isDue(slot.lastWas)) this.#receive();
    for (const { running } of slots) running.noteFinishing();
    // The real loop leaves the flag of a slot without requests up, which then takes none any more.
    if (role === 'prefill' || (slots.length > 1 && slot.running.size === 0)) slot.isFull = false;
    if (role === 'decode') this.#prebuilt.join(batch.lane, nowNs, isIdle);
    this.#mergeLast();
    return waiting.items.length > 0 && !slot.isFull && slot.running.size < slotRequests(config);
  }

  formPrefill(batch: Batch, nowNs: number, mayAdmit: boolean): boolean {
    return this.#prefill.form(batch, nowNs, mayAdmit);
  }

  formDecode(batch: Batch, nowNs: number): boolean {
    return this.#decode.form(batch, nowNs);
  }

  idle(): void {
    this.#state.ratio.reset();
    this.#poll.spin();
    this.#receive();
  }

  idleAlong(): void {
    this.#state.slot.lastWas = 'other';
  }

  #receive(): void {
    const { waiting, remote } = this.#state;
    const inbox = waiting.takeInbox();
    if (this.#setup.role === 'decode') for (const sequence of inbox) remote.join(sequence);
    else for (const sequence of inbox) waiting.items.push(sequence);
  }

  #mergeLast(): void {
    const { chunked, slot, pages } = this.#state;
    if (chunked !== null && chunked.computed > chunked.inserted) pages.insert(chunked, chunked.computed);
    if (this.#setup.role === 'prefill') slot.lastEnded = null;
    else slot.mergeLast();
  }

  // ---- settling ---------------------------------------------------------------------------------------------------

  settle(batch: Batch, nowNs: number): void {
    const { tiers } = this.#setup;
    const { slots, pages } = this.#state;
    if (tiers !== null) tiers.nowNs = nowNs;
    this.#prebuilt.emit(nowNs);
    if (batch.takesDecodes) slots[batch.lane.index].room.giveBack(batch.lane.set);
    if (!batch.hasChunks && batch.finished.length === 0) return;
    const done = new Set([...batch.ended, ...batch.finished]);
    for (const sequence of [...done].sort((a, b) => a.request - b.request)) {
      if (batch.finished.includes(sequence)) this.#finish(sequence, nowNs);
      else pages.insert(sequence, sequence.prefilled);
    }
  }

  #finish(sequence: Sequence, nowNs: number): void {
    const { config, host, log, role, worker } = this.#setup;
    const { pages, slots } = this.#state;
    const { request, computed, prefilled } = sequence;
    this.#state.admitted -= 1;
    if (role === 'prefill') {
      sequence.stage = STAGE.held;
      pages.insert(sequence, prefilled);
      this.#held.set(request, sequence);
      host.prefilled(worker, request, nowNs);
      return;
    }
    sequence.stage = STAGE.finished;
    if (sequence.lane !== NO_LANE) slots[sequence.lane].running.noteFinished(sequence);
    // The slot of a decode that was formed before this was known counts as filled.
    pages.finish(sequence, config.keepsGenerated ? computed : prefilled);
    log.lastTokenNs[request] = nowNs;
    host.finished(worker, request, nowNs);
  }

  // ---- runs -------------------------------------------------------------------------------------------------------

  steadyPasses({ lane: { set } }: Batch, atMost: number): number {
    const { config, tiers } = this.#setup;
    // With drafts every pass is another.
    if (config.speculation !== null) return 0;
    const { slot, waiting, remote, joined, chunked, pages } = this.#state;
    const { isFull, lastWas } = slot;
    const mayAdmit = !isFull && waiting.items.length > 0;
    if (chunked !== null || mayAdmit) return 0;
    if (!remote.isStill || joined.length > 0) return 0;
    let passes = Math.min(set.passesToChange(), atMost);
    const pollMatters = !isFull || config.pollingInterval > 1;
    if (pollMatters && waiting.hasNews) {
      passes = lastWas === 'other' ? 0 : Math.min(passes, this.#poll.iterationsLeft);
    }
    // Evictions on the way change no batch, but tiers that take what is thrown out have to see when.
    return set.passesWithin(tiers?.takesEvicted ? pages.free - set.count : pages.room, passes);
  }

  formSteady({ lane: { set } }: Batch, passes: number): void {
    // A rank with a dummy polls every time.
    if (set.count === 0) {
      this.#poll.spin();
      return;
    }
    const { ratio, pages } = this.#state;
    this.#poll.pass(passes);
    ratio.decay(passes);
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
