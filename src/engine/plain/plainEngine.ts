import { PassShape } from '../../timing/passShape.ts';
import type { BoundIndex } from '../../timing/stepTimer.ts';
import { BATCH_FORMATION, type EngineCore, type EngineLoad, PASS_END } from '../engineCore.ts';
import type { EngineSetup } from '../engineSetup.ts';
import type { EngineTotals } from '../engineTotals.ts';
import { fewestWaiting, type RankRule } from '../rankRule.ts';
import { Ranks } from '../ranks.ts';
import { STATE } from '../requestLog.ts';
import { Job, type Share } from './job.ts';
import type { PlainGroup } from './plainGroup.ts';
import type { PlainScheduler } from './plainScheduler.ts';
import { stageEnds } from './stageEnds.ts';

const NEVER = Number.POSITIVE_INFINITY;

interface Pass {
  /** By attention-DP rank. */
  readonly shares: readonly (readonly Share[])[];
  readonly startNs: number;
  /** How long it only waits for KV to come up. */
  readonly stallNs: number;
  readonly endNs: number;
  /** By rank: how long its decodes would take. */
  readonly decodeNs: readonly number[];
  readonly bound: BoundIndex;
}

/**
 * The slow statement of what `EngineDriver` does: one event per pass, every sum taken afresh over the jobs in it. It exists to
 * be obviously right, and the fast driver must agree with it on every timestamp.
 */
export class PlainEngine implements EngineCore {
  nextEventNs = NEVER;
  nextEventKind = BATCH_FORMATION;
  readonly #setup: EngineSetup;
  readonly #ranks: Ranks<PlainScheduler>;
  /** null: ranks form their batches each for itself. */
  readonly #group: PlainGroup | null;
  readonly #depth: number;
  /** Passes in flight, oldest first. */
  #passes: Pass[] = [];
  #settledNs = 0;
  /** When each stage is done with the pass launched last. */
  #doneNs: readonly number[] = [];

  constructor(
    setup: EngineSetup,
    depth: number,
    createScheduler: () => PlainScheduler,
    rule: RankRule = fewestWaiting,
    group: PlainGroup | null = null,
  ) {
    this.#group = group;
    this.#setup = setup;
    this.#depth = depth;
    const { attentionDataRanks } = setup.config;
    this.#ranks = new Ranks(Array.from({ length: attentionDataRanks }, createScheduler), rule);
  }

  get passesInFlight(): number {
    return this.#passes.length;
  }

  admits(inputTokens: number, outputTokens: number): boolean {
    return this.#ranks.all[0].admits(inputTokens, outputTokens);
  }

  advanceTo(): void {
    // Every pass is an event: there is nothing private to catch up with.
  }

  enqueue(request: number, nowNs: number): void {
    const { role, table } = this.#setup;
    this.#join(this.#job(request, role === 'prefill' ? 1 : table.outputTokens[request], nowNs));
  }

  enqueueRemote(request: number, nowNs: number): void {
    const job = this.#job(request, this.#setup.table.outputTokens[request], nowNs);
    job.remote = true;
    this.#join(job);
  }

