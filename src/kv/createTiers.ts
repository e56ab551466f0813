import type { KvTiers, SharedTiers, TiersSpec, TierUse } from './kvTiers.ts';
import type { PageNames } from './pageNames.ts';
import { PlainTiers } from './plainTiers.ts';
import { RunTiers } from './runTiers.ts';

/** A worker's tiers, or null if it has none. */
export function createTiers(
  core: 'fast' | 'plain',
  spec: TiersSpec | undefined,
  names: PageNames,
  shared: SharedTiers,
  uses: readonly TierUse[],
): KvTiers | null {
  if (spec === undefined) return null;
  return core === 'fast' ? new RunTiers(spec, names, shared, uses) : new PlainTiers(spec, names, shared, uses);
}
