import { PassShape } from '../timing/passShape.ts';
import type { StepTimer } from '../timing/stepTimer.ts';
import { Chunk } from './chunk.ts';
import type { VerifiedDrafts } from './decodeSet.ts';
import { emit } from './emit.ts';
import type { EngineRole } from './engineCore.ts';
import type { Lane } from './lane.ts';
import type { PassLedger } from './passLedger.ts';
import { type RequestLog, STATE } from './requestLog.ts';
import { type Sequence, STAGE } from './sequence.ts';

/** What a scheduler decides a pass shall compute, by one rank. Cleared before it is formed. */
export class Batch {
  lane: Lane;
  /** All decoding sequences of the lane take part. */
  takesDecodes = false;
  /** Those of them whose token comes out of it. */
  decodes = 0;
  /** Sequences of any kind in it. */
  sequences = 0;
  /** Which of the lane's passes with decodes it is. */
  #pass = 0;
  /** How long it takes if the replica has no other rank, and how long it would take without prefill tokens. */
  durationNs = 0;
  decodeNs = 0;
  /** Sequences outside the set that decode to no avail, and tokens they attend to, in all and inside the window. */
  #ghosts = 0;
  #ghostContext = 0;
  #ghostWindowed = 0;
  /** When the last of the KV that it needs has come up from the tiers: it computes meanwhile, layer by layer, but ends no sooner. */
  loadedNs = 0;
  /** The same where copies go first in its stream: it does not even begin before. */
  beginNs = 0;
  /** For how long it does nothing but wait for that. */
  stallNs = 0;
  /** Drafts of the decodes, and of ghosts. */
  readonly #verified: VerifiedDrafts = { tokens: 0, decodes: 0, accepted: 0 };
  /** Something was taken out of it in flight. */
  #isCut = false;
  readonly #chunks: Chunk[] = [];
  /** Sequences that decode their last token in it. */
  readonly finishing: Sequence[] = [];
  /** Sequences that have left the batch since it was formed: their tokens still come out. */
  readonly #late: { readonly sequence: Sequence; readonly tokens: number }[] = [];
  /** After `settle`: sequences whose last token came out of it. */
  readonly finished: Sequence[] = [];
  readonly shape: PassShape;
  readonly #timer: StepTimer;
  readonly #alone: PassShape;

  constructor(timer: StepTimer, lane: Lane) {
    this.lane = lane;
    this.#timer = timer;
    this.shape = new PassShape(timer.window);
    this.#alone = new PassShape(timer.window);
  }

  get hasGhosts(): boolean {
    return this.#ghosts > 0;
  }

  get hasChunks(): boolean {
    return this.#chunks.length > 0;
  }

