import { LogHistogram } from '../base/logHistogram.ts';
import { createEngine } from '../engine/createEngine.ts';
import type { EngineHost } from '../engine/engineCore.ts';
import type { EngineSetup } from '../engine/engineSetup.ts';
import { PassLedger } from '../engine/passLedger.ts';
import type { RequestLog } from '../engine/requestLog.ts';
import type { RequestTable } from '../engine/requestTable.ts';
import type { StepTimer } from '../timing/stepTimer.ts';
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
  readonly #core: Scenario['core'];
  readonly #setups: EngineSetup[] = [];

  constructor(scenario: Scenario, table: RequestTable, log: RequestLog, host: EngineHost) {
    const workers: Worker[] = [];
    this.#core = scenario.core;
    for (const [poolIndex, pool] of scenario.pools.entries()) {
      for (let replica = 0; replica < pool.replicas; replica++) {
        const index = workers.length;
        const ledger = new PassLedger(this.gaps);
        const factor = scenario.faults?.stragglers.find(({ worker }) => worker === index)?.factor ?? 1;
        const timer = factor === 1 ? pool.timer : slowed(pool.timer, factor);
        this.#setups.push({ worker: index, role: pool.role, config: pool.engine, timer, table, log, host, ledger });
        const core = createEngine(scenario.core, this.#setups[index]);
        workers.push({ index, poolIndex, replica, pool, core, ledger, lostEvictedBlocks: 0, isUp: true });
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
    return this.workers.map(({ poolIndex, replica, core, lostEvictedBlocks }) => {
      const totals = core.totals();
      return { pool: poolIndex, replica, ...totals, evictedBlocks: totals.evictedBlocks + lostEvictedBlocks };
    });
  }

  /** The worker loses all it has, the passes in flight with it, and has an empty engine. */
  wipe(worker: Worker): void {
    worker.lostEvictedBlocks += worker.core.totals().evictedBlocks;
    worker.core = createEngine(this.#core, this.#setups[worker.index]);
  }
}

/** A timer whose passes last `factor` times as long. */
function slowed(timer: StepTimer, factor: number): StepTimer {
  return {
    window: timer.window,
    passNs: (shape) => Math.round(factor * timer.passNs(shape)),
    decodeNs: (sequences, context, windowed) => Math.round(factor * timer.decodeNs(sequences, context, windowed)),
    boundOf: (shape) => timer.boundOf(shape),
  };
}
