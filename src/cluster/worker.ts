import type { EngineCore } from '../engine/engineCore.ts';
import type { PassLedger } from '../engine/passLedger.ts';
import type { KvTiers } from '../kv/kvTiers.ts';
import type { Pace } from './pace.ts';
import type { Presence } from './presence.ts';
import type { PoolSpec } from './scenario.ts';

/** One replica of the fleet. After it has left, its place and number go to the next one of its pool. */
export interface Worker {
  /** Number in the fleet. */
  readonly index: number;
  /** Its pool's number, and its own within the pool. */
  readonly poolIndex: number;
  readonly replica: number;
  readonly pool: PoolSpec;
  /** A new one after each crash, and each time the place is taken. */
  core: EngineCore;
  /** What its core has below GPU memory. */
  tiers: KvTiers | null;
  /** Blocks that former cores had evicted. */
  lostEvictedBlocks: number;
  readonly presence: Presence;
  /** Requests it has, KV held for a decode worker included. */
  requests: number;
  readonly ledger: PassLedger;
  /** Null: it keeps its pool's pace. */
  readonly pace: Pace | null;
}