  /** Those whose known tokens end in it. */
  get ended(): Sequence[] {
    const ended: Sequence[] = [];
    for (const { completes, sequence } of this.#chunks) if (completes) ended.push(sequence);
    return ended;
  }

  /** A prompt's only token comes out of it. */
  get hasLastChunk(): boolean {
    return this.#chunks.some(({ ends }) => ends);
  }

  /** Something runs in it; a rank without takes part in the pass with a dummy. */
  get runs(): boolean {
    return this.takesDecodes || this.#chunks.length > 0;
  }

  /** Tokens it will compute, before it is sealed. */
  get tokens(): number {
    const { set } = this.lane;
    let tokens = this.#ghosts + this.#verified.tokens + (this.takesDecodes ? set.count + set.drafts : 0);
    for (const chunk of this.#chunks) tokens += chunk.tokens;
    return tokens;
  }

  /** It decodes, or does nothing, and everybody goes on after it. */
  get isPlain(): boolean {
    return !this.#isCut && this.#ghosts + this.#chunks.length + this.finishing.length + this.#late.length === 0;
  }

  // ---- forming --------------------------------------------------------------------------------------------------

  clear(): void {
    this.takesDecodes = false;
    this.decodes = 0;
    this.sequences = 0;
    this.#pass = 0;
    this.decodeNs = 0;
    this.#ghosts = 0;
    this.#isCut = false;
    this.loadedNs = 0;
    this.beginNs = 0;
    this.stallNs = 0;
    this.#ghostContext = 0;
    this.#ghostWindowed = 0;
    this.#verified.tokens = 0;
    this.#verified.decodes = 0;
    this.#verified.accepted = 0;
    this.shape.clear();
    // Shortening an array is slow, even to the length it has.
    if (this.#chunks.length > 0) this.#chunks.length = 0;
    if (this.finishing.length > 0) this.finishing.length = 0;
    if (this.#late.length > 0) this.#late.length = 0;
    if (this.finished.length > 0) this.finished.length = 0;
  }

  /** The next `tokens` >= 1 known tokens of a sequence outside the lane's set. */
  addChunk(sequence: Sequence, tokens: number): void {
    const chunk = new Chunk(sequence, tokens);
    this.#chunks.push(chunk);
    sequence.computed = chunk.end;
  }

  /** The sequence's chunk, if it has one, is taken out before the batch is sealed; returns its tokens. */
  removeChunk(sequence: Sequence): number {
    const at = this.#chunks.findIndex((chunk) => chunk.sequence === sequence);
    if (at < 0) return 0;
    const [{ tokens }] = this.#chunks.splice(at, 1);
    sequence.computed -= tokens;
    return tokens;
  }

  /**
   * A sequence takes part in the decodes that has no more tokens to give: SGLang learns of a last token only after it has
   * launched the next batch, vLLM of one that came as an accepted draft.
   */
  addGhost(contextTokens: number, drafts = 0): void {
    this.#ghosts += 1;
    this.#verified.tokens += drafts;
    this.#ghostContext += contextTokens;
    this.#ghostWindowed += Math.min(contextTokens, this.#timer.window);
  }

  /** A ghost is taken out before the batch is sealed. */
  removeGhost(contextTokens: number, drafts: number): void {
    this.#ghosts -= 1;
    this.#verified.tokens -= drafts;
    this.#ghostContext -= contextTokens;
    this.#ghostWindowed -= Math.min(contextTokens, this.#timer.window);
  }

  /**
   * The batch is put together: decodes are counted in, and sequences whose known tokens end in it decode from the lane's next
   * pass on. With other ranks the pass computes `groupTokens` in all, and without graphs (`eager`) if one of them prefills.
   */
  seal(groupTokens = 0, eager = false): void {
    this.shape.groupTokens = groupTokens;
    this.shape.eager = eager;
    if (this.takesDecodes) this.#takeDecodes();
    for (const chunk of this.#chunks) chunk.seal(this.shape, this.#alone, this.#timer, this.lane);
    this.sequences = this.decodes + this.#ghosts + this.#chunks.length;
    this.durationNs = this.hasChunks || eager ? this.#timer.passNs(this.shape) : this.decodeNs;
    this.decodeNs = Math.min(this.decodeNs, this.durationNs);
  }

  #takeDecodes(): void {
    const { set } = this.lane;
    set.measureWindow();
    this.decodes = set.count;
    const sequences = set.count + this.#ghosts;
    const context = set.contextTokens + this.#ghostContext;
    const windowed = set.windowedTokens + this.#ghostWindowed;
    set.verify(this.#verified);
    const tokens = sequences + this.#verified.tokens;
    this.shape.setDecodes(sequences, context, windowed, tokens);
    this.decodeNs = this.decodesNs(sequences, context, windowed, tokens);
    set.tick(1, this.finishing);
    this.#pass = set.clock;
  }

  /** How long a pass of such decodes, of `tokens` tokens, takes beside ranks that decode as well. */
  decodesNs(sequences: number, contextTokens: number, windowedTokens: number, tokens = sequences): number {
    const { groupTokens } = this.shape;
    // The timer's short cut is for decodes with all their drafts.
    const isUniform = tokens === sequences * (1 + this.lane.drafts);
    if (groupTokens === 0 && isUniform) return this.#timer.decodeNs(sequences, contextTokens, windowedTokens);
    this.#alone.clear();
    this.#alone.groupTokens = groupTokens;
    this.#alone.setDecodes(sequences, contextTokens, windowedTokens, tokens);
    return this.#timer.passNs(this.#alone);
  }

  /** The lane's decodes are formed for the `passes`-th time from now, of which this batch is the last. */
  formAgain(passes: number): void {
    this.lane.set.tick(passes, this.finishing);
  }

  /** It is the batch `later` places before the one of the lane that was formed last. */
  repeat(later: number, decodeNs: number): void {
    this.#pass = this.lane.set.clock - later;
    this.decodeNs = decodeNs;
  }

  // ---- in flight ------------------------------------------------------------------------------------------------

  /**
   * The sequence lost its KV or was cancelled since the batch was formed; call it before the sequence leaves the lane. What it
   * still computes for it is in vain; the token that comes out is kept if `keepsToken`.
   */
  withdraw(sequence: Sequence, keepsToken: boolean): void {
    const tokens = this.tokensFrom(sequence);
    const at = this.#chunks.findIndex((chunk) => chunk.sequence === sequence);
    if (at >= 0) {
      this.#chunks.splice(at, 1);
      this.#isCut = true;
    }
    if (this.#decodesFor(sequence)) {
      this.#isCut = true;
      this.decodes -= 1;
      const last = this.finishing.indexOf(sequence);
      if (last >= 0) this.finishing.splice(last, 1);
    }
    if (tokens === 0 || !keepsToken) return;
    // Who is evicted first was admitted last.
    this.#late.unshift({ sequence, tokens });
    sequence.pending += 1;
    sequence.owed += tokens;
  }

  /** Nothing that it computes for the sequence comes out, and no draft of it counts; call it before the sequence leaves the lane. */
  discard(sequence: Sequence): void {
    if (this.#decodesFor(sequence) && sequence.guesses > 0) {
      this.#verified.decodes -= 1;
      this.#verified.accepted -= this.tokensFrom(sequence) - 1;
    }
    this.withdraw(sequence, false);
  }

  /** The sequence is cancelled; call it before the sequence leaves the lane. */
  abandon(sequence: Sequence): void {
    const late = this.#late.findIndex((other) => other.sequence === sequence);
    if (late >= 0) this.#late.splice(late, 1);
    this.withdraw(sequence, false);
  }

  /** Whether a token of the sequence comes out of it. */
  yieldsFor(sequence: Sequence): boolean {
    if (this.#decodesFor(sequence)) return true;
    return this.#chunks.some((chunk) => chunk.completes && chunk.sequence === sequence);
  }

  /** How many tokens of the sequence come out of it; at most two of its passes are in flight. */
  tokensFrom(sequence: Sequence): number {
    if (!this.#decodesFor(sequence)) return this.yieldsFor(sequence) ? 1 : 0;
    const lastPass = Math.min(this.lane.set.clock, sequence.finishClock);
    return this.#pass === lastPass ? sequence.yields : sequence.formerYields;
  }

  /** Tokens of the sequence that it computes, those accepted of its drafts among them. */
  tokensOf(sequence: Sequence): number {
    if (this.#decodesFor(sequence)) return sequence.yields;
    return this.#chunks.find((chunk) => chunk.sequence === sequence)?.tokens ?? 0;
  }

  #decodesFor({ stage, lane, firstDecodePass, finishClock }: Sequence): boolean {
    if (stage !== STAGE.decoding && stage !== STAGE.finishing) return false;
    return this.takesDecodes && lane === this.lane.index && firstDecodePass <= this.#pass && this.#pass <= finishClock;
  }

  /** Calls `act` for everyone of whom it computes a chunk, with the tokens computed after it. */
  forEachChunk(act: (sequence: Sequence, end: number) => void): void {
    for (const { sequence, end } of this.#chunks) act(sequence, end);
  }

  // ---- over -----------------------------------------------------------------------------------------------------

  /** Its tokens come out; those that are through are in `finished`. */
  settle(nowNs: number, role: EngineRole, log: RequestLog, ledger: PassLedger): void {
    const { times } = this.lane;
    ledger.draftedDecodes += this.#verified.decodes;
    ledger.acceptedDrafts += this.#verified.accepted;
    if (this.takesDecodes) times.settle(nowNs, this.decodeNs, this.decodes, ledger.gaps, log);
    else times.waitUntil(nowNs);
    for (const sequence of this.finishing) {
      times.remove(sequence, nowNs, log);
      this.finished.push(sequence);
    }
    for (const chunk of this.#chunks) {
      chunk.settle(nowNs, this.stallNs, role, this.lane, log, ledger);
      if (chunk.ends) this.finished.push(chunk.sequence);
    }
    for (const { sequence, tokens } of this.#late) {
      sequence.owed -= tokens;
      this.#settleLate(sequence, nowNs, role, log, ledger);
    }
  }

  #settleLate(sequence: Sequence, nowNs: number, role: EngineRole, log: RequestLog, ledger: PassLedger): void {
    if (sequence.evictedNs >= 0) {
      log.spend(sequence.request, STATE.preemption, nowNs - sequence.evictedNs);
      sequence.evictedNs = nowNs;
    } else {
      log.spend(sequence.request, STATE.decodeInterference, nowNs - sequence.accountedNs);
      sequence.accountedNs = nowNs;
    }
    emit(sequence, nowNs, role, log, ledger);
    sequence.pending -= 1;
    // Who has only fallen behind gets its last token from a later pass.
    const isLast = sequence.pending === 0 && sequence.generated === sequence.outputTokens;
    if (isLast && sequence.stage === STAGE.waiting) this.finished.push(sequence);
  }
}