  #job(request: number, outputTokens: number, nowNs: number): Job {
    const { log, role, table } = this.#setup;
    const job = new Job(request, table.inputTokens[request], outputTokens, table.priorities?.[request] ?? 0, nowNs);
    if (role !== 'prefill') job.lastTokenNs = log.lastTokenNs[request];
    return job;
  }

  #join(job: Job): void {
    this.#ranks.take(job.request).enqueue(job);
    this.#wake(job.arrivalNs);
  }

  remoteArrived(request: number, nowNs: number): void {
    this.#ranks.of(request).remoteArrived(request, nowNs);
    this.#wake(nowNs);
  }

  releaseHeld(request: number, nowNs: number): void {
    this.#ranks.of(request).releaseHeld(request);
    this.#wake(nowNs);
  }

  cancel(request: number, nowNs: number): number {
    const job = this.#ranks.of(request).cancel(request, nowNs);
    this.#wake(nowNs);
    for (const { shares } of this.#passes)
      for (const share of shares.flat()) if (share.job === job) share.fate = 'void';
    if (job === null || this.#setup.role === 'prefill') return 0;
    this.#setup.log.lastTokenNs[request] = job.lastTokenNs;
    return job.generated;
  }

  retimed(): void {
    // Each pass is timed when it is formed.
  }

  cachedTokens(request: number): number {
    return this.#ranks.next.cachedTokens(request);
  }

  readLoad(load: EngineLoad): void {
    Object.assign(load, { running: 0, waiting: 0, queuedPrefillTokens: 0, heldPages: 0, usablePages: 0 });
    for (const rank of this.#ranks.all) rank.addLoad(load);
  }

  totals(): EngineTotals {
    return this.#setup.ledger.totals(this.#ranks.usablePages, this.#ranks.evictedPages);
  }

  runEvent(): void {
    const nowNs = this.nextEventNs;
    if (this.nextEventKind === PASS_END) {
      this.#settle(this.#passes.shift()!, nowNs);
      this.#expect(nowNs, BATCH_FORMATION);
      return;
    }
    while (this.#passes.length < this.#depth) {
      const ranks = this.#ranks.all;
      const inFlight = ranks.map((_, rank) => this.#passes.map((pass) => pass.shares[rank]));
      const shares = this.#group?.form(inFlight, nowNs) ?? ranks.map((one, rank) => one.form(inFlight[rank], nowNs));
      if (shares.every((ofRank) => ofRank.length === 0)) break;
      this.#passes.push(this.#launch(shares, nowNs));
    }
    if (this.#passes.length > 0) this.#expect(this.#passes[0].endNs, PASS_END);
    else this.#expect(NEVER, BATCH_FORMATION);
  }

  #expect(timeNs: number, kind: number): void {
    this.nextEventNs = timeNs;
    this.nextEventKind = kind;
  }

  /** With a pass in flight, the next occasion to form a batch is its end. */
  #wake(nowNs: number): void {
    if (this.#passes.length === 0) this.#expect(nowNs, BATCH_FORMATION);
  }

  /** A pass lasts as long as its slowest rank; the others wait, those without a batch of their own on a dummy. */
  #launch(shares: readonly (readonly Share[])[], nowNs: number): Pass {
    const { timer } = this.#setup;
    const prefills = shares.flat().some(({ decodes }) => !decodes);
    const groupTokens = shares.length > 1 ? sum(shares.flat().map(({ tokens }) => tokens)) : 0;
    const timed = shares.map((ofRank) => {
      const shape = this.#shapeOf(ofRank, groupTokens);
      const onlyDecodes = ofRank.filter(({ decodes }) => decodes);
      const decodeNs = onlyDecodes.length > 0 ? timer.passNs(this.#shapeOf(onlyDecodes, groupTokens)) : 0;
      for (const share of ofRank) if (!share.decodes) share.aloneNs = timer.passNs(this.#shapeOf([share], groupTokens));
      shape.eager = shares.length > 1 && prefills && onlyDecodes.length === ofRank.length;
      const durationNs = ofRank.length > 0 ? timer.passNs(shape) : 0;
      return { shape, durationNs, decodeNs: Math.min(decodeNs, durationNs) };
    });
    const slowest = timed.reduce((most, rank) => (rank.durationNs > most.durationNs ? rank : most));
    const startNs = Math.max(nowNs, this.#doneNs[0] ?? 0);
    const loadedNs = Math.max(...this.#ranks.all.map((rank) => rank.loadedNs ?? 0));
    const stallNs = Math.max(0, loadedNs - startNs);
    const { pipelineStages } = this.#setup.config;
    this.#doneNs = stageEnds(slowest.durationNs, Math.max(nowNs, loadedNs), this.#doneNs, pipelineStages);
    return {
      shares,
      startNs,
      stallNs,
      endNs: this.#doneNs.at(-1)!,
      decodeNs: timed.map(({ decodeNs }) => decodeNs),
      bound: timer.boundOf(slowest.shape),
    };
  }

  #shapeOf(shares: readonly Share[], groupTokens: number): PassShape {
    const { timer } = this.#setup;
    const shape = new PassShape(timer.window);
    const contexts = shares.filter((share) => share.decodes).map((share) => share.before + 1);
    const windowed = timer.window > 0 ? sum(contexts.map((tokens) => Math.min(tokens, timer.window))) : 0;
    const decodeTokens = sum(shares.map(({ decodes, tokens }) => (decodes ? tokens : 0)));
    if (contexts.length > 0) shape.setDecodes(contexts.length, sum(contexts), windowed, decodeTokens);
    for (const { before, tokens, decodes, completes } of shares)
      if (!decodes) shape.addChunk(before, tokens, completes);
    shape.groupTokens = groupTokens;
    return shape;
  }

  #settle(pass: Pass, nowNs: number): void {
    const { ledger } = this.#setup;
    const busyNs = nowNs - Math.max(pass.startNs, this.#settledNs);
    this.#settledNs = nowNs;
    ledger.passes += 1;
    ledger.busyNs += busyNs;
    ledger.lastNs = busyNs;
    const all = pass.shares.flat();
    ledger.lastDecodes = all.filter(({ decodes }) => decodes).length;
    ledger.lastPrefillTokens = sum(all.map(({ decodes, tokens }) => (decodes ? 0 : tokens)));
    ledger.batchSum += all.length;
    const chunked = all.some(({ decodes }) => !decodes);
    (chunked ? ledger.prefillBoundNs : ledger.decodeBoundNs)[pass.bound] += busyNs;
    for (const [rank, shares] of pass.shares.entries()) {
      for (const share of shares) {
        if (share.drafts > 0) {
          ledger.draftedDecodes += 1;
          ledger.acceptedDrafts += share.yields - 1;
        }
        if (share.fate === 'void') continue;
        this.#account(share, pass.decodeNs[rank], pass.stallNs, nowNs);
        if (share.completes) this.#emit(share, nowNs);
      }
      this.#ranks.all[rank].settle(shares, nowNs);
    }
  }

  /** Says where the job's time since it was last said went. */
  #account(share: Share, decodeNs: number, stallNs: number, nowNs: number): void {
    const { log } = this.#setup;
    const { job, decodes, before, tokens, completes, aloneNs } = share;
    const { request } = job;
    const elapsedNs = nowNs - job.accountedNs;
    if (share.fate === 'late') {
      if (!completes) return;
      if (job.evictedNs >= 0) {
        log.spend(request, STATE.preemption, nowNs - job.evictedNs);
        job.evictedNs = nowNs;
      } else {
        log.spend(request, STATE.decodeInterference, elapsedNs);
      }
    } else if (decodes) {
      const ownNs = Math.min(decodeNs, elapsedNs);
      log.spend(request, STATE.decode, ownNs);
      log.spend(request, STATE.decodeInterference, elapsedNs - ownNs);
    } else if (job.evictedNs < 0) {
      const ownNs = Math.min(aloneNs, elapsedNs);
      const stalledNs = Math.min(stallNs, elapsedNs - ownNs);
      log.spend(request, STATE.prefill, ownNs);
      log.spend(request, STATE.onboarding, stalledNs);
      log.spend(request, STATE.prefillInterference, elapsedNs - ownNs - stalledNs);
    } else if (before + tokens >= job.regain) {
      log.spend(request, STATE.preemption, nowNs - job.evictedNs);
      job.evictedNs = -1;
    }
    job.accountedNs = nowNs;
    if (completes && share.fate === 'due') job.countsAsDecode = true;
  }

  /** Tokens of one pass reach the client together: one gap. */
  #emit({ job, fate, yields, rejects }: Share, nowNs: number): void {
    const { log, ledger, role } = this.#setup;
    if (job.lastTokenNs < 0) {
      if (role !== 'prefill') log.firstTokenNs[job.request] = nowNs;
    } else {
      const gapNs = nowNs - job.lastTokenNs;
      ledger.gaps.add(gapNs, 1);
      log.maxGapNs[job.request] = Math.max(log.maxGapNs[job.request], gapNs);
    }
    job.lastTokenNs = nowNs;
    job.generated += yields;
    if (fate === 'late') {
      job.stale -= yields;
      return;
    }
    job.placeholders -= yields;
    job.optimism -= rejects;
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
