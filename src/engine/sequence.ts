import { PageHold } from '../kv/pageHold.ts';

export const STAGE = {
  waiting: 0,
  /** Remote KV is on its way, or has arrived. */
  loading: 1,
  loaded: 2,
  /** Some known tokens, two or more or the first one, are not scheduled yet. */
  prefilling: 3,
  /** One token a pass, in a lane's DecodeSet. */
  decoding: 4,
  /** Its last pass has been formed and not settled. */
  finishing: 5,
  /** Its prompt's KV waits to be fetched. */
  held: 6,
  finished: 7,
} as const;

/** Not in a lane's set, nor among those that its last pass takes out of it. */
export const NO_LANE = -1;

/** One request inside a worker. Counts include what passes in flight will have done, unless they say otherwise. */
export class Sequence {
  readonly request: number;
  readonly inputTokens: number;
  /** Tokens this worker generates for it: all of them, or one on a prefill worker. */
  readonly outputTokens: number;
  /** Other sessions name the text it generates: its pages must be found as soon as they are full. */
  readonly contested: boolean;
  readonly hold: PageHold;
  /** How urgent it is, less goes first. */
  readonly priority: number;
  /** When it joined the worker. */
  readonly arrivalNs: number;
  stage: number = STAGE.waiting;
  /** Tokens whose KV is computed; of a decoding sequence see `clockOffset`. */
  computed = 0;
  /** Tokens generated; of a decoding sequence as of when it started to decode. */
  generated = 0;
  /** Pages owned; of a decoding sequence the pages its computed tokens fill, with speculation those it has. */
  owned = 0;

  /** While decoding: number of the lane, its clock when the last token is computed, and computed tokens minus that clock. */
  lane = NO_LANE;
  finishClock = 0;
  clockOffset = 0;
  /** While decoding: its place among the members of the set, and the first of the lane's passes it decodes in. */
  slot = 0;
  firstDecodePass = 0;
  /** The first of the lane's passes whose time counts as its gap; 0 until its time is taken from the lane's. */
  firstGapPass = 0;
  /** The lane's cumulated times when its time began to be taken from them. */
  decodeNsBefore = 0;
  interferenceNsBefore = 0;
  /** Speculation, of the pass it was scheduled in last: drafts it verifies, those that can be accepted, tokens that come out. */
  drafts = 0;
  guesses = 0;
  yields = 1;
  /** The same of the pass before. */
  formerYields = 1;
  /** Passes it was evicted from whose tokens still come out. */
  pending = 0;
  /** Generated tokens that are not out and that no pass of its own brings: those of such passes, or one that came with its KV. */
  owed = 0;
  /** Until when its time has been said to go somewhere. */
  accountedNs: number;
  /** When it was evicted, until the tokens of then (`regainTokens`) are computed again; -1 = not. */
  evictedNs = -1;
  regainTokens = 0;
  /** When its last token came out, maybe of another worker; -1 = none yet. Of a decoding sequence as of when it started to decode. */
  lastTokenNs = -1;
  /** vLLM: its known tokens are not all scheduled, and it has not just missed one token of a step. */
  isMidPrompt = false;
  /** The most tokens it may generate as far as the scheduler knows. */
  maxNewTokens = 0;
  /** SGLang: pages of it that are the radix tree's, the node in which they end, tokens put into the tree, and prefilled. */
  treePages = 0;
  node = 0;
  inserted = 0;
  prefilled = 0;
  /** SGLang: the how manieth it was to join the running batch. */
  joined = 0;
  /** Its prompt's KV comes from a prefill worker. */
  remote = false;
  /** Pages that come up from the tiers, or did so last, and when the last of them is there. */
  loadFrom = 0;
  loadTo = 0;
  loadedNs = -1;

  constructor(
    request: number,
    inputTokens: number,
    outputTokens: number,
    contested: boolean,
    priority: number,
    nowNs: number,
  ) {
    this.request = request;
    this.inputTokens = inputTokens;
    this.outputTokens = outputTokens;
    this.contested = contested;
    this.hold = new PageHold(request, inputTokens);
    this.priority = priority;
    this.arrivalNs = nowNs;
    this.accountedNs = nowNs;
  }

  /** Prompt and generated tokens: what must be computed before the next token can come out. */
  get knownTokens(): number {
    return this.inputTokens + this.generated;
  }
}
