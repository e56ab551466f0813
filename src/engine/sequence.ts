import { PageHold } from '../kv/pageHold.ts';

export const STAGE = { waiting: 0, loading: 1, loaded: 2, prefilling: 3, decoding: 4, held: 5 } as const;

/** One request inside a worker. */
export class Sequence {
  readonly request: number;
  readonly inputTokens: number;
  /** Tokens this worker generates for it: all of them, or one on a prefill worker. */
  readonly outputTokens: number;
  readonly hold: PageHold;
  stage: number = STAGE.waiting;
  /** Tokens whose KV is computed or scheduled; of a decoding sequence see `clockOffset`. */
  computed = 0;
  /** Tokens generated; of a decoding sequence as of when it started to decode. */
  generated = 0;
  /** Pages owned; of a decoding sequence the pages its computed tokens fill. */
  owned = 0;
  /** While decoding: computed tokens are the worker's decode clock plus this. */
  clockOffset = 0;
  /** While decoding: the clock value at which its last token has been computed. */
  finishClock = 0;
  /** While decoding: number of the first pass in which it decodes, and the worker's cumulated times at that point. */
  firstDecodePass = 0;
  decodeNsBefore = 0;
  interferenceNsBefore = 0;
  /** Tokens of the chunk in the pass in flight, and how long that chunk would have taken alone. */
  chunkTokens = 0;
  chunkAloneNs = 0;
  /** When it came to wait for what it is waiting for: admission, or remote KV. */
  sinceNs: number;
  /** When it was evicted, until the computed tokens of then (`regainTokens`) are computed again; -1 = not. */
  evictedNs = -1;
  regainTokens = 0;
  /** When its last token came out before an eviction. */
  lastTokenNs = -1;
  /** While decoding: other sessions name the text it generates. */
  contested = false;
  /** Its prompt's KV comes from a prefill worker. */
  remote = false;

  constructor(request: number, inputTokens: number, outputTokens: number, nowNs: number) {
    this.request = request;
    this.inputTokens = inputTokens;
    this.outputTokens = outputTokens;
    this.hold = new PageHold(request, inputTokens);
    this.sinceNs = nowNs;
  }

  /** Prompt and generated tokens: what must be computed before the next token can come out. */
  get knownTokens(): number {
    return this.inputTokens + this.generated;
  }
}
