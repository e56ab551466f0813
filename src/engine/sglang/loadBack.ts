/** Fewer tokens than this are computed rather than fetched (HiRadixCache.load_back_threshold). */
export const LOAD_BACK_TOKENS = 10;

/** What an admission could fetch from the tiers. */
export interface LoadBack {
  /** Tokens after the cached ones. */
  readonly tokens: number;
  /** Fetches them if there is room; returns whether it did. */
  load(): boolean;
}
