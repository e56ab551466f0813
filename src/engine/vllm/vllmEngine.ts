import type { StepTimer } from '../../timing/stepTimer.ts';
import { AdmissionQueue } from '../admissionQueue.ts';
import { DecodeRun } from '../decodeRun.ts';
import { DecodeSet } from '../decodeSet.ts';
import {
  BATCH_FORMATION,
  type EngineCore,
  type EngineHost,
  type EngineLoad,
  type EngineRole,
  PASS_END,
} from '../engineCore.ts';
import type { EngineSetup } from '../engineSetup.ts';
import type { EngineTotals } from '../engineTotals.ts';
import { Pass } from '../pass.ts';
import type { PassLedger } from '../passLedger.ts';
import { type RequestLog, STATE } from '../requestLog.ts';
import type { RequestTable } from '../requestTable.ts';
import { Sequence, STAGE } from '../sequence.ts';
import { SequencePages } from '../sequencePages.ts';
import type { VllmConfig } from './vllmConfig.ts';

const NEVER = Number.POSITIVE_INFINITY;

/**
 * vLLM's V1 scheduler (scheduler.py at 017e9f4, synchronous, first come first served) with fast-forward: while a batch only
 * decodes and nothing can join or leave it, its passes form a *run* that needs no event. A run still evaluates every
 * pass's duration one by one, so its timestamps are those of `ReferenceEngine`, bit for bit.
 */
export class VllmEngine implements EngineCore {
  nextEventNs = NEVER;
  nextEventKind = BATCH_FORMATION;

  readonly #worker: number;
  readonly #role: EngineRole;
  readonly #config: VllmConfig;
  readonly #timer: StepTimer;
  readonly #table: RequestTable;
  readonly #log: RequestLog;
  readonly #host: EngineHost;
  readonly #ledger: PassLedger;
  readonly #pages: SequencePages;

  readonly #queue = new AdmissionQueue();
  /** In the order of admission; a prompt in progress is last. */
  readonly #running: Sequence[] = [];
  readonly #held = new Map<number, Sequence>();

  readonly #decoding: DecodeSet;
  /** Passes that may follow the one in flight without an event. */
  readonly #run = new DecodeRun();

  /** The pass in flight, or the batch being put together for the next one. */
  readonly #pass: Pass;
  /** The head of the queue cannot be admitted until something leaves: newcomers change nothing. */
  #blocked = false;

  constructor(setup: EngineSetup<VllmConfig>) {
    this.#worker = setup.worker;
    this.#role = setup.role;
    this.#config = setup.config;
    this.#timer = setup.timer;
    this.#table = setup.table;
    this.#log = setup.log;
    this.#host = setup.host;
    this.#ledger = setup.ledger;
    this.#pages = new SequencePages(setup.config, setup.table);
    this.#decoding = new DecodeSet(setup.config.blockTokens, setup.timer.window);
    this.#pass = new Pass(setup.timer);
  }

  get passesInFlight(): number {
    return this.#pass.isFormed && !this.#pass.hasEnded ? 1 : 0;
  }

