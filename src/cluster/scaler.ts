import type { Fleet } from './fleet.ts';
import { boundedReplicas } from './gpuBudget.ts';
import type { LifeCycle } from './lifeCycle.ts';
import { observePool } from './observePool.ts';
import type { PlannerPolicy, PlannerSpec } from './planner.ts';
import { RoleChanges } from './roleChanges.ts';
import type { RouterSpec } from './router/routerSpec.ts';
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
  starts(worker: Worker, isNew: boolean, nowNs: number): void;
  /** Requests go by another router from now on. */
  reroutes(router: RouterSpec): void;
  /** Some workers get requests no more. */
  drained(): void;
  /** A worker has nothing left, and its node is to take another role: `changeRole` is due at once. */
  changesRole(worker: Worker, nowNs: number): void;
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
  readonly #roles: RoleChanges;
  #granted: readonly number[];
  #wanted: readonly number[];
  #router = 0;
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
    this.#roles = new RoleChanges(spec.kinds);
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
    const { replicas, router, reason } = this.#policy.decide({
      nowNs,
      traffic,
      unrouted: this.#host.unrouted,
      pools: this.#pools.map((_, pool) => observePool(this.#fleet.ofPool(pool), this.#roles.promised(pool))),
    });
    const granted = boundedReplicas(replicas, this.#pools, this.#spec, this.#warmGpus);
    const isRerouted = router !== undefined && router !== this.#router;
    if (isRerouted) this.#reroute(router);
    const isNew = isRerouted || differ(granted, this.#granted) || differ(replicas, this.#wanted);
    const from = this.#granted;
    this.#wanted = replicas;
    this.#granted = granted;
    const missing = this.#pools.map((_, pool) => this.#missing(pool));
    const moves = this.#pools.flatMap((_, pool) => this.#shrink(pool, missing, nowNs));
    if (isNew) {
      this.#decisions.push({ timeNs: nowNs, from, wanted: replicas, granted, reason: [reason, ...moves].join('; ') });
    }
    for (const pool of this.#pools.keys()) this.#grow(pool, nowNs);
    this.nextNs = nowNs + this.#spec.intervalNs;
  }

  #reroute(router: number): void {
    this.#router = router;
    this.#host.reroutes(this.#spec.routers![router]);
  }

  /** The worker has come up or gone down. */
  changed(worker: Worker, nowNs: number): void {
    if (worker.presence.phase === 'absent') this.#roles.take(worker);
    this.note(worker.poolIndex, nowNs);
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
    if (this.#roles.isPromised(worker)) {
      this.#host.changesRole(worker, nowNs);
      return;
    }
    this.#lifeCycle.remove(worker, nowNs);
    this.note(worker.poolIndex, nowNs);
  }

  /** A node changes hands, unless its replica has crashed meanwhile: weights stay, the engine only warms up. */
  changeRole(worker: Worker, nowNs: number): void {
    if (worker.presence.phase !== 'draining') return;
    const heir = this.#roles.take(worker);
    this.release(worker, nowNs);
    if (heir < 0) return;
    this.#roles.done += 1;
    this.#start(heir, nowNs + (this.#pools[heir].startup?.warmupNs ?? 0), nowNs);
    this.note(heir, nowNs);
  }

  record(): ScalingRecord {
    return {
      intervalNs: this.#spec.intervalNs,
      arrivals: this.#arrivals,
      decisions: this.#decisions,
      replicas: this.#replicas,
      gpusPeak: this.#gpusPeak,
      warmReplicas: this.#warm.map(({ nodes }) => nodes),
      reroled: this.#roles.done,
    };
  }

  /** Replicas that are there to stay. */
  #staying(pool: number): Worker[] {
    return this.#fleet
      .ofPool(pool)
      .filter(({ presence }) => presence.phase !== 'absent' && presence.phase !== 'draining');
  }

  /** Replicas to be asked for; those not needed any more are taken off nodes that are on their way to the pool. */
  #missing(pool: number): number {
    const missing = this.#granted[pool] - this.#staying(pool).length - this.#roles.promised(pool);
    if (missing < 0) this.#roles.withdraw(pool, -missing);
    return missing;
  }

  /**
   * Those on their way to the pool are given up first, those that are still starting next, then the last places. What serves
   * hands its node to a pool of its kind that misses replicas; says so, pool by pool.
   */
  #shrink(pool: number, missing: number[], nowNs: number): string[] {
    const staying = this.#staying(pool);
    const surplus = staying.length - this.#granted[pool];
    if (surplus <= 0) return [];
    const serves = ({ presence }: Worker): number => (presence.phase === 'starting' ? 0 : 1);
    staying.sort((a, b) => serves(a) - serves(b) || b.index - a.index);
    const moved = new Array<number>(missing.length).fill(0);
    for (const worker of staying.slice(0, surplus)) {
      const heir = worker.presence.phase === 'ready' ? this.#roles.promise(worker, missing) : -1;
      if (heir >= 0) {
        missing[heir] -= 1;
        moved[heir] += 1;
      }
      if (worker.presence.phase === 'ready' && (worker.requests > 0 || heir >= 0)) {
        this.#lifeCycle.drain(worker, nowNs);
        if (worker.requests === 0) this.release(worker, nowNs);
      } else {
        this.#lifeCycle.remove(worker, nowNs);
      }
    }
    this.#host.drained();
    this.note(pool, nowNs);
    const nameOf = (index: number): string => this.#pools[index].name;
    return moved.flatMap((count, heir) => (count > 0 ? [`${count} of ${nameOf(pool)} to ${nameOf(heir)}`] : []));
  }

  /** As many as are missing, as long as there are GPUs for them: what drains still has its own. */
  #grow(pool: number, nowNs: number): void {
    const { gpusPerReplica } = this.#pools[pool];
    const missing = this.#granted[pool] - this.#staying(pool).length - this.#roles.promised(pool);
    const spare = Math.floor((this.#spec.maxGpus - this.#warmGpus - this.#fleet.gpus) / gpusPerReplica);
    const starts = Math.min(missing, spare);
    if (starts <= 0) return;
    for (let start = 0; start < starts; start++) this.#start(pool, this.#warm[pool].start(nowNs), nowNs);
    this.note(pool, nowNs);
  }

  #start(pool: number, upNs: number, nowNs: number): void {
    const known = this.#fleet.workers.length;
    const worker = this.#fleet.vacancy(pool);
    this.#lifeCycle.start(worker, upNs, nowNs);
    this.#host.starts(worker, this.#fleet.workers.length > known, nowNs);
  }
}

function differ(a: readonly number[], b: readonly number[]): boolean {
  return a.some((value, index) => value !== b[index]);
}
