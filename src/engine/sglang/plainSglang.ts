import { PassShape } from '../../timing/passShape.ts';
import { BATCH_FORMATION, type EngineCore, type EngineLoad, PASS_END } from '../engineCore.ts';
import type { EngineSetup } from '../engineSetup.ts';
import type { EngineTotals } from '../engineTotals.ts';
import { stageEnds } from '../plain/stageEnds.ts';
import type { PlainBatch } from './plainJob.ts';
import { PlainRank } from './plainRank.ts';
import { PrefillDelayer } from './prefillDelayer.ts';
import { serves } from './requestLimits.ts';
import { batchesInFlight, type SglangConfig } from './sglangConfig.ts';

const NEVER = Number.POSITIVE_INFINITY;

/** One turn of all ranks: what each runs (null: a dummy), and when. */
interface Step {
  readonly batches: readonly (PlainBatch | null)[];
  /** With pipeline stages: of which slot the batches are. */
  readonly slot: number;
  startNs: number;
  endNs: number;
  bound: number;
  decodeNs: number[];
  durationNs: number;
  stallNs: number;
}

/**
 * SGLang's event loop around the ranks' schedulers, one event per pass: the slow statement of what the fast core does. With
 * overlap the next batch is formed when the one before starts on the GPU, knowing the results of those before that one.
 */
export class PlainSglang implements EngineCore {
  nextEventNs = NEVER;
  nextEventKind = BATCH_FORMATION;
  readonly #setup: EngineSetup<SglangConfig>;
  readonly #ranks: PlainRank[];
  /** The step on the GPU, and the one queued behind it; with pipeline stages those on any of them. */
  readonly #flight: Step[] = [];
  /** When each stage is done with the step launched last, and when the step settled last ended. */
  #doneNs: readonly number[] = [];
  #settledNs = 0;
  /** The slot whose turn it is. */
  #slot = 0;
  readonly #delayer: PrefillDelayer;
  /** Requests go to the ranks in turn. */
  #turn = 0;

  constructor(setup: EngineSetup<SglangConfig>) {
    this.#setup = setup;
    const { attentionDataRanks, prefillDelayPasses } = setup.config;
    this.#delayer = new PrefillDelayer(prefillDelayPasses);
    this.#ranks = Array.from({ length: attentionDataRanks }, (_, rank) => new PlainRank(setup, rank));
  }

  get passesInFlight(): number {
    return this.#flight.length;
  }

