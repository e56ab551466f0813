/** The published pages one request holds in a RunPool: the first `published` pages of its context, some as second copies. */
export class PageHold {
  readonly request: number;
  /** Prompt tokens: a replay of the prompt can hit all but the last of them. */
  readonly promptTokens: number;
  /** It holds pages. */
  isHeld = false;
  /** Tokens up to which another request had the same text while some group lagged behind; 0 = none. */
  junction = 0;
  /** Leading pages whose content is registered (hit or published); pages past them are scratch. */
  published = 0;
  /** Runs that are second copies of pages someone else registered first, in page order, and the segments they stand in for. */
  readonly copyRuns: number[] = [];
  readonly copySegments: number[] = [];

  constructor(request: number, promptTokens: number) {
    this.request = request;
    this.promptTokens = promptTokens;
  }
}
