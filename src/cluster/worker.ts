import type { EngineCore } from '../engine/engineCore.ts';
import type { PassLedger } from '../engine/passLedger.ts';
import type { PoolSpec } from './scenario.ts';

/** One replica of the fleet. */
export interface Worker {
  /** Number in the fleet. */
  readonly index: number;
  /** Its pool's number, and its own within the pool. */
  readonly poolIndex: number;
  readonly replica: number;
  readonly pool: PoolSpec;
  /** A new one after each crash. */
  core: EngineCore;
  /** Blocks that cores lost in crashes had evicted. */
  lostEvictedBlocks: number;
  isUp: boolean;
  readonly ledger: PassLedger;
}
