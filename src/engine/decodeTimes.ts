import type { LogHistogram } from '../base/logHistogram.ts';
import { GapPeaks } from './gapPeaks.ts';
import { type RequestLog, STATE } from './requestLog.ts';
import type { Sequence } from './sequence.ts';

/**
 * Where the time of a lane's decoding sequences goes, for all of them at once: a sequence's share is the difference of
 * cumulated times between two ends of passes. A pass without decodes (SGLang's prefill passes) only makes the next gap longer.
 */
export class DecodeTimes {
  /** Passes with decodes that have ended. */
  #passes = 0;
  /** When the last of them ended. */
  #tokenNs = 0;
  /** Up to when time is cumulated, and how: what passes would have taken without prefill tokens, and the rest. */
  #accountedNs = 0;
  #decodeNs = 0;
  #interferenceNs = 0;
  /** Sequences whose time is taken from here. */
  #counting = 0;
  /** Sequences whose first pass has not ended, in order of that pass. */
  readonly #newcomers: Sequence[] = [];
  readonly #peaks = new GapPeaks();

  /** A sequence was added to the lane's set. */
  add(sequence: Sequence): void {
    this.#newcomers.push(sequence);
  }

  /** From now on, an end of a pass or a time at which none is in flight, the sequence's time is the lane's. */
  startCounting(sequence: Sequence): void {
    sequence.firstGapPass = Math.max(sequence.firstDecodePass, this.#passes + 1);
    sequence.decodeNsBefore = this.#decodeNs;
    sequence.interferenceNsBefore = this.#interferenceNs;
    this.#counting += 1;
  }

  /** Time up to `nowNs` passes without a decode's end. */
  waitUntil(nowNs: number): void {
    this.#interferenceNs += nowNs - this.#accountedNs;
    this.#accountedNs = nowNs;
  }

  /** A pass ended that took `decodes` sequences and would have lasted `decodeNs` without prefill tokens. */
  settle(nowNs: number, decodeNs: number, decodes: number, gaps: LogHistogram, log: RequestLog): void {
    const elapsedNs = nowNs - this.#accountedNs;
    const ownNs = Math.min(decodeNs, elapsedNs);
    this.#accountedNs = nowNs;
    this.#decodeNs += ownNs;
    this.#interferenceNs += elapsedNs - ownNs;
    this.#passes += 1;
    const together =
      this.#newcomers.length === 0 ? decodes : decodes - this.#settleNewcomers(nowNs, decodeNs, gaps, log);
    if (together > 0) {
      const gapNs = nowNs - this.#tokenNs;
      gaps.add(gapNs, together);
      this.#peaks.push(this.#passes, gapNs);
    }
    this.#tokenNs = nowNs;
  }

  /** Passes number `from` to `to` (exclusive) that follow one another without prefill tokens, as `settle` would. */
  settleRun(
    endNs: Float64Array,
    decodeNs: Float64Array,
    from: number,
    to: number,
    decodes: number,
    gaps: LogHistogram,
    log: RequestLog,
  ): void {
    let pass = from;
    for (; pass < to && this.#newcomers.length > 0; pass++)
      this.settle(endNs[pass], decodeNs[pass], decodes, gaps, log);
    if (pass === to) return;
    let tokenNs = this.#tokenNs;
    for (; pass < to; pass++) {
      const gapNs = endNs[pass] - tokenNs;
      tokenNs = endNs[pass];
      gaps.add(gapNs, decodes);
      this.#passes += 1;
      this.#peaks.push(this.#passes, gapNs);
    }
    this.#decodeNs += tokenNs - this.#accountedNs;
    this.#accountedNs = tokenNs;
    this.#tokenNs = tokenNs;
  }

  /** Returns how many newcomers' last token did not come out together with the others'. */
  #settleNewcomers(nowNs: number, decodeNs: number, gaps: LogHistogram, log: RequestLog): number {
    let apart = 0;
    let settled = 0;
    for (const sequence of this.#newcomers) {
      if (sequence.firstDecodePass !== this.#passes) break;
      settled += 1;
      const isRemote = sequence.firstGapPass === 0;
      if (!isRemote && sequence.lastTokenNs === this.#tokenNs) continue;
      apart += 1;
      if (isRemote) this.#startFromRemote(sequence, nowNs, decodeNs, log);
      else sequence.firstGapPass = this.#passes + 1;
      if (sequence.lastTokenNs >= 0) noteGap(sequence, nowNs, gaps, log);
    }
    this.#newcomers.splice(0, settled);
    return apart;
  }

  /** A sequence with remote KV has come out of its first decode: until then its time was its own. */
  #startFromRemote(sequence: Sequence, nowNs: number, decodeNs: number, log: RequestLog): void {
    const { request, accountedNs } = sequence;
    const ownNs = Math.min(decodeNs, nowNs - accountedNs);
    log.spend(request, STATE.decode, ownNs);
    log.spend(request, STATE.decodeInterference, nowNs - accountedNs - ownNs);
    if (sequence.lastTokenNs < 0) log.firstTokenNs[request] = nowNs;
    this.startCounting(sequence);
  }

  /** A sequence has left the lane: what was counted for all up to `nowNs` is written down for it. */
  remove(sequence: Sequence, nowNs: number, log: RequestLog): void {
    const { request } = sequence;
    if (sequence.firstDecodePass > this.#passes) this.#newcomers.splice(this.#newcomers.indexOf(sequence), 1);
    else sequence.lastTokenNs = this.#tokenNs;
    if (sequence.firstGapPass === 0) return;
    this.#spend(sequence, log);
    log.spend(request, STATE.decodeInterference, nowNs - this.#accountedNs);
    sequence.accountedNs = nowNs;
    log.maxGapNs[request] = Math.max(log.maxGapNs[request], this.#peaks.maxSince(sequence.firstGapPass));
    sequence.firstGapPass = 0;
    this.#counting -= 1;
    if (this.#counting === 0) this.#peaks.clear();
  }

  #spend({ request, decodeNsBefore, interferenceNsBefore }: Sequence, log: RequestLog): void {
    log.spend(request, STATE.decode, this.#decodeNs - decodeNsBefore);
    log.spend(request, STATE.decodeInterference, this.#interferenceNs - interferenceNsBefore);
  }
}

/** A token of the sequence comes out at `nowNs`, not its first. */
export function noteGap(
  { request, lastTokenNs }: Pick<Sequence, 'request' | 'lastTokenNs'>,
  nowNs: number,
  gaps: LogHistogram,
  log: RequestLog,
): void {
  const gapNs = nowNs - lastTokenNs;
  gaps.add(gapNs, 1);
  log.maxGapNs[request] = Math.max(log.maxGapNs[request], gapNs);
}
