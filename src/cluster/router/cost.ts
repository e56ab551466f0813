import type { TierName } from '../../kv/kvTiers.ts';
import type { ScorerSpec } from './routerSpec.ts';

/** What a router knows of a worker when it weighs one request; tokens are prompt tokens. */
export interface Prospect {
  /** Tokens of one KV block there. */
  pageTokens: number;
  /** Queued or in progress. */
  prefillTokens: number;
  /** How many more of those than on the worker that has fewest. */
  excessPrefillTokens: number;
  requestTokens: number;
  /** Of the request, in the worker's cache; and after those, in each of its tiers. */
  cachedTokens: number;
  tierTokens: Record<TierName, number>;
  /** Blocks in use once the request is there. */
  blocks: number;
  requests: number;
}

/**
 * A worker's cost in KV blocks, the lower the better (Dynamo lib/kv-router, scheduling/selector.rs):
 * prefillLoadScale * max(0, prefill queued and of this request - credits * cached) + blocks in use + weight * requests.
 */
export function costOf(prospect: Prospect, spec: ScorerSpec): number {
  const { pageTokens, prefillTokens, excessPrefillTokens, requestTokens, cachedTokens, blocks, requests } = prospect;
  const { host, disk, shared } = prospect.tierTokens;
  const fade = spec.overlapCreditDecay === 0 ? 1 : 1 + (spec.overlapCreditDecay * excessPrefillTokens) / requestTokens;
  const tierCredit = spec.hostCredit * host + spec.diskCredit * disk + spec.sharedCredit * shared;
  const creditTokens = (spec.overlapCredit / fade) * cachedTokens + tierCredit;
  const prefill = spec.prefillLoadScale * (Math.max(0, prefillTokens + (requestTokens - creditTokens)) / pageTokens);
  const decode = blocks + spec.activeRequestWeight * requests;
  return spec.combine === 'sum' ? prefill + decode : prefill * (decode + 1);
}
