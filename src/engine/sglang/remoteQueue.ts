import { type Addable, CLIP_NEW_TOKENS } from './prefillAdder.ts';

/** What a decode worker asks of a request. */
export interface Remote extends Addable {
  readonly request: number;
  /** Prompt and generated tokens. */
  readonly knownTokens: number;
}

/** The pool as the queue sees it. */
export interface RemotePool<T> {
  readonly freeTokens: number;
  /** Gives the request slots for `tokens` tokens. */
  allocate(item: T, tokens: number): void;
}

/**
 * Requests of a decode worker before they decode (disaggregation/decode.py): first come first served they get room for their
 * KV, which then is fetched, and wait for a place in the running batch. Retracted ones, whose KV went to the host, come back
 * before anyone new gets room.
 */
export class RemoteQueue<T extends Remote> {
  readonly #queue: T[] = [];
  readonly #moving: T[] = [];
  #arrived: T[] = [];
  #retracted: T[] = [];
  /** `num_reserved_decode_tokens`: room kept free for each request inside. */
  readonly #reserved: number;
  readonly #drafts: number;
  readonly #pool: RemotePool<T>;

  /** `drafts`: slots for them that the last one left must find, too; the real server gives that one up without. */
  constructor(reservedTokens: number, drafts: number, pool: RemotePool<T>) {
    this.#reserved = Math.max(reservedTokens, drafts);
    this.#drafts = drafts;
    this.#pool = pool;
  }

  get size(): number {
    return this.#queue.length + this.#moving.length + this.#arrived.length + this.#retracted.length;
  }

  /** Nobody waits for room or for a place: only an arrival of KV can change anything. */
  get isStill(): boolean {
    return this.#queue.length + this.#arrived.length + this.#retracted.length === 0;
  }

  join(item: T): void {
    this.#queue.push(item);
  }

  retract(item: T): void {
    this.#retracted.push(item);
  }

  /** Gives room to those next in line, as far as it goes; returns the new ones among them, whose KV is to be fetched. */
  reserve(running: readonly Addable[]): T[] {
    this.#resume(running);
    if (this.#retracted.length > 0) return [];
    const retractable = running.reduce((sum, { inputTokens, generated }) => sum + inputTokens + generated, 0);
    let room = this.#room(running);
    const reserved: T[] = [];
    for (const item of this.#queue) {
      const { inputTokens, maxNewTokens } = item;
      const needed = inputTokens + this.#reserved;
      const alone = inputTokens + Math.min(maxNewTokens, CLIP_NEW_TOKENS) + this.#drafts - retractable;
      if (Math.max(needed, alone) > room) break;
      room -= needed;
      this.#pool.allocate(item, inputTokens);
      reserved.push(item);
    }
    this.#queue.splice(0, reserved.length);
    this.#moving.push(...reserved);
    return reserved;
  }

  #resume(running: readonly Addable[]): void {
    let resumed = 0;
    let room = this.#room(running);
    for (const item of this.#retracted) {
      if (item.knownTokens + this.#reserved > room) break;
      room -= item.knownTokens + this.#reserved;
      // The last token's KV is computed by the next decode.
      this.#pool.allocate(item, item.knownTokens - 1);
      resumed += 1;
    }
    this.#arrived.push(...this.#retracted.splice(0, resumed));
  }

  /** Tokens that may be given away: not those kept for the decodes of everyone inside, nor for one of them to finish alone. */
  #room(running: readonly Addable[]): number {
    const retractable = running.reduce((sum, { inputTokens, generated }) => sum + inputTokens + generated, 0);
    let alone = 0;
    for (const { inputTokens, maxNewTokens } of running) {
      alone = Math.max(alone, inputTokens + Math.min(maxNewTokens, CLIP_NEW_TOKENS) + this.#drafts - retractable);
    }
    const inside = running.length + this.#moving.length + this.#arrived.length;
    return this.#pool.freeTokens - Math.max(this.#reserved * inside, alone);
  }

  /** The request's item leaves, wherever it is; `hasRoom`: it has slots. undefined if it is not one of this queue's. */
  remove(request: number): { readonly item: T; readonly hasRoom: boolean } | undefined {
    for (const list of [this.#queue, this.#moving, this.#arrived, this.#retracted]) {
      const at = list.findIndex((item) => item.request === request);
      if (at < 0) continue;
      const [item] = list.splice(at, 1);
      return { item, hasRoom: list === this.#moving || list === this.#arrived };
    }
    return undefined;
  }

  /** The request's KV is here; returns it, or undefined if it is not one of this queue's. */
  arrive(request: number): T | undefined {
    const at = this.#moving.findIndex((item) => item.request === request);
    if (at < 0) return undefined;
    const [item] = this.#moving.splice(at, 1);
    this.#arrived.push(item);
    return item;
  }

  /** At most `places` requests join the running batch, in the order of arrival. */
  take(places: number): T[] {
    return this.#arrived.splice(0, Math.max(places, 0));
  }
}
