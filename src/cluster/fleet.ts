import { LogHistogram } from '../base/logHistogram.ts';
import { RandomStream } from '../base/random.ts';
import { createEngine } from '../engine/createEngine.ts';
import type { EngineHost } from '../engine/engineCore.ts';
import type { EngineSetup } from '../engine/engineSetup.ts';
import { PassLedger } from '../engine/passLedger.ts';
import type { RequestLog } from '../engine/requestLog.ts';
import type { RequestTable } from '../engine/requestTable.ts';
import { keyedAhead } from '../engine/sglang/sglangConfig.ts';
import { createTiers } from '../kv/createTiers.ts';
import type { SharedTiers } from '../kv/kvTiers.ts';
import { PageNames } from '../kv/pageNames.ts';
import type { StepTimer } from '../timing/stepTimer.ts';
import { Pace } from './pace.ts';
import { type Phase, Presence } from './presence.ts';
import type { Role, Scenario } from './scenario.ts';
import type { WorkerTotals } from './simulationResult.ts';
import { Spells } from './spells.ts';
import type { Worker } from './worker.ts';

/** All replicas of all pools, numbered through; those that join during the run at the end. */
export class Fleet {
  readonly workers: Worker[] = [];
  /** All token gaps pooled. */
  readonly gaps = new LogHistogram();
  /** One worker of every pool, to ask what the pool can serve. */
  readonly #firstOfPool: readonly Worker[];
  readonly #scenario: Scenario;
  readonly #shared: Pick<EngineSetup, 'table' | 'log' | 'host'>;
  readonly #setups: Omit<EngineSetup, 'tiers'>[] = [];
  readonly #sharedTiers: SharedTiers = new Map();

  constructor(scenario: Scenario, table: RequestTable, log: RequestLog, host: EngineHost) {
    this.#scenario = scenario;
    this.#shared = { table, log, host };
    for (const [poolIndex, { replicas, startupNs }] of scenario.pools.entries()) {
      const phase = startupNs === undefined || startupNs === 0 ? 'ready' : 'starting';
      for (let replica = 0; replica < replicas; replica++) this.#append(poolIndex, replica, phase);
    }
    for (const [poolIndex, { replicas }] of scenario.pools.entries()) {
      if (replicas === 0) this.#append(poolIndex, 0, 'absent');
    }
    this.#firstOfPool = this.workers.filter(({ replica }) => replica === 0);
  }

  get passes(): number {
    let passes = 0;
    for (const { ledger } of this.workers) passes += ledger.passes;
    return passes;
  }

  /** GPUs that replicas hold. */
  get gpus(): number {
    let gpus = 0;
    for (const { pool, presence } of this.workers) if (presence.phase !== 'absent') gpus += pool.gpusPerReplica;
    return gpus;
  }

  /** Whether all replicas there ever were are ready. */
  get isWhole(): boolean {
    return this.workers.every(({ presence }) => presence.phase === 'ready');
  }

  ofRole(role: Role): Worker[] {
    return this.workers.filter(({ pool }) => pool.role === role);
  }

  ofPool(poolIndex: number): Worker[] {
    return this.workers.filter((worker) => worker.poolIndex === poolIndex);
  }

  /** Whether every pool could ever serve such a request. */
  admits(inputTokens: number, outputTokens: number): boolean {
    return this.#firstOfPool.every(({ core }) => core.admits(inputTokens, outputTokens));
  }

  totals(nowNs: number): WorkerTotals[] {
    return this.workers.map(({ poolIndex, replica, core, lostEvictedBlocks, presence }) => {
      const totals = core.totals();
      const evictedBlocks = totals.evictedBlocks + lostEvictedBlocks;
      return { pool: poolIndex, replica, presence: presence.times(nowNs), ...totals, evictedBlocks };
    });
  }

  /** The first place of the pool that is free, with an empty engine; a new one if none is. */
  vacancy(poolIndex: number): Worker {
    const places = this.ofPool(poolIndex);
    const vacant = places.find(({ presence }) => presence.phase === 'absent');
    if (vacant === undefined) return this.#append(poolIndex, places.length, 'absent');
    this.wipe(vacant);
    return vacant;
  }

  /** The worker loses all it has, the passes in flight with it, and has an empty engine. */
  wipe(worker: Worker): void {
    worker.lostEvictedBlocks += worker.core.totals().evictedBlocks;
    Object.assign(worker, this.#engineOf(worker.index));
    worker.requests = 0;
  }

  /** An empty engine for the worker. What it has in tiers of its own is lost, too. */
  #engineOf(index: number): Pick<Worker, 'core' | 'tiers'> {
    const { core } = this.#scenario;
    const setup = this.#setups[index];
    const { config, table, ledger } = setup;
    const ahead = config.backend === 'sglang' ? keyedAhead(config) : 0;
    const names = new PageNames(table.workload, table.namedTokens, config.blockTokens, ahead);
    const tiers = createTiers(core, config.tiers, names, this.#sharedTiers, ledger.tiers);
    return { core: createEngine(core, { ...setup, tiers }), tiers };
  }

  /** null: passes of the worker always last as long as its timer says. */
  #paceOf(index: number, timer: StepTimer): Pace | null {
    const { faults, seed } = this.#scenario;
    const stragglers = (faults?.stragglers ?? []).filter(({ worker }) => worker === index);
    const random = faults?.randomStragglers;
    if (stragglers.length === 0 && random === undefined) return null;
    const spells = random === undefined ? null : new Spells(new RandomStream(seed, 'stragglers', index), random);
    return new Pace(timer, stragglers, spells);
  }

  #append(poolIndex: number, replica: number, phase: Phase): Worker {
    const { pools } = this.#scenario;
    const pool = pools[poolIndex];
    const index = this.workers.length;
    const ledger = new PassLedger(this.gaps, pool.engine.tiers);
    const pace = this.#paceOf(index, pool.timer);
    this.#setups.push({
      ...this.#shared,
      worker: index,
      role: pool.role,
      config: pool.engine,
      timer: pace ?? pool.timer,
      ledger,
    });
    const worker: Worker = {
      index,
      poolIndex,
      replica,
      pool,
      ...this.#engineOf(index),
      ledger,
      lostEvictedBlocks: 0,
      presence: new Presence(phase),
      requests: 0,
      pace,
    };
    this.workers.push(worker);
    return worker;
  }
}
