import { EventQueue } from '../base/eventQueue.ts';
import { ExactSum } from '../base/exactSum.ts';
import { IndexedHeap } from '../base/indexedHeap.ts';
import { LogHistogram } from '../base/logHistogram.ts';
import { NS_PER_S } from '../base/units.ts';
import { createEngine } from '../engine/createEngine.ts';
import type { EngineCore, EngineHost } from '../engine/engineCore.ts';
import { PassLedger } from '../engine/passLedger.ts';
import { OUTCOME, RequestLog, STATE } from '../engine/requestLog.ts';
import { buildRequestTable, type RequestTable } from '../engine/requestTable.ts';
import { Arrivals } from './arrivals.ts';
import { FleetSampler } from './fleetSampler.ts';
import { FrontEnd } from './frontEnd.ts';
import { createRouter } from './router/createRouter.ts';
import type { Candidate, Router } from './router/router.ts';
import type { PoolSpec, Role, Scenario, TransferSpec } from './scenario.ts';
import type { SimulationResult } from './simulationResult.ts';

/**
 * Kinds of cluster events, numbered in the order in which those of equal time happen. Workers' own kinds (PASS_END first,
 * BATCH_FORMATION last) frame them; within a kind the order is by worker, then by request.
 */
const TRANSFER_END = 1;
const FOLLOW_UP = 3;
/** A request comes from outside, or (from the timers, and first) out of the front end. */
const ARRIVAL = 4;

/** A running simulation: pure, resumable, observable between events. */
export interface Simulation {
  /**
   * Executes whole events until at least `maxPasses` more passes have run or nothing is left (one event may end a run of
   * many passes); returns whether everything is done.
   */
  advance(maxPasses: number): boolean;
  status(): { readonly timeNs: number; readonly passes: number; readonly inFlight: number; readonly done: boolean };
  /** What happened so far; complete once `advance` has returned true. */
  result(): SimulationResult;
}

/** Runs a scenario to its end. */
export function simulate(scenario: Scenario): SimulationResult {
  const simulation = createSimulation(scenario);
  simulation.advance(Number.POSITIVE_INFINITY);
  return simulation.result();
}

/** Sets a scenario up at time 0. Throws an Error on a scenario that breaks its own contract. */
export function createSimulation(scenario: Scenario): Simulation {
  return new Cluster(scenario);
}

/** Workers that share a router: one role. */
interface Group {
  readonly candidates: readonly Candidate[];
  readonly router: Router;
}

class Cluster implements Simulation, EngineHost {
  readonly #scenario: Scenario;
  readonly #table: RequestTable;
  readonly #log: RequestLog;
  readonly #arrivals: Arrivals;
  readonly #cores: EngineCore[] = [];
  /** One worker of every pool, to ask what the pool can serve. */
  readonly #firstOfPool: EngineCore[] = [];
  readonly #ledgers: PassLedger[] = [];
  readonly #poolOf: number[] = [];
  readonly #replicaOf: number[] = [];
  readonly #frontEnd: FrontEnd | null;
  readonly #entry: Group;
  readonly #decode: Group | null;
  readonly #transfer: TransferSpec | null;
  readonly #gaps = new LogHistogram();
  readonly #workers: IndexedHeap;
  readonly #timers = new EventQueue();
  /** Prefill worker of requests on their way through prefill and transfer. */
  readonly #prefillWorker: Int32Array;
  readonly #prefilled: Uint8Array;
  readonly #sampler: FleetSampler | null;
  readonly #inFlightIntegralNs = new ExactSum();
  #inFlight = 0;
  #submitted = 0;
  #nowNs = 0;
  #countedNs = 0;
  #done = false;

  constructor(scenario: Scenario) {
    checkScenario(scenario);
    const { workload, pools } = scenario;
    this.#scenario = scenario;
    const contextLength = Math.min(...pools.map((pool) => pool.engine.contextLength));
    const truncateTo = scenario.overLength === 'truncate' ? contextLength : Number.POSITIVE_INFINITY;
    this.#table = buildRequestTable(workload, truncateTo);
    this.#log = new RequestLog(workload.count);
    this.#arrivals = new Arrivals(workload, scenario.load, scenario.maxVirtualNs);
    for (const [index, pool] of pools.entries()) this.#addPool(index, pool);
    this.#workers = new IndexedHeap(this.#cores.length);
    this.#frontEnd = scenario.frontEnd === undefined ? null : new FrontEnd(scenario.frontEnd);
    const split = pools.some((pool) => pool.role !== 'aggregated');
    this.#entry = this.#group(split ? 'prefill' : 'aggregated');
    this.#decode = split ? this.#group('decode') : null;
    this.#transfer = split ? scenario.transfer : null;
    this.#prefillWorker = new Int32Array(split ? workload.count : 0);
    this.#prefilled = new Uint8Array(split ? workload.count : 0);
    this.#sampler = scenario.samples > 0 ? new FleetSampler(scenario.samples) : null;
    if (scenario.load.kind === 'closed') {
      for (let slot = 0; slot < scenario.load.concurrency; slot++) this.#startNextSession(0);
    }
  }

