/** Where KV can be kept besides GPU memory, from the nearest to the farthest. */
export const TIERS = ['host', 'disk', 'shared'] as const;
export type TierName = (typeof TIERS)[number];

/** One tier of a replica; `shared` is one and the same for all replicas whose pages are alike. */
export interface TierSpec {
  readonly name: TierName;
  readonly pages: number;
  /** Takes what the tier above it takes in (what is computed, below the GPUs), or what that one gives up. */
  readonly write: 'through' | 'on_eviction';
  /** How long the tier's channel is taken by one page, either way; 0 = never in the way. */
  readonly pageNs: number;
  /** Until the first byte of a load arrives. */
  readonly latencyNs: number;
}

export interface TiersSpec {
  /** From the nearest to the farthest. */
  readonly levels: readonly TierSpec[];
  /** While a request's KV comes up others are admitted past it, or nobody is. */
  readonly onboarding: 'overlap' | 'blocking';
  /** Of one page, for the report. */
  readonly pageBytes: number;
}

/** What one worker did with one tier. */
export interface TierUse {
  readonly name: TierName;
  /** Pages that came up from it, and that were written to it. */
  loadedPages: number;
  storedPages: number;
  /** How long its channel was taken for that. */
  busyNs: number;
}

/**
 * The tiers of one worker. Each has one channel that carries one transfer after the other, either way: loads and stores at
 * the same time do slow each other down (PCIe 4 carries 24.8 GB/s up alone, 11 GB/s against a full stream down).
 */
export interface KvTiers {
  readonly names: readonly TierName[];
  /** Some tier takes what GPU memory gives up. */
  readonly takesEvicted: boolean;
  /** Other workers change what is in them. */
  readonly isShared: boolean;
  /** The time of everything that happens now. */
  nowNs: number;
  /** Up to which page, at most `to`, every page of the request from page `from` on is in some tier. */
  reach(request: number, from: number, to: number): number;
  /** How many of the pages [from, to), all of them there, each tier is the nearest for. Valid until the next call. */
  pagesByTier(request: number, from: number, to: number): readonly number[];
  /** Brings up pages [from, to), all of them there; returns when the last arrives. Those before count as used, too. */
  load(request: number, from: number, to: number): number;
  /** The request's first `pages` pages are in GPU memory. */
  store(request: number, pages: number): void;
  /** The same as `evicted`, of a request's pages [from, to). */
  evictedOf(request: number, from: number, to: number): void;
  /** GPU memory gave up pages [from, to) of a segment (see PageNames), the last first. */
  evicted(segment: number, from: number, to: number): void;
}

/** A tier as its worker, or all that share it, see it. */
export interface TierLevel<Store> {
  readonly spec: TierSpec;
  readonly store: Store;
  /** When its channel has done all it was asked for. */
  freeNs: number;
}

/** Tiers that several workers share, by what they hold. */
export type SharedTiers = Map<string, TierLevel<unknown>>;

/** The tier by itself, or the one shared by all workers with pages of `pageTokens` tokens. */
export function levelOf<Store>(
  spec: TierSpec,
  pageTokens: number,
  shared: SharedTiers,
  create: () => Store,
): TierLevel<Store> {
  if (spec.name !== 'shared') return { spec, store: create(), freeNs: 0 };
  const key = `${pageTokens} tokens, ${spec.pageNs} ns`;
  const known = shared.get(key) ?? { spec, store: create(), freeNs: 0 };
  shared.set(key, known);
  return known as TierLevel<Store>;
}

/** Takes the tier's channel for `pages` pages from `nowNs` on, after all it was asked for before; returns when it is done. */
export function occupy(level: TierLevel<unknown>, use: TierUse, pages: number, nowNs: number): number {
  const ns = pages * level.spec.pageNs;
  level.freeNs = Math.max(level.freeNs, nowNs) + ns;
  use.busyNs += ns;
  return level.freeNs;
}
