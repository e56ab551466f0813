/** The pages one request holds in one group. */
export class GroupPages {
  /** In context order. */
  readonly table: number[] = [];
  /** Leading pages that have been published, or passed over for good; -1: it holds nothing yet. */
  published = -1;
  /** States: it has had a page of its own, and where the state before the running one is. */
  started = false;
  lastState = -1;
}
