import type { Scenario } from '../cluster/scenario.ts';
import type { SimulationResult } from '../cluster/simulationResult.ts';
import type { TierName } from '../kv/kvTiers.ts';
import type { TierReport } from './report.ts';

/** What went through each tier; null where no pool has any. A shared tier has one channel, others one for each replica. */
export function tiersOf(
  { workers, durationNs }: SimulationResult,
  { pools }: Scenario,
): Record<string, TierReport> | null {
  const sums = new Map<TierName, { loaded: number; stored: number; busyNs: number; busiestNs: number }>();
  for (const { pool, tiers } of workers) {
    const pageBytes = pools[pool].engine.tiers?.pageBytes ?? 0;
    for (const { name, loadedPages, storedPages, busyNs } of tiers) {
      const sum = sums.get(name) ?? { loaded: 0, stored: 0, busyNs: 0, busiestNs: 0 };
      sum.loaded += loadedPages * pageBytes;
      sum.stored += storedPages * pageBytes;
      sum.busyNs += busyNs;
      sum.busiestNs = Math.max(sum.busiestNs, busyNs);
      sums.set(name, sum);
    }
  }
  if (sums.size === 0) return null;
  const busyRatio = (name: TierName, ns: { busyNs: number; busiestNs: number }): number =>
    durationNs === 0 ? 0 : (name === 'shared' ? ns.busyNs : ns.busiestNs) / durationNs;
  return Object.fromEntries(
    [...sums].map(([name, { loaded, stored, ...ns }]) => [
      name,
      { loaded_bytes: loaded, stored_bytes: stored, busiest_channel_busy_ratio: busyRatio(name, ns) },
    ]),
  );
}
