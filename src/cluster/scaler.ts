import type { Fleet } from './fleet.ts';
import { boundedReplicas } from './gpuBudget.ts';
import type { LifeCycle } from './lifeCycle.ts';
import { observePool } from './observePool.ts';
import type { PlannerPolicy, PlannerSpec } from './planner.ts';
import type { PoolSpec } from './scenario.ts';
import type { ReplicaCount, ScalingDecision, ScalingRecord } from './simulationResult.ts';
import type { TrafficMeter } from './trafficMeter.ts';
import { WarmPool } from './warmPool.ts';
import type { Worker } from './worker.ts';

/** What the scaler asks of the rest of the cluster. */
export interface ScalerHost {
  /** Requests that no worker has. */
  readonly unrouted: number;
  /** A worker begins to start: one the fleet never had, or another replica in an old place. */
  starts(worker: Worker, isNew: boolean): void;
  /** Some workers get requests no more. */
  drained(): void;
}

/** Lets a planner look at every tick, and does what it decides within its limits. */
export class Scaler {
  /** The next tick. */
  nextNs: number;
  readonly traffic: TrafficMeter;
  readonly #spec: PlannerSpec;
  readonly #policy: PlannerPolicy;
  readonly #pools: readonly PoolSpec[];
  readonly #fleet: Fleet;
  readonly #lifeCycle: LifeCycle;
  readonly #host: ScalerHost;
  readonly #warm: readonly WarmPool[];
  readonly #warmGpus: number;
  #granted: readonly number[];
  #wanted: readonly number[];
  #gpusPeak: number;
  readonly #decisions: ScalingDecision[] = [];
  readonly #replicas: ReplicaCount[] = [];
  readonly #arrivals: number[] = [];

  constructor(
    spec: PlannerSpec,
    pools: readonly PoolSpec[],
    fleet: Fleet,
    lifeCycle: LifeCycle,
    traffic: TrafficMeter,
    host: ScalerHost,
  ) {
    this.#spec = spec;
    this.#pools = pools;
    this.#fleet = fleet;
    this.#lifeCycle = lifeCycle;
    this.#host = host;
    this.traffic = traffic;
    this.nextNs = spec.intervalNs;
    this.#policy = spec.createPolicy();
    this.#warm = pools.map(({ startup }) => new WarmPool(startup));
    this.#warmGpus = pools.reduce((sum, { gpusPerReplica }, pool) => sum + this.#warm[pool].nodes * gpusPerReplica, 0);
    this.#granted = pools.map(({ replicas }) => replicas);
    this.#wanted = this.#granted;
    this.#gpusPeak = 0;
    for (const pool of pools.keys()) this.note(pool, 0);
  }

  /** The policy looks and decides; replicas start and drain. The workers have been advanced to `nextNs`. */
  tick(): void {
    const nowNs = this.nextNs;
    const traffic = this.traffic.read();
    this.#arrivals.push(traffic.arrivals);
    const { replicas, reason } = this.#policy.decide({
      nowNs,
      traffic,
      unrouted: this.#host.unrouted,
      pools: this.#pools.map((_, pool) => observePool(this.#fleet.ofPool(pool))),
    });
    const granted = boundedReplicas(replicas, this.#pools, this.#spec, this.#warmGpus);
    if (differ(granted, this.#granted) || differ(replicas, this.#wanted)) {
      this.#decisions.push({ timeNs: nowNs, from: this.#granted, wanted: replicas, granted, reason });
    }
    this.#wanted = replicas;
    this.#granted = granted;
    for (const pool of this.#pools.keys()) this.#shrink(pool, nowNs);
    for (const pool of this.#pools.keys()) this.#grow(pool, nowNs);
    this.nextNs = nowNs + this.#spec.intervalNs;
  }

  /** A worker of the pool has changed its phase. */
  note(pool: number, timeNs: number): void {
    const count = { starting: 0, ready: 0, draining: 0, down: 0, absent: 0 };
    for (const { presence } of this.#fleet.ofPool(pool)) count[presence.phase] += 1;
    const { absent: _, ...counts } = count;
    this.#replicas.push({ timeNs, pool, ...counts });
    this.#gpusPeak = Math.max(this.#gpusPeak, this.#fleet.gpus + this.#warmGpus);
  }

  /** A draining worker has nothing left. */
  release(worker: Worker, nowNs: number): void {
    this.#lifeCycle.remove(worker, nowNs);
    this.note(worker.poolIndex, nowNs);
  }

  record(): ScalingRecord {
    return {
      intervalNs: this.#spec.intervalNs,
      arrivals: this.#arrivals,
      decisions: this.#decisions,
      replicas: this.#replicas,
      gpusPeak: this.#gpusPeak,
      warmReplicas: this.#warm.map(({ nodes }) => nodes),
    };
  }

  /** Replicas that are there to stay. */
  #staying(pool: number): Worker[] {
    return this.#fleet
      .ofPool(pool)
      .filter(({ presence }) => presence.phase !== 'absent' && presence.phase !== 'draining');
  }

  /** Those that are still starting go first, then the last places. */
  #shrink(pool: number, nowNs: number): void {
    const staying = this.#staying(pool);
    const surplus = staying.length - this.#granted[pool];
    if (surplus <= 0) return;
    const serves = ({ presence }: Worker): number => (presence.phase === 'starting' ? 0 : 1);
    staying.sort((a, b) => serves(a) - serves(b) || b.index - a.index);
    for (const worker of staying.slice(0, surplus)) {
      if (worker.presence.phase === 'ready' && worker.requests > 0) this.#lifeCycle.drain(worker, nowNs);
      else this.#lifeCycle.remove(worker, nowNs);
    }
    this.#host.drained();
    this.note(pool, nowNs);
  }

  /** As many as are missing, as long as there are GPUs for them: what drains still has its own. */
  #grow(pool: number, nowNs: number): void {
    const { gpusPerReplica } = this.#pools[pool];
    const missing = this.#granted[pool] - this.#staying(pool).length;
    const spare = Math.floor((this.#spec.maxGpus - this.#warmGpus - this.#fleet.gpus) / gpusPerReplica);
    const starts = Math.min(missing, spare);
    if (starts <= 0) return;
    for (let start = 0; start < starts; start++) {
      const known = this.#fleet.workers.length;
      const worker = this.#fleet.vacancy(pool);
      this.#lifeCycle.start(worker, this.#warm[pool].start(nowNs), nowNs);
      this.#host.starts(worker, this.#fleet.workers.length > known);
    }
    this.note(pool, nowNs);
  }
}

function differ(a: readonly number[], b: readonly number[]): boolean {
  return a.some((value, index) => value !== b[index]);
}
