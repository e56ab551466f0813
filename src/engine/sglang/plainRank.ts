import type { EngineSetup } from '../engineSetup.ts';
import { STATE } from '../requestLog.ts';
import { PlainDecode } from './plainDecode.ts';
import { isAlive, type PlainBatch, PlainJob } from './plainJob.ts';
import type { PlainPool } from './plainPool.ts';
import { PlainPrebuilt } from './plainPrebuilt.ts';
import { PlainPrefill } from './plainPrefill.ts';
import { type PassTimes, PlainResults } from './plainResults.ts';
import { PlainState } from './plainState.ts';
import { Poll } from './poll.ts';
import { mostNewTokens } from './requestLimits.ts';
import { type SglangConfig, slotRequests } from './sglangConfig.ts';

/**
 * The decisions of one scheduler process (scheduler.py at 5c8bd8b51), written to be obviously right: jobs in lists, sums
 * taken afresh. Batches are formed and settled in the same order; with overlap one is formed before the last is settled.
 */
export class PlainRank {
  readonly #state: PlainState;
  readonly #poll: Poll;
  readonly #prefill: PlainPrefill;
  readonly #decode: PlainDecode;
  readonly #prebuilt: PlainPrebuilt;
  readonly #results: PlainResults;

  constructor(setup: EngineSetup<SglangConfig>, rank: number) {
    this.#state = new PlainState(setup);
    this.#poll = new Poll(setup.config.pollingInterval);
    this.#decode = new PlainDecode(this.#state);
    this.#prefill = new PlainPrefill(this.#state, this.#decode, rank);
    this.#results = new PlainResults(this.#state);
    this.#prebuilt = new PlainPrebuilt(this.#state, (job, nowNs) => this.#results.finish(job, nowNs));
  }

  get pool(): PlainPool {
    return this.#state.pool;
  }

  /** Admitted and not finished. */
  get admitted(): ReadonlySet<PlainJob> {
    return this.#state.admitted;
  }

  /** It is the turn of the slot of that number. */
  turnTo(slot: number): void {
    this.#state.slot = this.#state.slots[slot];
  }