  advance(maxPasses: number): boolean {
    let passes = this.#passes();
    const limit = passes + maxPasses;
    while (!this.#done && passes < limit) {
      this.#step();
      if (limit !== Number.POSITIVE_INFINITY) passes = this.#passes();
    }
    return this.#done;
  }

  status() {
    return { timeNs: this.#nowNs, passes: this.#passes(), inFlight: this.#inFlight, done: this.#done };
  }

  result(): SimulationResult {
    return {
      log: this.#log,
      submitted: this.#submitted,
      durationNs: this.#nowNs,
      passes: this.#passes(),
      workers: this.#cores.map((core, worker) => ({
        pool: this.#poolOf[worker],
        replica: this.#replicaOf[worker],
        ...core.totals(),
      })),
      gaps: this.#gaps,
      inFlightIntegralNs: this.#inFlightIntegralNs,
      samples: this.#sampler?.samples() ?? null,
    };
  }

  // ---- what workers report --------------------------------------------------------------------------------------

  finished(_worker: number, request: number, nowNs: number): void {
    this.#log.outcome[request] = OUTCOME.completed;
    this.#leave(request, nowNs);
  }

  prefilled(_worker: number, request: number, nowNs: number): void {
    this.#prefilled[request] = 1;
    this.#timers.push(nowNs, FOLLOW_UP, request);
  }

  reserved(_worker: number, request: number, missingTokens: number, nowNs: number): void {
    const { bandwidthBytesPerS, latencyNs, kvBytesPerToken } = this.#transfer!;
    const wireNs = Math.round(((missingTokens * kvBytesPerToken) / bandwidthBytesPerS) * NS_PER_S);
    this.#timers.push(nowNs + latencyNs + wireNs, TRANSFER_END, request);
  }

  // ---- setting up -----------------------------------------------------------------------------------------------

  #addPool(index: number, pool: PoolSpec): void {
    const first = this.#cores.length;
    for (let replica = 0; replica < pool.replicas; replica++) {
      const ledger = new PassLedger(this.#gaps);
      this.#ledgers.push(ledger);
      this.#poolOf.push(index);
      this.#replicaOf.push(replica);
      this.#cores.push(
        createEngine(this.#scenario.core, {
          worker: this.#cores.length,
          role: pool.role,
          config: pool.engine,
          timer: pool.timer,
          table: this.#table,
          log: this.#log,
          host: this,
          ledger,
        }),
      );
    }
    this.#firstOfPool.push(this.#cores[first]);
  }

  #group(role: Role): Group {
    const { pools, router, seed } = this.#scenario;
    const candidates: Candidate[] = [];
    for (const [worker, core] of this.#cores.entries()) {
      const pool = pools[this.#poolOf[worker]];
      if (pool.role === role) candidates.push({ worker, core, pageTokens: pool.engine.blockTokens });
    }
    return { candidates, router: createRouter(router, seed, role) };
  }

  // ---- the clock ------------------------------------------------------------------------------------------------

  #passes(): number {
    let passes = 0;
    for (const ledger of this.#ledgers) passes += ledger.passes;
    return passes;
  }

  /** Executes the next event in the total order. */
  #step(): void {
    const workers = this.#workers;
    const timers = this.#timers;
    let timeNs = workers.topTime;
    let kind = workers.topKind;
    if (timers.size > 0 && isBefore(timers.topTime, timers.topKind, timeNs, kind)) {
      timeNs = timers.topTime;
      kind = timers.topKind;
    }
    const comesFromOutside = isBefore(this.#arrivals.nextNs, ARRIVAL, timeNs, kind);
    if (comesFromOutside) {
      timeNs = this.#arrivals.nextNs;
      kind = ARRIVAL;
    }
    if (timeNs === Number.POSITIVE_INFINITY) {
      this.#finish();
      return;
    }
    if (this.#sampler !== null) this.#sampleUntil(this.#sampler, timeNs);
    this.#nowNs = timeNs;
    if (comesFromOutside) {
      this.#arrive(this.#arrivals.take(), timeNs);
    } else if (kind === TRANSFER_END) {
      const request = timers.topId;
      timers.pop();
      this.#endTransfer(request, timeNs);
    } else if (kind === ARRIVAL) {
      const request = timers.topId;
      timers.pop();
      this.#log.spend(request, STATE.frontEnd, timeNs - this.#log.arrivalNs[request]);
      this.#enter(request, timeNs);
    } else if (kind === FOLLOW_UP) {
      const request = timers.topId;
      timers.pop();
      this.#followUp(request, timeNs);
    } else {
      const worker = workers.topSlot;
      this.#cores[worker].runEvent();
      this.#reschedule(worker);
    }
  }

  #finish(): void {
    if (this.#inFlight > 0) throw new Error(`${this.#inFlight} requests can never finish`);
    this.#done = true;
  }

  #reschedule(worker: number): void {
    const core = this.#cores[worker];
    this.#workers.update(worker, core.nextEventNs, core.nextEventKind);
  }

  #sampleUntil(sampler: FleetSampler, timeNs: number): void {
    while (sampler.nextNs < timeNs) {
      for (const core of this.#cores) core.advanceTo(sampler.nextNs);
      sampler.sample(this.#cores, this.#inFlight);
    }
  }

  /** Requests in flight change by `change` at `nowNs`. */
  #count(change: number, nowNs: number): void {
    this.#inFlightIntegralNs.addProduct(this.#inFlight, nowNs - this.#countedNs);
    this.#countedNs = nowNs;
    this.#inFlight += change;
  }

  // ---- a request's way ------------------------------------------------------------------------------------------

  #arrive(request: number, nowNs: number): void {
    const input = this.#table.inputTokens[request];
    const output = this.#table.outputTokens[request];
    const servable = this.#firstOfPool.every((core) => core.admits(input, output));
    if (!servable && this.#scenario.overLength === 'drop') {
      this.#continueSession(request, nowNs);
      return;
    }
    this.#submitted += 1;
    this.#log.arrivalNs[request] = nowNs;
    if (!servable) {
      this.#log.outcome[request] = OUTCOME.rejected;
      this.#continueSession(request, nowNs);
      return;
    }
    this.#count(1, nowNs);
    const releaseNs = this.#frontEnd === null ? nowNs : this.#frontEnd.releaseNs(nowNs, input);
    if (releaseNs > nowNs) this.#timers.push(releaseNs, ARRIVAL, request);
    else this.#enter(request, nowNs);
  }

  /** The request has reached the router. */
  #enter(request: number, nowNs: number): void {
    const worker = this.#choose(this.#entry, request, nowNs);
    if (this.#decode !== null) this.#prefillWorker[request] = worker;
    this.#log.worker[request] = worker;
    this.#cores[worker].enqueue(request, nowNs);
    this.#reschedule(worker);
  }

  #choose(group: Group, request: number, nowNs: number): number {
    const { candidates, router } = group;
    if (router.readsState) for (const candidate of candidates) candidate.core.advanceTo(nowNs);
    return candidates[router.choose(request, this.#table.inputTokens[request], candidates)].worker;
  }

  #followUp(request: number, nowNs: number): void {
    if (this.#decode === null || this.#prefilled[request] === 0) {
      this.#arrive(request, nowNs);
      return;
    }
    const worker = this.#choose(this.#decode, request, nowNs);
    this.#log.worker[request] = worker;
    this.#cores[worker].enqueueRemote(request, nowNs);
    this.#reschedule(worker);
  }

  #endTransfer(request: number, nowNs: number): void {
    const decode = this.#log.worker[request];
    const prefill = this.#prefillWorker[request];
    this.#cores[decode].remoteArrived(request, nowNs);
    this.#reschedule(decode);
    this.#cores[prefill].releaseHeld(request, nowNs);
    this.#reschedule(prefill);
  }

  #leave(request: number, nowNs: number): void {
    this.#count(-1, nowNs);
    this.#continueSession(request, nowNs);
  }

  /** The request is over at `nowNs`: its session's next turn, or in a closed loop the slot's next session, is due. */
  #continueSession(request: number, nowNs: number): void {
    const next = this.#scenario.workload.nextTurn[request];
    if (next >= 0) {
      const timeNs = nowNs + this.#arrivals.thinkNs(next);
      if (timeNs <= this.#scenario.maxVirtualNs) this.#timers.push(timeNs, FOLLOW_UP, next);
    } else if (this.#scenario.load.kind === 'closed') {
      this.#startNextSession(nowNs);
    }
  }

  #startNextSession(nowNs: number): void {
    const request = this.#arrivals.takeForSlot(nowNs);
    if (request >= 0) this.#timers.push(nowNs, FOLLOW_UP, request);
  }
}

function isBefore(timeNs: number, kind: number, otherNs: number, otherKind: number): boolean {
  return timeNs < otherNs || (timeNs === otherNs && kind < otherKind);
}

function checkScenario(scenario: Scenario): void {
  const roles = new Set(scenario.pools.map((pool) => pool.role));
  const aggregated = roles.has('aggregated') && roles.size === 1;
  const split = roles.has('prefill') && roles.has('decode') && roles.size === 2;
  if (!aggregated && !split) throw new Error('pools must be all aggregated, or prefill and decode');
  if (split && scenario.transfer === null) throw new Error('prefill and decode pools need a transfer');
  for (const { name, engine, replicas, timer } of scenario.pools) {
    if (replicas < 1) throw new Error(`pool ${name} has no replicas`);
    if (engine.backend === 'vllm' && engine.maxSequences > engine.maxBatchedTokens)
      throw new Error(`pool ${name}: more sequences than tokens a pass`);
    if (engine.blocks < 2) throw new Error(`pool ${name} has no usable KV block`);
    if (timer.window < 0) throw new Error(`pool ${name}: negative window`);
  }
}
