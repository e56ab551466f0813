import type { KvTiers } from '../kv/kvTiers.ts';
import type { StepTimer } from '../timing/stepTimer.ts';
import type { EngineConfig } from './engineConfig.ts';
import type { EngineHost, EngineRole } from './engineCore.ts';
import type { PassLedger } from './passLedger.ts';
import type { RequestLog } from './requestLog.ts';
import type { RequestTable } from './requestTable.ts';

/** What every engine core is made of. */
export interface EngineSetup<Config extends EngineConfig = EngineConfig> {
  /** Number of the worker in the fleet. */
  readonly worker: number;
  readonly role: EngineRole;
  readonly config: Config;
  readonly timer: StepTimer;
  readonly table: RequestTable;
  readonly log: RequestLog;
  readonly host: EngineHost;
  readonly ledger: PassLedger;
  /** Where the worker keeps KV below GPU memory; its ranks share it. */
  readonly tiers: KvTiers | null;
}
