import { GapPeaks } from './gapPeaks.ts';
import { type RequestLog, STATE } from './requestLog.ts';
import { type Sequence, STAGE } from './sequence.ts';

/**
 * The sequences of one worker that decode, as the sums a pass needs. All of them advance one token in every pass, so they
 * share one clock, the passes formed so far: a sequence's computed tokens are the clock plus its offset, it finishes at a
 * fixed clock value, and it needs a page whenever the clock hits its residue modulo the page size.
 */
export class DecodeSet {
  count = 0;
  /** Tokens attended to in the next pass: each sequence's computed tokens and the one it computes. */
  contextTokens = 0;
  /** The same with each term cut at the window. */
  windowedTokens = 0;
  /** Sequences whose context is still shorter than the window. */
  belowWindow = 0;
  /** Sequences that generate text which other sessions name too: their pages are published pass by pass. */
  contested = 0;
  /** Passes formed with decodes. */
  clock = 0;
  readonly #pageTokens: number;
  readonly #window: number;
  /** Sequences by the clock residue at which they need a page. */
  readonly #pagesDue: Int32Array;
  readonly #peaks = new GapPeaks();
  /** Time of all settled passes: what they would have taken without prefill tokens, and the rest. */
  #decodeNs = 0;
  #interferenceNs = 0;
  #settledPasses = 0;

  constructor(pageTokens: number, window: number) {
    this.#pageTokens = pageTokens;
    this.#window = window;
    this.#pagesDue = new Int32Array(pageTokens);
  }

  /** Tokens of a decoding sequence whose KV is computed or scheduled. */
  computedTokens(sequence: Sequence): number {
    return this.clock + sequence.clockOffset;
  }

  /** Pages the pass needs that is formed when the clock stands at `clock`. */
  pagesDueAt(clock: number): number {
    return this.#pagesDue[clock % this.#pageTokens];
  }

  /** A sequence whose known tokens but the last are computed starts to decode with the next pass. */
  add(sequence: Sequence, contested: boolean): void {
    const { computed } = sequence;
    sequence.stage = STAGE.decoding;
    sequence.clockOffset = computed - this.clock;
    sequence.finishClock = this.clock + sequence.outputTokens - sequence.generated;
    this.#startCounting(sequence);
    sequence.contested = contested;
    if (contested) this.contested += 1;
    this.count += 1;
    this.contextTokens += computed + 1;
    this.#pagesDue[residue(-sequence.clockOffset, this.#pageTokens)] += 1;
  }

  /** The first token of a sequence came out of the pass just settled: time from here on is after it. */
  markFirstToken(sequence: Sequence, log: RequestLog): void {
    this.#spend(sequence, log);
    this.#startCounting(sequence);
  }

  /** A sequence leaves, between two passes: what the clock counted for it is written down. */
  remove(sequence: Sequence, log: RequestLog): void {
    const { request } = sequence;
    const computed = this.computedTokens(sequence);
    sequence.generated = sequence.outputTokens - (sequence.finishClock - this.clock);
    sequence.computed = computed;
    sequence.owned = Math.ceil(computed / this.#pageTokens);
    if (sequence.contested) this.contested -= 1;
    this.count -= 1;
    this.contextTokens -= computed + 1;
    this.#pagesDue[residue(-sequence.clockOffset, this.#pageTokens)] -= 1;
    this.#spend(sequence, log);
    const longestNs = this.#peaks.maxSince(sequence.firstDecodePass);
    log.maxGapNs[request] = Math.max(log.maxGapNs[request], longestNs);
    if (this.count === 0) this.#peaks.clear();
  }

  /** Gaps and times from the next pass on are the sequence's. */
  #startCounting(sequence: Sequence): void {
    sequence.firstDecodePass = this.#settledPasses + 1;
    sequence.decodeNsBefore = this.#decodeNs;
    sequence.interferenceNsBefore = this.#interferenceNs;
  }

  #spend({ request, decodeNsBefore, interferenceNsBefore }: Sequence, log: RequestLog): void {
    log.spend(request, STATE.decode, this.#decodeNs - decodeNsBefore);
    log.spend(request, STATE.decodeInterference, this.#interferenceNs - interferenceNsBefore);
  }

  /** Contexts change their growth when they reach the window, so they are summed afresh before a pass is formed. */
  measureWindow(running: readonly Sequence[]): void {
    const window = this.#window;
    if (window === 0) return;
    this.windowedTokens = 0;
    this.belowWindow = 0;
    for (const sequence of running) {
      if (sequence.stage !== STAGE.decoding) continue;
      const context = this.computedTokens(sequence) + 1;
      this.windowedTokens += Math.min(context, window);
      if (context < window) this.belowWindow += 1;
    }
  }

  /** A pass has been formed: everyone's context grows. */
  tick(): void {
    this.clock += 1;
    this.contextTokens += this.count;
    this.windowedTokens += this.belowWindow;
  }

  /** Books a pass that ended, of which `decodeNs` would have been left without its prefill tokens. */
  settle(durationNs: number, decodeNs: number): void {
    this.#settledPasses += 1;
    this.#peaks.push(this.#settledPasses, durationNs);
    this.#decodeNs += decodeNs;
    this.#interferenceNs += durationNs - decodeNs;
  }

  /**
   * Passes after the one in flight until the first finish or window crossing, that one included. All of `running` decode.
   */
  passesToChange(running: readonly Sequence[]): number {
    const window = this.#window;
    let passes = Number.POSITIVE_INFINITY;
    for (const sequence of running) {
      passes = Math.min(passes, sequence.finishClock - this.clock);
      if (window > 0) {
        const context = this.computedTokens(sequence);
        if (context < window) passes = Math.min(passes, window - context);
      }
    }
    return passes;
  }
}

function residue(value: number, modulus: number): number {
  const rest = value % modulus;
  return rest < 0 ? rest + modulus : rest;
}
