import { LogHistogram } from '../base/logHistogram.ts';
import { createEngine } from '../engine/createEngine.ts';
import type { EngineHost } from '../engine/engineCore.ts';
import { PassLedger } from '../engine/passLedger.ts';
import type { RequestLog } from '../engine/requestLog.ts';
import type { RequestTable } from '../engine/requestTable.ts';
import type { Role, Scenario } from './scenario.ts';
import type { WorkerTotals } from './simulationResult.ts';
import type { Worker } from './worker.ts';

/** All replicas of all pools, numbered through. */
export class Fleet {
  readonly workers: readonly Worker[];
  /** All token gaps pooled. */
  readonly gaps = new LogHistogram();
  /** One worker of every pool, to ask what the pool can serve. */
  readonly #firstOfPool: readonly Worker[];

  constructor(scenario: Scenario, table: RequestTable, log: RequestLog, host: EngineHost) {
    const workers: Worker[] = [];
    for (const [poolIndex, pool] of scenario.pools.entries()) {
      for (let replica = 0; replica < pool.replicas; replica++) {
        const index = workers.length;
        const ledger = new PassLedger(this.gaps);
        const core = createEngine(scenario.core, {
          worker: index,
          role: pool.role,
          config: pool.engine,
          timer: pool.timer,
          table,
          log,
          host,
          ledger,
        });
        workers.push({ index, poolIndex, replica, pool, core, ledger });
      }
    }
    this.workers = workers;
    this.#firstOfPool = workers.filter(({ replica }) => replica === 0);
  }

  get passes(): number {
    let passes = 0;
    for (const { ledger } of this.workers) passes += ledger.passes;
    return passes;
  }

  ofRole(role: Role): readonly Worker[] {
    return this.workers.filter(({ pool }) => pool.role === role);
  }

  /** Whether every pool could ever serve such a request. */
  admits(inputTokens: number, outputTokens: number): boolean {
    return this.#firstOfPool.every(({ core }) => core.admits(inputTokens, outputTokens));
  }

  totals(): WorkerTotals[] {
    return this.workers.map(({ poolIndex, replica, core }) => ({ pool: poolIndex, replica, ...core.totals() }));
  }
}
