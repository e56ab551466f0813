/** The published pages one request holds in a RunPool: the first `published` pages of its context, some as second copies. */
export class PageHold {
  readonly request: number;
  /** Leading pages whose content is registered (hit or published); pages past them are scratch. */
  published = 0;
  /** Runs that are second copies of pages someone else registered first, in page order, and the segments they stand in for. */
  readonly copyRuns: number[] = [];
  readonly copySegments: number[] = [];

  constructor(request: number) {
    this.request = request;
  }
}
