import { PassShape } from '../timing/passShape.ts';
import type { StepTimer } from '../timing/stepTimer.ts';
import type { DecodeSet } from './decodeSet.ts';
import type { PassLedger } from './passLedger.ts';
import type { Sequence } from './sequence.ts';

/** A forward pass: the batch that is put together for it, then its times. One object serves a worker's passes in turn. */
export class Pass {
  /** Prefilling sequences with a chunk in it. */
  readonly chunks: Sequence[] = [];
  /** Sequences with remote KV that decode their first token in it. */
  readonly joining: Sequence[] = [];
  /** Formed and, unless `hasEnded`, under way. */
  isFormed = false;
  /** Inside a run: over and booked, while the next pass is formed after whatever else happens at that time. */
  hasEnded = false;
  startNs = 0;
  endNs = 0;
  /** Its part that the same pass without prefill tokens would have taken. */
  #decodeNs = 0;
  #batch = 0;
  #bound = 0;
  readonly #timer: StepTimer;
  readonly #shape: PassShape;
  readonly #alone: PassShape;

  constructor(timer: StepTimer) {
    this.#timer = timer;
    this.#shape = new PassShape(timer.window);
    this.#alone = new PassShape(timer.window);
  }

  /** It decodes only, and nobody's first token comes out of it. */
  get isPlainDecode(): boolean {
    return this.chunks.length === 0 && this.joining.length === 0;
  }

  /** Starts the pass with the chunks put into it and all decoding sequences. */
  begin(nowNs: number, decoding: DecodeSet): void {
    const shape = this.#shape;
    shape.clear();
    let aloneNs = 0;
    if (decoding.count > 0) {
      shape.setDecodes(decoding.count, decoding.contextTokens, decoding.windowedTokens);
      aloneNs = this.#timer.decodeNs(decoding.count, decoding.contextTokens, decoding.windowedTokens);
    }
    for (const sequence of this.chunks) this.#addChunk(sequence);
    const durationNs = this.chunks.length > 0 ? this.#timer.passNs(shape) : aloneNs;
    this.#bound = this.#timer.boundOf(shape);
    this.#batch = decoding.count + this.chunks.length;
    this.#decodeNs = Math.min(aloneNs, durationNs);
    this.startNs = nowNs;
    this.endNs = nowNs + durationNs;
    this.isFormed = true;
    this.hasEnded = false;
    if (decoding.count > 0) decoding.tick();
  }

  #addChunk(sequence: Sequence): void {
    const { computed, chunkTokens } = sequence;
    const completes = computed + chunkTokens === sequence.knownTokens;
    this.#shape.addChunk(computed, chunkTokens, completes);
    this.#alone.clear();
    this.#alone.addChunk(computed, chunkTokens, completes);
    sequence.chunkAloneNs = this.#timer.passNs(this.#alone);
    sequence.computed += chunkTokens;
  }

  /** Goes on, within a run, as the next pass of the same batch. */
  continueUntil(endNs: number, decoding: DecodeSet): void {
    this.startNs = this.endNs;
    this.endNs = endNs;
    this.#decodeNs = endNs - this.startNs;
    this.hasEnded = false;
    decoding.tick();
  }

  /** Books the pass, which ended: all decoding sequences got a token. */
  settle(ledger: PassLedger, decoding: DecodeSet): void {
    const durationNs = this.endNs - this.startNs;
    ledger.passes += 1;
    ledger.busyNs += durationNs;
    ledger.batchSum += this.#batch;
    if (this.chunks.length > 0) ledger.prefillBoundNs[this.#bound] += durationNs;
    else ledger.decodeBoundNs[this.#bound] += durationNs;
    if (decoding.count === 0) return;
    const gaps = decoding.count - this.joining.length;
    if (gaps > 0) ledger.gaps.add(durationNs, gaps);
    decoding.settle(durationNs, this.#decodeNs);
  }

  /** Nothing is under way and nothing is put together. */
  clear(): void {
    this.isFormed = false;
    this.hasEnded = false;
    // Shortening an array is slow, even to the length it has.
    if (this.chunks.length > 0) this.chunks.length = 0;
    if (this.joining.length > 0) this.joining.length = 0;
  }
}
