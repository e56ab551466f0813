import type { LogHistogram } from '../base/logHistogram.ts';
import type { TiersSpec, TierUse } from '../kv/kvTiers.ts';
import { BOUNDS } from '../timing/stepTimer.ts';
import type { EngineTotals } from './engineTotals.ts';
import { FamilyTimes } from './familyTimes.ts';

/** Running totals of one worker. `gaps` is shared by all workers of a simulation. */
export class PassLedger {
  readonly gaps: LogHistogram;
  passes = 0;
  busyNs = 0;
  batchSum = 0;
  preemptions = 0;
  lookupTokens = 0;
  hitTokens = 0;
  /** Decodes of one sequence in one pass that had drafts to verify, and drafts accepted in them. */
  draftedDecodes = 0;
  acceptedDrafts = 0;
  /** Of the pass that ended last: its duration, new prompt tokens and decoding sequences. */
  lastNs = 0;
  lastPrefillTokens = 0;
  lastDecodes = 0;
  readonly tiers: readonly TierUse[];
  readonly prefillBoundNs = BOUNDS.map(() => 0);
  readonly decodeBoundNs = BOUNDS.map(() => 0);
  readonly families = new FamilyTimes();

  constructor(gaps: LogHistogram, tiers?: TiersSpec) {
    this.gaps = gaps;
    this.tiers = (tiers?.levels ?? []).map(({ name }) => ({ name, loadedPages: 0, storedPages: 0, busyNs: 0 }));
  }

  totals(usableBlocks: number, evictedBlocks: number): EngineTotals {
    const { passes, busyNs, batchSum, preemptions, lookupTokens, hitTokens, draftedDecodes, acceptedDrafts } = this;
    return {
      passes,
      busyNs,
      prefillBoundNs: [...this.prefillBoundNs],
      decodeBoundNs: [...this.decodeBoundNs],
      familyNs: [...this.families.ns],
      defaultConstantsNs: this.families.defaultNs,
      preemptions,
      batchSum,
      usableBlocks,
      evictedBlocks,
      lookupTokens,
      hitTokens,
      draftedDecodes,
      acceptedDrafts,
      tiers: this.tiers.map((use) => ({ ...use })),
    };
  }
}