  admits(inputTokens: number, outputTokens: number): boolean {
    return fits(this.#config, inputTokens, outputTokens);
  }

  enqueue(request: number, nowNs: number): void {
    const outputTokens = this.#role === 'prefill' ? 1 : this.#table.outputTokens[request];
    this.#join(new Sequence(request, this.#table.inputTokens[request], outputTokens, nowNs), nowNs);
  }

  enqueueRemote(request: number, nowNs: number): void {
    const sequence = new Sequence(request, this.#table.inputTokens[request], this.#table.outputTokens[request], nowNs);
    sequence.remote = true;
    this.#join(sequence, nowNs);
  }

  remoteArrived(request: number, nowNs: number): void {
    const sequence = this.#queue.remote(request);
    this.#log.spend(request, STATE.transfer, nowNs - sequence.sinceNs);
    sequence.sinceNs = nowNs;
    sequence.stage = STAGE.loaded;
    this.#interrupt(nowNs);
  }

  releaseHeld(request: number, nowNs: number): void {
    const sequence = this.#held.get(request)!;
    this.#held.delete(request);
    this.#pages.release(sequence);
    this.#interrupt(nowNs);
  }

  cachedTokens(request: number): number {
    return this.#pages.lookup(request, this.#table.inputTokens[request]) * this.#pages.pageTokens;
  }

  readLoad(load: EngineLoad): void {
    load.running = this.#running.length;
    load.waiting = this.#queue.size;
    load.usablePages = this.#pages.usable;
    load.heldPages = this.#pages.usable - this.#pages.free;
    let queued = this.#queue.tokens;
    if (this.#running.length > this.#decoding.count) {
      for (const sequence of this.#running) {
        if (sequence.stage === STAGE.prefilling) queued += sequence.knownTokens - sequence.computed;
      }
    }
    load.queuedPrefillTokens = queued;
  }

  totals(): EngineTotals {
    return this.#ledger.totals(this.#pages.usable, this.#pages.evicted);
  }

  advanceTo(nowNs: number): void {
    const pass = this.#pass;
    let pages = 0;
    while (this.#run.left > 0) {
      if (!pass.hasEnded) {
        if (pass.endNs > nowNs) break;
        pass.settle(this.#ledger, this.#decoding);
        pass.hasEnded = true;
      }
      // The next batch is formed after everything else that happens at this time.
      if (pass.endNs >= nowNs) break;
      pages += this.#decoding.pagesDueAt(this.#decoding.clock);
      pass.continueUntil(this.#run.take(), this.#decoding);
    }
    if (pages > 0) this.#pages.allocate(pages);
  }

  runEvent(): void {
    if (this.nextEventKind === PASS_END) {
      this.advanceTo(this.nextEventNs);
      this.#endPass(this.nextEventNs);
    } else {
      this.#formBatch(this.nextEventNs);
    }
  }

  #join(sequence: Sequence, nowNs: number): void {
    this.#queue.join(sequence);
    if (!this.#blocked) this.#interrupt(nowNs);
  }

  /** Something happened to the worker at `nowNs`: its next batch must be formed anew, after the pass in flight. */
  #interrupt(nowNs: number): void {
    this.#blocked = false;
    if (this.#pass.isFormed) {
      this.advanceTo(nowNs);
      this.#run.cancel();
      if (!this.#pass.hasEnded) {
        this.#expect(this.#pass.endNs, PASS_END);
        return;
      }
      this.#pass.clear();
    }
    this.#expect(nowNs, BATCH_FORMATION);
  }

  #expect(timeNs: number, kind: number): void {
    this.nextEventNs = timeNs;
    this.nextEventKind = kind;
  }

  // ---- forming a batch ------------------------------------------------------------------------------------------

  #formBatch(nowNs: number): void {
    let budget = this.#config.maxBatchedTokens;
    let preempted = false;
    if (this.#running.length > 0) {
      const due = this.#decoding.pagesDueAt(this.#decoding.clock);
      if (due <= this.#pages.free && this.#decoding.contested === 0) this.#pages.allocate(due);
      else preempted = this.#allocateOneByOne(nowNs);
      budget -= this.#decoding.count;
      // A prompt in progress was admitted last and stays last.
      const last = this.#running[this.#running.length - 1];
      if (!preempted && last !== undefined && last.stage === STAGE.prefilling) {
        const tokens = Math.min(last.knownTokens - last.computed, budget);
        if (this.#pages.missing(last, last.computed + tokens) > this.#pages.free) {
          this.#preempt(last, nowNs);
          this.#running.pop();
          preempted = true;
        } else if (tokens > 0) {
          this.#schedule(last, tokens);
          budget -= tokens;
        }
      }
    }
    this.#blocked = false;
    if (!preempted && this.#queue.size > 0) this.#admit(budget, nowNs);
    this.#startPass(nowNs, preempted);
  }

  /**
   * Running sequences in order take their pages and publish what this pass completes; who finds none free evicts the last
   * of the list (vLLM fcfs). Returns whether anyone was evicted.
   */
  #allocateOneByOne(nowNs: number): boolean {
    let preempted = false;
    for (let index = 0; index < this.#running.length; index++) {
      const sequence = this.#running[index];
      if (sequence.stage !== STAGE.decoding) continue;
      const computed = this.#decoding.computedTokens(sequence);
      if (computed % this.#pages.pageTokens === 0) {
        while (this.#pages.free === 0) {
          const victim = this.#running.pop()!;
          this.#preempt(victim, nowNs);
          preempted = true;
          if (victim === sequence) return true;
        }
        this.#pages.allocate(1);
      }
      if (sequence.contested) this.#pages.publish(sequence, computed + 1);
    }
    return preempted;
  }

  /** Takes everything from a running sequence (already out of the list, or about to be) and puts it back at the head of the queue. */
  #preempt(sequence: Sequence, nowNs: number): void {
    if (sequence.stage === STAGE.decoding) {
      this.#stopDecoding(sequence);
      sequence.lastTokenNs = nowNs;
      // It lost the token it was about to compute too: "back where it was" is when the next one comes out.
      sequence.regainTokens = sequence.knownTokens;
    } else if (sequence.evictedNs < 0) {
      sequence.regainTokens = sequence.computed;
    }
    if (sequence.evictedNs < 0) sequence.evictedNs = nowNs;
    this.#pages.release(sequence);
    sequence.stage = STAGE.waiting;
    sequence.remote = false;
    this.#log.preemptions[sequence.request] += 1;
    this.#ledger.preemptions += 1;
    this.#queue.putBack(sequence);
  }

  #admit(tokenBudget: number, nowNs: number): void {
    let budget = tokenBudget;
    // Requests whose remote KV has arrived were queued first and go first; they compute one token, as a decode does.
    for (let loaded = this.#queue.firstLoaded; loaded !== undefined; loaded = this.#queue.firstLoaded) {
      if (this.#running.length >= this.#config.maxSequences || budget === 0) return;
      this.#queue.removeRemote(loaded);
      loaded.computed = loaded.inputTokens - 1;
      this.#pages.publish(loaded, loaded.inputTokens);
      this.#start(loaded, nowNs);
      this.#startDecoding(loaded);
      this.#pass.joining.push(loaded);
      budget -= 1;
    }
    while (this.#queue.isWaiting && budget > 0) {
      if (this.#running.length >= this.#config.maxSequences) break;
      const { head } = this.#queue;
      const admitted = head.remote ? this.#reserve(head, nowNs) : this.#admitLocal(head, budget, nowNs);
      if (admitted < 0) break;
      this.#queue.removeHead();
      budget -= admitted;
    }
    this.#blocked = this.#queue.isWaiting;
  }

  /** Admits the head of the queue with as many tokens as the budget has; returns them, or -1 if it must wait. */
  #admitLocal(sequence: Sequence, budget: number, nowNs: number): number {
    const known = sequence.knownTokens;
    const hit = this.#pages.lookup(sequence.request, known);
    let tokens = known - hit * this.#pages.pageTokens;
    if (tokens > budget) {
      if (!this.#config.chunkedPrefill) return -1;
      tokens = budget;
    }
    // The whole known sequence must fit (vLLM's full-ISL gate), which covers the first chunk too.
    if (!this.#pages.fits(sequence.request, hit, known)) return -1;
    this.#take(sequence, hit, known);
    this.#start(sequence, nowNs);
    this.#schedule(sequence, tokens);
    return tokens;
  }

  /** Reserves pages for a remote prompt; returns 0 tokens, or -1 if it must wait. */
  #reserve(sequence: Sequence, nowNs: number): number {
    const { request, inputTokens } = sequence;
    const hit = this.#pages.lookup(request, inputTokens);
    if (!this.#pages.fits(request, hit, inputTokens)) return -1;
    this.#take(sequence, hit, inputTokens);
    this.#pages.grow(sequence, this.#pages.missing(sequence, inputTokens));
    sequence.stage = STAGE.loading;
    this.#log.spend(request, STATE.admissionQueue, nowNs - sequence.sinceNs);
    sequence.sinceNs = nowNs;
    this.#queue.awaitRemote(sequence);
    this.#host.reserved(this.#worker, request, inputTokens - sequence.computed, nowNs);
    return 0;
  }

  #take(sequence: Sequence, hit: number, known: number): void {
    this.#pages.take(sequence, hit);
    this.#ledger.lookupTokens += known;
    this.#ledger.hitTokens += sequence.computed;
    if (this.#log.scheduledNs[sequence.request] < 0) this.#log.reusedTokens[sequence.request] = sequence.computed;
  }

  /** A queued sequence joins the running list. */
  #start(sequence: Sequence, nowNs: number): void {
    const { request } = sequence;
    if (sequence.evictedNs < 0) this.#log.spend(request, STATE.admissionQueue, nowNs - sequence.sinceNs);
    if (this.#log.scheduledNs[request] < 0) this.#log.scheduledNs[request] = nowNs;
    sequence.stage = STAGE.prefilling;
    this.#running.push(sequence);
  }

  /** Puts a chunk of a prefilling sequence, whose pages are free, into the batch. */
  #schedule(sequence: Sequence, tokens: number): void {
    const end = sequence.computed + tokens;
    this.#pages.grow(sequence, this.#pages.missing(sequence, end));
    sequence.chunkTokens = tokens;
    this.#pass.chunks.push(sequence);
    // Published at schedule time: a later request of the same batch already finds these pages.
    this.#pages.publish(sequence, end);
  }

  // ---- passes -----------------------------------------------------------------------------------------------------

  #startPass(nowNs: number, preempted: boolean): void {
    const pass = this.#pass;
    const decoding = this.#decoding;
    if (decoding.count === 0 && pass.chunks.length === 0) {
      // After a preemption the queue was not looked at; otherwise only news can help.
      this.#expect(preempted ? nowNs : NEVER, BATCH_FORMATION);
      return;
    }
    if (decoding.count > 0) decoding.measureWindow(this.#running);
    pass.begin(nowNs, decoding);
    if (pass.isPlainDecode && !preempted) this.#planRun();
    else this.#expect(pass.endNs, PASS_END);
  }

  /**
   * Plans the passes that may follow the one in flight before anything changes: until someone finishes, reaches the
   * window, or would not find a page.
   */
  #planRun(): void {
    const set = this.#decoding;
    const passes = set.contested > 0 ? 0 : set.passesToChange(this.#running);
    const endNs = this.#run.plan(set, this.#timer, passes, this.#pages.free, this.#pass.endNs);
    this.#expect(endNs, PASS_END);
  }

  #endPass(nowNs: number): void {
    const pass = this.#pass;
    pass.settle(this.#ledger, this.#decoding);
    for (const sequence of pass.joining) {
      this.#decoding.markFirstToken(sequence, this.#log);
      this.#log.firstTokenNs[sequence.request] = nowNs;
    }
    const durationNs = nowNs - pass.startNs;
    let left = 0;
    const running = this.#running;
    const count = running.length;
    for (let index = 0; index < count; index++) {
      const sequence = running[index];
      const stays =
        sequence.stage === STAGE.decoding
          ? !this.#finishDecoder(sequence, nowNs)
          : this.#endChunk(sequence, durationNs, nowNs);
      if (stays) running[left++] = sequence;
    }
    if (left < count) running.length = left;
    pass.clear();
    const idle = running.length === 0 && this.#queue.size === 0;
    this.#expect(idle ? NEVER : nowNs, BATCH_FORMATION);
  }

  #finishDecoder(sequence: Sequence, nowNs: number): boolean {
    if (sequence.finishClock !== this.#decoding.clock) return false;
    this.#stopDecoding(sequence);
    this.#finish(sequence, nowNs);
    return true;
  }

  /** A prefilling sequence at the end of a pass; returns whether it keeps running. */
  #endChunk(sequence: Sequence, durationNs: number, nowNs: number): boolean {
    const { request } = sequence;
    if (sequence.evictedNs < 0) {
      const ownNs = Math.min(sequence.chunkAloneNs, durationNs);
      this.#log.spend(request, STATE.prefill, ownNs);
      this.#log.spend(request, STATE.prefillInterference, durationNs - ownNs);
    } else if (sequence.computed >= sequence.regainTokens) {
      this.#log.spend(request, STATE.preemption, nowNs - sequence.evictedNs);
      sequence.evictedNs = -1;
    }
    sequence.chunkTokens = 0;
    if (sequence.computed < sequence.knownTokens) return true;
    this.#emit(sequence, nowNs);
    if (sequence.generated < sequence.outputTokens) {
      this.#startDecoding(sequence);
      return true;
    }
    this.#finish(sequence, nowNs);
    return false;
  }

  /** The token that ends a (re-)computed context comes out. */
  #emit(sequence: Sequence, nowNs: number): void {
    const { request } = sequence;
    if (sequence.generated > 0) {
      const gapNs = nowNs - sequence.lastTokenNs;
      this.#ledger.gaps.add(gapNs, 1);
      this.#log.maxGapNs[request] = Math.max(this.#log.maxGapNs[request], gapNs);
    } else if (this.#role !== 'prefill') {
      this.#log.firstTokenNs[request] = nowNs;
    }
    sequence.generated += 1;
  }