  admits(inputTokens: number, outputTokens: number): boolean {
    return serves(this.#setup.config, this.#setup.role, inputTokens, outputTokens);
  }

  advanceTo(): void {
    // Every pass is an event: there is nothing private to catch up with.
  }

  enqueue(request: number, nowNs: number): void {
    this.#ranks[this.#turn].receive(request, nowNs);
    this.#turn = (this.#turn + 1) % this.#ranks.length;
    if (this.nextEventNs === NEVER) this.#expect(nowNs, BATCH_FORMATION);
  }

  enqueueRemote(request: number, nowNs: number): void {
    this.enqueue(request, nowNs);
  }

  remoteArrived(request: number, nowNs: number): void {
    for (const rank of this.#ranks) rank.remoteArrived(request, nowNs);
    if (this.nextEventNs === NEVER) this.#expect(nowNs, BATCH_FORMATION);
  }

  releaseHeld(request: number, nowNs: number): void {
    if (this.#setup.tiers !== null) this.#setup.tiers.nowNs = nowNs;
    for (const rank of this.#ranks) rank.releaseHeld(request);
    if (this.nextEventNs === NEVER) this.#expect(nowNs, BATCH_FORMATION);
  }

  cancel(request: number, nowNs: number): number {
    let tokens = 0;
    for (const rank of this.#ranks) tokens += rank.cancel(request, nowNs);
    if (this.nextEventNs === NEVER) this.#expect(nowNs, BATCH_FORMATION);
    return tokens;
  }

  retimed(): void {
    // Each pass is timed when it is formed.
  }

  cachedTokens(request: number): number {
    const { config, table } = this.#setup;
    if (!config.prefixCaching) return 0;
    return this.#ranks[this.#turn].pool.cachedTokens(request, table.inputTokens[request]);
  }

  readLoad(load: EngineLoad): void {
    load.running = 0;
    load.waiting = 0;
    load.queuedPrefillTokens = 0;
    load.heldPages = 0;
    load.usablePages = this.#setup.config.blocks * this.#ranks.length;
    for (const { admitted, waiting, queuedTokens, pool } of this.#ranks) {
      load.running += admitted.size;
      load.waiting += waiting;
      load.heldPages += pool.heldPages;
      load.queuedPrefillTokens += queuedTokens;
    }
  }

  totals(): EngineTotals {
    const { config, ledger } = this.#setup;
    const evicted = this.#ranks.reduce((sum, { pool }) => sum + pool.tree.evictedPages, 0);
    return ledger.totals(config.blocks * this.#ranks.length, evicted);
  }

  runEvent(): void {
    if (this.nextEventKind === PASS_END) this.#endPass(this.nextEventNs);
    else this.#form(this.nextEventNs);
  }

  #expect(timeNs: number, kind: number): void {
    this.nextEventNs = timeNs;
    this.nextEventKind = kind;
  }

  // ---- the loop ---------------------------------------------------------------------------------------------------

  /** Batches are formed while there is room behind the one on the GPU. */
  #form(nowNs: number): void {
    while (this.#flight.length < batchesInFlight(this.#setup.config) && this.#formStep(nowNs)) {}
    if (this.#flight.length > 0) this.#expect(this.#flight[0].endNs, PASS_END);
    else this.#expect(NEVER, BATCH_FORMATION);
  }

  #formStep(nowNs: number): boolean {
    const isIdle = this.#flight.length === 0;
    let step = this.#goRound(nowNs, isIdle);
    // With nothing to do the loop turns at once: until it has polled, and until no rank is waited for.
    const { prefillDelayPasses } = this.#setup.config;
    for (let turn = 0; turn <= prefillDelayPasses && isIdle && step === null; turn++) {
      for (const rank of this.#ranks) rank.idle();
      step = this.#goRound(nowNs, isIdle);
    }
    if (step === null) return false;
    for (const [index, rank] of this.#ranks.entries()) if (step.batches[index] === null) rank.idleAlong();
    this.#time(step);
    this.#launch(step, nowNs);
    this.#flight.push(step);
    return true;
  }

  /** One turn for each slot, until there is something to run or the results of the slot's last batch are waited for. */
  #goRound(nowNs: number, isIdle: boolean): Step | null {
    const { pipelineStages } = this.#setup.config;
    for (let turn = 0; turn < pipelineStages; turn++) {
      const slot = this.#slot;
      if (pipelineStages > 1 && this.#flight.some((step) => step.slot === slot)) return null;
      for (const rank of this.#ranks) rank.turnTo(slot);
      const batches = this.#turnRanks(nowNs, isIdle);
      this.#slot = (slot + 1) % pipelineStages;
      if (batches.some((batch) => batch !== null))
        return { batches, slot, startNs: 0, endNs: 0, stallNs: 0, bound: 0, decodeNs: [], durationNs: 0 };
    }
    return null;
  }

  #turnRanks(nowNs: number, isIdle: boolean): (PlainBatch | null)[] {
    const ready = this.#ranks.map((rank) => rank.prepare(nowNs, isIdle));
    const mayAdmit = this.#delayer.allows(ready);
    const prefills = this.#ranks.map((rank) => rank.formPrefill(nowNs, mayAdmit));
    // With drafts a step is all prefills or all decodes.
    const isOneKind = this.#setup.config.speculation !== null;
    if (isOneKind && prefills.some((batch) => batch !== null)) return prefills;
    return this.#ranks.map((rank, index) => prefills[index] ?? rank.formDecode(nowNs));
  }

  #endPass(nowNs: number): void {
    const step = this.#flight.shift()!;
    this.#bookStep(step);
    for (const [index, rank] of this.#ranks.entries()) {
      rank.settle(step.batches[index], { endNs: nowNs, decodeNs: step.decodeNs[index], stallNs: step.stallNs });
    }
    this.#expect(nowNs, BATCH_FORMATION);
  }

  #bookStep({ batches, startNs, endNs, bound }: Step): void {
    const { ledger } = this.#setup;
    const isPrefill = batches.some((batch) => batch?.isPrefill);
    const busyNs = endNs - Math.max(startNs, this.#settledNs);
    this.#settledNs = endNs;
    ledger.passes += 1;
    ledger.busyNs += busyNs;
    ledger.lastNs = busyNs;
    const parts = batches.flatMap((batch) => batch?.parts ?? []);
    ledger.lastDecodes = parts.filter(({ kind }) => kind === 'decode').length;
    ledger.lastPrefillTokens = parts.reduce((sum, { kind, tokens }) => sum + (kind === 'chunk' ? tokens : 0), 0);
    for (const batch of batches) ledger.batchSum += batch?.parts.length ?? 0;
    (isPrefill ? ledger.prefillBoundNs : ledger.decodeBoundNs)[bound] += busyNs;
  }

  // ---- time -------------------------------------------------------------------------------------------------------

  /** Each stage takes an equal part, after the stage before, and after the step before; KV from the tiers may come later. */
  #launch(step: Step, nowNs: number): void {
    const { durationNs, batches } = step;
    const loadedNs = Math.max(...batches.map((batch) => batch?.loadedNs ?? 0));
    step.startNs = Math.max(nowNs, this.#doneNs[0] ?? 0);
    step.stallNs = Math.max(0, loadedNs - step.startNs - durationNs);
    this.#doneNs = stageEnds(durationNs + step.stallNs, nowNs, this.#doneNs, this.#setup.config.pipelineStages);
    step.endNs = this.#doneNs.at(-1)!;
  }

  /** A step lasts as long as its slowest rank. */
  #time(step: Step): void {
    const { timer } = this.#setup;
    const anyPrefill = step.batches.some((batch) => batch?.isPrefill);
    for (const batch of step.batches) {
      if (batch === null) {
        step.decodeNs.push(0);
        continue;
      }
      const shape = this.#shapeOf(batch, step);
      shape.eager = !batch.isPrefill && anyPrefill;
      const durationNs = timer.passNs(shape);
      if (durationNs > step.durationNs) {
        step.durationNs = durationNs;
        step.bound = timer.boundOf(shape);
      }
      this.#timeParts(batch, durationNs, step);
    }
  }

  #timeParts(batch: PlainBatch, durationNs: number, step: Step): void {
    const { timer } = this.#setup;
    const decodes = { parts: batch.parts.filter(({ kind }) => kind === 'decode'), isPrefill: false, loadedNs: 0 };
    const decodeNs = decodes.parts.length > 0 ? timer.passNs(this.#shapeOf(decodes, step)) : 0;
    step.decodeNs.push(Math.min(decodeNs, durationNs));
    for (const part of batch.parts) {
      if (part.kind === 'chunk')
        part.aloneNs = timer.passNs(this.#shapeOf({ parts: [part], isPrefill: true, loadedNs: 0 }, step));
    }
  }

  #shapeOf({ parts }: PlainBatch, step: Step): PassShape {
    const { timer } = this.#setup;
    const shape = new PassShape(timer.window);
    const contexts = parts.filter(({ kind }) => kind === 'decode').map(({ prefix }) => prefix + 1);
    if (contexts.length > 0) {
      const windowed = timer.window > 0 ? sum(contexts.map((tokens) => Math.min(tokens, timer.window))) : 0;
      const computed = parts.map(({ kind, tokens }) => (kind === 'decode' ? tokens : 0));
      shape.setDecodes(contexts.length, sum(contexts), windowed, sum(computed));
    }
    for (const { kind, prefix, tokens, completes } of parts) {
      if (kind === 'chunk') shape.addChunk(prefix, tokens, completes);
    }
    if (this.#ranks.length > 1) {
      shape.groupTokens = sum(step.batches.flatMap((batch) => batch?.parts.map(({ tokens }) => tokens) ?? []));
    }
    return shape;
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
