import type { GroupPages } from './groupPages.ts';

/** What one request holds of a worker's KV pages. */
export class PageHold {
  readonly request: number;
  /** Prompt tokens: a replay of the prompt can hit all but the last of them. */
  readonly promptTokens: number;
  /** It holds pages. */
  isHeld = false;
  /** Tokens up to which another request had the same text while some group lagged behind; 0 = none. */
  junction = 0;

  /** In a RunPool: pages held. */
  owned = 0;
  /** In a RunPool: leading pages whose content is registered (hit or published); pages past them are scratch. */
  published = 0;
  /** In a RunPool: pages that are copies of such as were there before, in page order: segment, strand, pages [from, to). */
  readonly copySegments: number[] = [];
  readonly copyStrands: number[] = [];
  readonly copyFrom: number[] = [];
  readonly copyTo: number[] = [];

  /** With PageGroups: while it decodes and fewer tokens than this are computed, a further one changes nothing here. */
  dueAt = 0;
  /** Pages in each PageGroup. */
  readonly groups: GroupPages[] = [];

  constructor(request: number, promptTokens: number) {
    this.request = request;
    this.promptTokens = promptTokens;
  }
}