  #startDecoding(sequence: Sequence): void {
    const contested = this.#config.prefixCaching && this.#table.contestedText[sequence.request] === 1;
    this.#decoding.add(sequence, contested);
  }

  #stopDecoding(sequence: Sequence): void {
    this.#decoding.remove(sequence, this.#log);
    this.#pages.publish(sequence, sequence.computed);
  }

  #finish(sequence: Sequence, nowNs: number): void {
    if (this.#role === 'prefill') {
      sequence.stage = STAGE.held;
      this.#held.set(sequence.request, sequence);
      this.#host.prefilled(this.#worker, sequence.request, nowNs);
      return;
    }
    this.#pages.release(sequence);
    this.#log.lastTokenNs[sequence.request] = nowNs;
    this.#host.finished(this.#worker, sequence.request, nowNs);
  }
}

/** Whether an engine could ever serve the request: inside the context, and its KV inside the pool. */
export function fits(config: VllmConfig, inputTokens: number, outputTokens: number): boolean {
  const tokens = inputTokens + outputTokens;
  if (tokens > config.contextLength) return false;
  if (Math.ceil(tokens / config.blockTokens) > config.blocks - 1) return false;
  // Without chunking a (re-)computed context must fit one pass.
  return config.chunkedPrefill || tokens <= config.maxBatchedTokens;
}
