import type { LoadBack } from './loadBack.ts';
import { reservesExactly } from './requestLimits.ts';
import type { SglangConfig } from './sglangConfig.ts';

/** `CLIP_MAX_NEW_TOKENS`: no reservation counts on more. */
export const CLIP_NEW_TOKENS = 4096;

/** continue: the next request may be tried. noToken: the KV is spoken for. other: the pass is full. */
export type AddResult = 'continue' | 'noToken' | 'other';

/** What the adder asks of a request. */
export interface Addable {
  readonly inputTokens: number;
  readonly maxNewTokens: number;
  readonly generated: number;
}

/** What the adder asks of those that run. */
export interface Running {
  /** Sum of their `remainingNewTokens`. */
  remainingTokens(): number;
  states(): readonly Addable[];
}

/** Tokens a request may still generate, as reservations count them. */
export function remainingNewTokens({ maxNewTokens, generated }: Addable): number {
  return Math.min(Math.max(maxNewTokens - generated, 0), CLIP_NEW_TOKENS);
}

/**
 * The budgets of one prefill batch (PrefillAdder in schedule_policy.py, 5c8bd8b51; `paged` as in 9fec359a6): tokens of the
 * pass, of the chunk, and of the KV pool, the running requests' expected tokens taken off.
 */
export class PrefillAdder {
  inputTokens: number;
  chunkTokens: number;
  /** KV promised: to this batch for now, and to all for their whole lives. */
  currentOffset: number;
  totalOffset: number;
  /** Tokens the batch takes from its last request. */
  taken = 0;
  /** The last request goes on in the next batch. */
  isCut = false;
  /** Some request of the batch goes on in the next one: never two of them (the real engine asserts it). */
  #hasCut = false;
  #size = 0;
  readonly #config: SglangConfig;
  /** KV tokens that are free or evictable: less once a prefix is locked. */
  readonly #roomTokens: () => number;
  readonly #running: Running;
  readonly #added: Addable[] = [];

  /** @param mixed running requests that decode in the same pass */
  constructor(config: SglangConfig, running: Running, ratio: number, mixed: number, roomTokens: () => number) {
    this.#config = config;
    this.#running = running;

    this.#roomTokens = roomTokens;
    this.inputTokens = config.maxPrefillTokens - mixed;
    this.chunkTokens = (config.chunkedPrefillTokens ?? Number.POSITIVE_INFINITY) - mixed;
    this.currentOffset = mixed;
    this.totalOffset = mixed + running.remainingTokens() * ratio;
  }

  get #totalLeft(): number {
    return this.#roomTokens() - this.totalOffset;
  }

  get #currentLeft(): number {
    return this.#roomTokens() - this.currentOffset;
  }

  /**
   * The prompt in progress goes first, and without an admission test. `left` tokens of it are left, of which the pool can
   * hold `fitting`; takes none if none fit.
   */
  addChunked(request: Addable, left: number, fitting: number): void {
    const wanted = Math.min(this.chunkTokens, Math.floor(this.#totalLeft));
    const tokens = Math.min(left, wanted > 0 ? wanted : this.chunkTokens, fitting);
    this.taken = Math.max(tokens, 0);
    this.isCut = this.taken < left;
    this.#hasCut = this.isCut;
    if (this.taken === 0) return;
    this.#charge(request, this.taken, this.isCut ? 0 : Math.min(request.maxNewTokens, CLIP_NEW_TOKENS));
  }

  /**
   * Tries a waiting request of which `tokens` are left to compute after `prefixTokens` cached ones. `lock` makes the cached
   * ones unevictable; `unlock` undoes it if the request is not taken. What it has `below`, in tiers, is fetched once its room is
   * certain (init_load_back). After noToken or other, `taken` says whether it was.
   */
  add(
    request: Addable,
    prefixTokens: number,
    tokens: number,
    lock: () => void,
    unlock: () => void,
    below: LoadBack | null = null,
  ): AddResult {
    this.taken = 0;
    this.isCut = false;
    if (reservesExactly(this.#config)) return this.#addExactly(request, tokens);
    const paged = this.#config.adder === 'paged';
    const total = tokens + remainingNewTokens(request) + (paged ? this.#config.blockTokens : 0);
    if (total >= this.#totalLeft) return 'noToken';
    const limited = !paged || this.#config.chunkedPrefillTokens === null;
    if (limited && this.#ceil(tokens - (below?.tokens ?? 0)) >= this.inputTokens && this.#size > 0) return 'other';
    lock();
    if (total >= this.#totalLeft) {
      unlock();
      return 'noToken';
    }
    const fetched = below !== null && below.tokens > 0 && below.load() ? below.tokens : 0;
    const left = tokens - fetched;
    if (this.#ceil(left) <= this.chunkTokens) {
      this.#take(request, left, false);
      return this.#state();
    }
    const prefix = prefixTokens + fetched;
    const chunk = paged ? this.#floor(prefix + this.chunkTokens) - prefix : this.#floor(this.chunkTokens);
    if (chunk <= 0 || this.#hasCut) {
      unlock();
      return 'other';
    }
    this.#take(request, chunk, true);
    return this.#state();
  }

  /** Everyone's last token is known in advance: plays all of them through, the shortest first. */
  #addExactly(request: Addable, tokens: number): AddResult {
    if (this.#ceil(tokens) > Math.min(this.#currentLeft, this.#totalLeft)) return 'noToken';
    const states = [request, ...this.#running.states(), ...this.#added]
      .map(({ maxNewTokens, generated, inputTokens }) => ({
        left: maxNewTokens - generated,
        held: inputTokens + generated,
      }))
      .filter(({ left }) => left > 0)
      .sort((a, b) => a.left - b.left);
    let free = this.#currentLeft - this.#ceil(tokens);
    for (const [index, { left, held }] of states.entries()) {
      const alive = states.length - index;
      // One token each is kept for corner cases.
      if (free - left * alive <= alive) return 'noToken';
      free += held;
    }
    // The real test rounds up to pages here, and then cuts a prompt to more tokens than it has left.
    if (tokens <= this.chunkTokens) {
      this.#take(request, tokens, false);
    } else {
      if (this.chunkTokens <= 0 || this.#hasCut) return 'other';
      this.#take(request, this.chunkTokens, true);
    }
    return this.#state();
  }

  #take(request: Addable, tokens: number, isCut: boolean): void {
    this.taken = tokens;
    this.isCut = isCut;
    this.#hasCut ||= isCut;
    this.#charge(request, tokens, isCut ? 0 : Math.min(request.maxNewTokens, CLIP_NEW_TOKENS));
  }

  #charge(request: Addable, tokens: number, reserved: number): void {
    const charged = this.#ceil(tokens);
    const extra = this.#config.adder === 'paged' ? this.#config.blockTokens : 0;
    this.totalOffset += charged + reserved + extra;
    this.currentOffset += charged + extra;
    this.inputTokens -= charged;
    this.chunkTokens -= charged;
    this.#size += 1;
    this.#added.push(request);
  }

  #state(): AddResult {
    if (this.#totalLeft <= 0 || this.#currentLeft <= 0) return 'noToken';
    return this.inputTokens <= 0 || this.chunkTokens <= 0 ? 'other' : 'continue';
  }

  #ceil(tokens: number): number {
    const page = this.#config.blockTokens;
    return Math.ceil(tokens / page) * page;
  }

  #floor(tokens: number): number {
    const page = this.#config.blockTokens;
    return Math.floor(tokens / page) * page;
  }
}
