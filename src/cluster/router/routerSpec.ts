export const ROUTER_POLICIES = [
  'round_robin',
  'random',
  'least_loaded',
  'prefix_aware',
  'least_tokens',
  'power_of_two',
  'kv_router',
] as const;
export type RouterPolicy = (typeof ROUTER_POLICIES)[number];

export interface RouterSpec {
  readonly policy: RouterPolicy;
  /** Changes to the weights of `prefix_aware` or `kv_router`. */
  readonly scorer?: Partial<ScorerSpec>;
  /** A session's later turns follow its last one to the same worker, if they come within `ttlNs` of it. */
  readonly affinity?: { readonly ttlNs: number };
  /** Workers report their load this often, and a router knows no more than the last report; left out = it sees them live. */
  readonly reportIntervalNs?: number;
  /** Needs a router that books load. */
  readonly queue?: QueueSpec;
}

/** A cost in KV blocks as a weighted sum; the lowest wins. */
export interface ScorerSpec {
  /** Load as the workers report it, or as the router books what it has sent to them. */
  readonly load: 'reported' | 'booked';
  /** Cached prompts as the workers hold them, or as the router remembers having sent them (for `indexTtlNs`). */
  readonly index: 'reported' | 'remembered';
  readonly indexTtlNs: number;
  /** Prefill blocks spared for each cached one, 0 = caches do not count. */
  readonly overlapCredit: number;
  /** The same for what would have to come up from a tier. */
  readonly hostCredit: number;
  readonly diskCredit: number;
  readonly sharedCredit: number;
  /** How fast the first of these credits fades on workers with more prefill queued than the least busy one. */
  readonly overlapCreditDecay: number;
  /** Weight of blocks to prefill against blocks held for decoding. */
  readonly prefillLoadScale: number;
  /** Blocks that each request in progress counts for. */
  readonly activeRequestWeight: number;
  /** How prefill and decode costs combine. */
  readonly combine: 'sum' | 'product';
  /** 0 = the lowest cost; above: drawn with weights exp(-cost / range / temperature). */
  readonly temperature: number;
  /** Let the charge of the prefill a worker is busy with fade over its predicted duration. Needs booked load. */
  readonly prefillFades: boolean;
  /** Equal costs: the worker after the last choice, or one drawn. */
  readonly ties: 'in_turn' | 'random';
}

/** Where requests wait while every worker has prefill enough. */
export interface QueueSpec {
  /** Held while all workers have more booked prompt tokens than this to compute. */
  readonly thresholdTokens: number;
  /** First come first served; last come first; or weighted shortest processing time, (1 + jump) / uncached tokens. */
  readonly order: 'fcfs' | 'lcfs' | 'wspt';
  /** Requests more urgent than usual (a priority below 0) jump ahead by so many seconds for each step; left out: 1. */
  readonly jumpS?: number;
}

/** What the router sees live: uncached tokens queued and to come, plus blocks in use. */
export const PREFIX_AWARE: ScorerSpec = {
  load: 'reported',
  index: 'reported',
  indexTtlNs: 120e9,
  overlapCredit: 1,
  // Dynamo's weights; of a shared cache, the multiplier its documentation has once there is one.
  hostCredit: 0.75,
  diskCredit: 0.25,
  sharedCredit: 0.5,
  overlapCreditDecay: 0,
  prefillLoadScale: 1,
  activeRequestWeight: 0,
  combine: 'sum',
  temperature: 0,
  prefillFades: false,
  ties: 'in_turn',
};

/** Dynamo's KV router with its defaults (lib/kv-router, scheduling/config.rs): it books what it sends, and draws ties. */
export const KV_ROUTER: ScorerSpec = { ...PREFIX_AWARE, load: 'booked', ties: 'random' };
