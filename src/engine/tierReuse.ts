import type { KvTiers } from '../kv/kvTiers.ts';
import type { RequestLog } from './requestLog.ts';

/** Writes down where the request's pages [from, to) are fetched from, unless it has run before. */
export function noteReuse(
  log: RequestLog,
  tiers: KvTiers,
  request: number,
  from: number,
  to: number,
  pageTokens: number,
) {
  if (log.scheduledNs[request] >= 0) return;
  const byTier = tiers.pagesByTier(request, from, to);
  for (const [index, name] of tiers.names.entries()) log.reuseFrom(request, name, byTier[index] * pageTokens);
}