  /** Known tokens that are not scheduled yet. */
  get queuedTokens(): number {
    let tokens = this.#state.chunked === null ? 0 : this.#state.chunked.knownTokens - this.#state.chunked.slots;
    for (const job of [...this.#state.inbox, ...this.#state.waiting]) tokens += job.knownTokens;
    return tokens;
  }

  get waiting(): number {
    return this.#state.inbox.length + this.#state.waiting.length + this.#state.remote.size;
  }

  receive(request: number, nowNs: number): void {
    const { table, config, log, role } = this.#state.setup;
    const inputTokens = table.inputTokens[request];
    const asked = role === 'prefill' ? 1 : table.maxOutputTokens[request];
    const output = role === 'prefill' ? 1 : table.outputTokens[request];
    const most = Math.min(asked, mostNewTokens(config, role, inputTokens));
    const lastTokenNs = role === 'prefill' ? -1 : log.lastTokenNs[request];
    this.#state.inbox.push(new PlainJob(request, inputTokens, output, most, lastTokenNs, nowNs));
  }

  /** Prefill worker: the KV has been fetched. */
  releaseHeld(request: number): void {
    const job = this.#state.held.get(request);
    if (job === undefined) return;
    this.#state.held.delete(request);
    this.#state.pool.finish(job, job.prefilled);
  }

  /** The request is given up, if it is here: it leaves all lists and lets its pages go. Returns how many tokens came out here. */
  cancel(request: number, nowNs: number): number {
    this.releaseHeld(request);
    const isIt = (job: PlainJob): boolean => job.request === request;
    const remote = this.#state.remote.remove(request)?.item;
    const job = remote ?? [...this.#state.inbox, ...this.#state.waiting, ...this.#state.admitted].find(isIt);
    if (job === undefined) return 0;
    const countsAsDecode = job.generated > 0 && job.evictedNs < 0 && !this.#state.joined.includes(job);
    if (this.#state.admitted.has(job) && countsAsDecode) {
      this.#state.setup.log.spend(request, STATE.decodeInterference, nowNs - job.accountedNs);
    }
    job.isFinished = true;
    for (const slot of this.#state.slots) slot.isFull = false;
    if (this.#state.chunked === job) this.#state.chunked = null;
    const isAnother = (other: PlainJob): boolean => other !== job;
    this.#state.inbox = this.#state.inbox.filter(isAnother);
    this.#state.waiting = this.#state.waiting.filter(isAnother);
    for (const slot of this.#state.slots) slot.running = slot.running.filter(isAnother);
    this.#state.joined = this.#state.joined.filter(isAnother);
    this.#state.admitted.delete(job);
    if (job.node !== null) this.#state.pool.drop(job);
    if (this.#state.setup.role === 'prefill') return 0;
    this.#state.setup.log.lastTokenNs[request] = job.lastTokenNs;
    return job.generated - (job.owesToken ? 1 : 0);
  }

  /** Decode worker: the KV has arrived. */
  remoteArrived(request: number, nowNs: number): void {
    const job = this.#state.remote.arrive(request);
    if (job === undefined) return;
    job.accountedNs = nowNs;
  }

  // ---- forming ----------------------------------------------------------------------------------------------------

  /** The first half of a turn; `isIdle`: nothing is in flight. Returns whether waiting prompts may be tried. */
  prepare(nowNs: number, isIdle: boolean): boolean {
    const { role, tiers } = this.#state.setup;
    if (tiers !== null) tiers.nowNs = nowNs;
    if (this.#poll.isDue(this.#state.slot.lastWas)) this.#takeInbox();
    const isVacant = this.#state.slots.length > 1 && this.#state.slot.running.length === 0;
    if (role === 'prefill' || isVacant) this.#state.slot.isFull = false;
    if (role === 'decode') this.#prebuilt.join(nowNs, isIdle);
    this.#mergeLast();
    const hasPlaces = this.#state.slot.running.length < slotRequests(this.#state.setup.config);
    return this.#state.waiting.length > 0 && !this.#state.slot.isFull && hasPlaces;
  }

  /** The second half, up to the launch; `mayAdmit`: no other rank is waited for. */
  formPrefill(nowNs: number, mayAdmit: boolean): PlainBatch | null {
    return this.#note(this.#prefill.form(nowNs, mayAdmit));
  }

  formDecode(nowNs: number): PlainBatch | null {
    return this.#note(this.#decode.form(nowNs));
  }

  #note(batch: PlainBatch | null): PlainBatch | null {
    for (const { job, completes, yields } of batch?.parts ?? []) if (completes) job.inFlight += yields;
    this.#state.slot.last = batch;
    this.#state.slot.lastWas = batch === null ? 'none' : batch.isPrefill ? 'other' : 'decode';
    return batch;
  }

  /** Other ranks have a batch: this one takes part with a dummy. */
  idleAlong(): void {
    this.#state.slot.lastWas = 'other';
  }

  /** There is no batch and nothing is in flight: the loop turns until it has polled. */
  idle(): void {
    this.#state.ratio.reset();
    this.#poll.spin();
    this.#takeInbox();
  }

  #takeInbox(): void {
    if (this.#state.setup.role === 'decode') for (const job of this.#state.inbox) this.#state.remote.join(job);
    else this.#state.waiting.push(...this.#state.inbox);
    this.#state.inbox = [];
  }

  /** The last prefill's requests join the running ones, before it is known which of them have finished. */
  #mergeLast(): void {
    const chunked = this.#state.chunked;
    if (chunked !== null && chunked.slots > chunked.inserted) this.#state.pool.insert(chunked, chunked.slots);
    if (this.#state.slot.last === null || !this.#state.slot.last.isPrefill || this.#state.setup.role === 'prefill')
      return;
    const { parts } = this.#state.slot.last;
    const merged = parts.filter((part) => isAlive(part) && part.completes).map(({ job }) => job);
    if (merged.length < parts.length) this.#state.slot.isFull = false;
    // An empty running batch is replaced by the merged one, whose flag is down.
    if (merged.length > 0 && this.#state.slot.running.length === 0) this.#state.slot.isFull = false;
    this.#state.slot.running.push(...merged);
  }

  /** The results of a batch are known; null: this rank had none in the step. */
  settle(batch: PlainBatch | null, times: PassTimes): void {
    const { tiers } = this.#state.setup;
    if (tiers !== null) tiers.nowNs = times.endNs;
    this.#results.book(batch, times);
    this.#prebuilt.emit(times.endNs);
    this.#results.emit(batch, times.endNs);
  }
}
