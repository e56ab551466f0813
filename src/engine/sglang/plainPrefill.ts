import { RandomStream } from '../../base/random.ts';
import { STATE } from '../requestLog.ts';
import type { PlainDecode } from './plainDecode.ts';
import { type PlainBatch, type PlainJob, type PlainPart, partOf } from './plainJob.ts';
import type { PlainState } from './plainState.ts';
import { orderWaiting } from './policies.ts';
import { PrefillAdder, remainingNewTokens } from './prefillAdder.ts';
import { slotRequests } from './sglangConfig.ts';

/** Prefill batches: which prompts, how much of each (get_new_batch_prefill). */
export class PlainPrefill {
  readonly #state: PlainState;
  readonly #decode: PlainDecode;
  readonly #random: RandomStream;
  /** When all that was fetched from the tiers is there. */
  #loadedNs = 0;

  constructor(state: PlainState, decode: PlainDecode, rank: number) {
    this.#state = state;
    this.#decode = decode;
    this.#random = new RandomStream(state.setup.worker, 'sglang random policy', rank);
  }

  /** A batch of prompts; null: none can go on. `mayAdmit`: no other rank is waited for. */
  form(nowNs: number, mayAdmit: boolean): PlainBatch | null {
    const { config } = this.#state.setup;
    if ((this.#state.slot.isFull || this.#state.waiting.length === 0) && this.#state.chunked === null) return null;
    const slots = slotRequests(config) - this.#state.slot.running.length;
    if (slots <= 0 && this.#state.chunked === null) {
      this.#state.slot.isFull = true;
      return null;
    }
    const tree = config.prefixCaching ? this.#state.pool.tree : null;
    orderWaiting(config.policy, this.#state.waiting, this.#state.names, tree, this.#random);
    const parts = this.#addPrompts(slots, mayAdmit, nowNs);
    if (parts.length === 0) return null;
    const page = config.blockTokens;
    const tokens = parts.reduce((sum, part) => sum + part.tokens, 0);
    // With pages the allocator asks for one more per request than it may need.
    this.#state.pool.makeFree(tokens + (page > 1 ? parts.length * page : 0));
    for (const { job, tokens: added } of parts) {
      job.slots += added;
      job.committed = job.slots;
    }
    if (config.mixedChunk) parts.push(...this.#decode.mix());
    return { parts, isPrefill: true, loadedNs: this.#loadedNs };
  }

  #addPrompts(slots: number, mayAdmit: boolean, nowNs: number): PlainPart[] {
    const { config } = this.#state.setup;
    const mixed = config.mixedChunk ? this.#state.slot.running.length : 0;
    const running = {
      remainingTokens: () => this.#state.slot.running.reduce((sum, job) => sum + remainingNewTokens(job), 0),
      states: () => this.#state.slot.running,
    };
    const adder = new PrefillAdder(config, running, this.#state.ratio.value, mixed, () => this.#state.pool.roomTokens);
    const parts: PlainPart[] = [];
    if (this.#state.chunked !== null) {
      const job = this.#state.chunked;
      adder.addChunked(job, job.knownTokens - job.slots, this.#state.pool.fitting(job));
      if (adder.taken > 0) parts.push(partOf(job, 'chunk', job.slots, adder.taken));
      if (!adder.isCut) this.#state.chunked = null;
    }
    for (const job of mayAdmit ? [...this.#state.waiting] : []) {
      if (parts.length >= slots) this.#state.slot.isFull = true;
      if (this.#state.slot.isFull) break;
      let { tokens: prefix, node } = this.#state.pool.match(job);
      const tokens = this.#state.pool.below(job, prefix);
      const load = (): boolean => {
        const loadedNs = this.#state.pool.loadBack(job, prefix, tokens, this.#state.setup.log);
        if (loadedNs === null) return false;
        this.#loadedNs = Math.max(this.#loadedNs, loadedNs);
        prefix += tokens;
        this.#state.pool.tree.lock(this.#state.pool.tree.matched);
        this.#state.pool.tree.unlock(node);
        node = this.#state.pool.tree.matched;
        return true;
      };
      const result = adder.add(
        job,
        prefix,
        job.knownTokens - prefix,
        () => this.#state.pool.tree.lock(node),
        () => this.#state.pool.tree.unlock(node),
        { tokens, load },
      );
      if (adder.taken > 0) {
        this.#state.waiting.splice(this.#state.waiting.indexOf(job), 1);
        this.#state.pool.begin(job, prefix, node);
        this.#admit(job, prefix, nowNs);
        parts.push(partOf(job, 'chunk', prefix, adder.taken));
        if (adder.isCut) this.#state.chunked = job;
      }
      if (result === 'noToken') this.#state.slot.isFull = true;
      if (result !== 'continue') break;
    }
    return parts;
  }

  #admit(job: PlainJob, prefix: number, nowNs: number): void {
    const { ledger, log } = this.#state.setup;
    this.#state.admitted.add(job);
    ledger.lookupTokens += job.knownTokens;
    ledger.hitTokens += prefix;
    if (job.evictedNs < 0) log.spend(job.request, STATE.admissionQueue, nowNs - job.accountedNs);
    job.accountedNs = nowNs;
    if (log.scheduledNs[job.request] < 0) log.reusedTokens[job.request] = prefix;
    log.begin(job.request, nowNs);
  }
}
