import { RandomStream } from '../../base/random.ts';
import type { Batch } from '../batch.ts';
import { STATE } from '../requestLog.ts';
import { type Sequence, STAGE } from '../sequence.ts';
import type { Decode } from './decode.ts';
import { orderWaiting } from './policies.ts';
import { PrefillAdder } from './prefillAdder.ts';
import type { RankState } from './rankState.ts';
import { slotRequests } from './sglangConfig.ts';

/** Prefill batches: which prompts, how much of each (get_new_batch_prefill). */
export class Prefill {
  readonly #state: RankState;
  readonly #decode: Decode;
  readonly #random: RandomStream;
  /** When all that was fetched from the tiers is there. */
  #loadedNs = 0;

  constructor(state: RankState, decode: Decode, rank: number) {
    this.#state = state;
    this.#decode = decode;
    this.#random = new RandomStream(state.setup.worker, 'sglang random policy', rank);
  }

  /** Forms a batch of prompts; false: there is none that can go on. `mayAdmit`: no other rank is waited for. */
  form(batch: Batch, nowNs: number, mayAdmit: boolean): boolean {
    const { slot, waiting, chunked, pages, names, setup } = this.#state;
    const { config } = setup;
    if ((slot.isFull || waiting.items.length === 0) && chunked === null) return false;
    const places = slotRequests(config) - slot.running.size;
    if (places <= 0 && chunked === null) {
      slot.isFull = true;
      return false;
    }
    orderWaiting(config.policy, waiting.items, names, config.prefixCaching ? pages.tree : null, this.#random);
    const prompts: Sequence[] = [];
    const tokens: number[] = [];
    this.#addPrompts(mayAdmit ? places : null, prompts, tokens, nowNs);
    if (prompts.length === 0) return false;
    this.#fill(batch, prompts, tokens);
    return true;
  }

  /** Chooses the prompts of a batch, and how many tokens of each; `places` null: nobody new is admitted. */
  #addPrompts(places: number | null, prompts: Sequence[], chunks: number[], nowNs: number): void {
    const state = this.#state;
    const { slot, pages, ratio, chunked } = state;
    const { config, log } = state.setup;
    const mixed = config.mixedChunk ? slot.running.size : 0;
    const roomTokens = (): number => pages.room * pages.pageTokens;
    const adder = new PrefillAdder(config, slot.running, ratio.value, mixed, roomTokens);
    if (chunked !== null) {
      adder.addChunked(chunked, chunked.knownTokens - chunked.computed, pages.fitting(chunked));
      if (adder.taken > 0) {
        prompts.push(chunked);
        chunks.push(adder.taken);
      }
      if (!adder.isCut) state.chunked = null;
    }
    let node = 0;
    const lock = (): void => pages.tree.lock(node);
    const unlock = (): void => pages.tree.unlock(node);
    let admitted = 0;
    for (const sequence of places === null ? [] : state.waiting.items) {
      if (prompts.length >= places!) slot.isFull = true;
      if (slot.isFull) break;
      let prefix = pages.match(sequence);
      node = pages.tree.matched;
      const tokens = pages.below(sequence, prefix);
      const load = (): boolean => {
        const loadedNs = pages.loadBack(sequence, prefix, tokens, log);
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
        if (adder.isCut) state.chunked = sequence;
      }
      if (result === 'noToken') slot.isFull = true;
      if (result !== 'continue') break;
    }
    // Whoever is not taken ends the loop, so those taken are the first.
    if (admitted > 0) state.waiting.items.splice(0, admitted);
  }

  #admit(sequence: Sequence, prefix: number, nowNs: number): void {
    const { ledger, log } = this.#state.setup;
    const { request, knownTokens } = sequence;
    this.#state.admitted += 1;
    sequence.stage = STAGE.prefilling;
    ledger.lookupTokens += knownTokens;
    ledger.hitTokens += prefix;
    if (sequence.evictedNs < 0) log.spend(request, STATE.admissionQueue, nowNs - sequence.accountedNs);
    sequence.accountedNs = nowNs;
    if (log.scheduledNs[request] < 0) log.reusedTokens[request] = prefix;
    log.begin(request, nowNs);
  }

  #fill(batch: Batch, prompts: readonly Sequence[], tokens: readonly number[]): void {
    const { pages, slot, setup } = this.#state;
    const { blockTokens, mixedChunk } = setup.config;
    batch.loadedNs = this.#loadedNs;
    let total = 0;
    for (const count of tokens) total += count;
    // With pages the allocator asks for one more per request than it may need.
    const spare = blockTokens > 1 ? prompts.length : 0;
    pages.makeFree(Math.ceil(total / blockTokens) + spare);
    for (const [index, sequence] of prompts.entries()) {
      pages.take(pages.missing(sequence.computed, tokens[index]));
      batch.addChunk(sequence, tokens[index]);
      if (sequence.computed < sequence.knownTokens) continue;
      sequence.prefilled = sequence.computed;
      this.#state.noteJoining(sequence);
    }
    const isMixed = mixedChunk && this.#decode.mix(batch);
    const { ended } = batch;
    slot.notePrefill(ended, ended.length < prompts.length, isMixed);
  }
}
