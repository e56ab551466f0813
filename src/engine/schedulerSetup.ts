import type { Batch } from './batch.ts';
import type { EngineConfig } from './engineConfig.ts';
import type { EngineSetup } from './engineSetup.ts';
import type { Lane } from './lane.ts';

/** What the scheduler of one rank is made of. */
export interface SchedulerSetup<Config extends EngineConfig = EngineConfig> extends EngineSetup<Config> {
  /** All batches of the rank that may be in flight; those that are not are empty. */
  readonly batches: readonly Batch[];
  readonly lanes: readonly Lane[];
}
