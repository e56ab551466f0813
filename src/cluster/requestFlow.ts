import type { EngineHost } from '../engine/engineCore.ts';
import { OUTCOME, RequestLog, STATE } from '../engine/requestLog.ts';
import { buildRequestTable, type RequestTable } from '../engine/requestTable.ts';
import { Arrivals } from './arrivals.ts';
import { Census } from './census.ts';
import { Clock } from './clock.ts';
import { ARRIVAL, ONBOARDED, ROLE_CHANGE, ROUTER_RELEASE } from './eventKinds.ts';
import { mayCrash } from './faultSpec.ts';
import { Fleet } from './fleet.ts';
import { FrontEnd } from './frontEnd.ts';
import { Handoff, type HandoffHost } from './handoff.ts';
import { LifeCycle } from './lifeCycle.ts';
import { mayRunAhead } from './lookahead.ts';
import { type MishapHost, Mishaps } from './mishaps.ts';
import { Network } from './network/network.ts';
import { Onboarding } from './onboarding.ts';
import { RoleGroups } from './roleGroups.ts';
import type { RouterSpec } from './router/routerSpec.ts';
import { Scaler, type ScalerHost } from './scaler.ts';
import type { Scenario } from './scenario.ts';
import { Sessions } from './sessions.ts';
import type { HandOvers } from './simulationResult.ts';
import { TrafficMeter } from './trafficMeter.ts';
import type { Worker } from './worker.ts';
import { WorkerGroup } from './workerGroup.ts';

/** A request's way: arrival, front end, router, worker (or prefill worker, hand-over, decode worker), end; then its session's next turn. */
export class RequestFlow implements EngineHost, ScalerHost, HandoffHost, MishapHost {
  readonly table: RequestTable;
  readonly log: RequestLog;
  readonly census = new Census();
  readonly fleet: Fleet;
  readonly clock: Clock;
  readonly network: Network | null;
  readonly lifeCycle: LifeCycle | null;
  readonly scaler: Scaler | null = null;
  readonly #scenario: Scenario;
  readonly #arrivals: Arrivals;
  readonly #sessions: Sessions;
  readonly #frontEnd: FrontEnd | null;
  readonly #roles: RoleGroups;
  readonly #handoff: Handoff | null;
  /** When requests that the router held back came to it. */
  readonly #routedNs: Float64Array;
  /** Requests that no worker is up for, and since when they wait. */
  readonly #stranded = new Map<number, number>();
  readonly mishaps: Mishaps;
  readonly #onboarding = new Onboarding();
  #inFrontEnd = 0;
  readonly #runsAhead: boolean;
  /** The fleet as the planner left it. */
  #isWhole: boolean;
  /** The time for which a release is due; -1 = none is. */
  #releaseNs = -1;

  constructor(scenario: Scenario) {
    const { workload, pools, router, seed } = scenario;
    this.#scenario = scenario;
    const contextLength = Math.min(...pools.map((pool) => pool.engine.contextLength));
    const truncateTo = scenario.overLength === 'truncate' ? contextLength : Number.POSITIVE_INFINITY;
    this.table = buildRequestTable(workload, truncateTo, scenario.faults?.migrates);
    this.log = new RequestLog(workload.count);
    this.#arrivals = new Arrivals(workload, scenario.load, scenario.maxVirtualNs);
    this.fleet = new Fleet(scenario, this.table, this.log, this);
    this.#runsAhead = mayRunAhead(scenario);
    this.#isWhole = this.fleet.isWhole;
    const { faults, planner } = scenario;
    const changes = mayCrash(faults) || planner !== undefined || pools.some(({ startupNs }) => (startupNs ?? 0) > 0);
    this.lifeCycle = changes ? new LifeCycle(this.fleet.workers, faults ?? null, seed) : null;
    const { slowLinks = [], randomSlowLinks = null } = faults ?? {};
    this.network =
      scenario.network === undefined ? null : new Network(scenario.network, slowLinks, randomSlowLinks, seed);
    for (const { pool, replica } of this.fleet.workers) this.network?.place(pool, replica);
    this.clock = new Clock(this.#arrivals, this.fleet.workers.length, this.network, this.lifeCycle, this.census);
    const split = pools.some((pool) => pool.role !== 'aggregated');
    const setup = { table: this.table, log: this.log, seed };
    const groupOf = (workers: Worker[]): WorkerGroup => new WorkerGroup(workers, router, setup);
    const entry = groupOf(this.fleet.ofRole(split ? 'prefill' : 'aggregated'));
    const decode = split ? groupOf(this.fleet.ofRole('decode')) : null;
    const aggregated = split ? this.fleet.ofRole('aggregated') : [];
    this.#roles = new RoleGroups(entry, decode, aggregated.length > 0 ? groupOf(aggregated) : null);
    const { frontEnd } = scenario;
    const entered = this.fleet.workers.filter(({ pool }) => pool.role !== 'decode').length;
    this.#frontEnd = frontEnd === undefined ? null : new FrontEnd(frontEnd, entered);
    this.#handoff = decode === null ? null : new Handoff(scenario.transfer!, entry, decode, this);
    this.#routedNs = new Float64Array(router.queue === undefined ? 0 : workload.count);
    if (planner !== undefined) {
      const traffic = new TrafficMeter(this.table, this.log);
      this.scaler = new Scaler(planner, pools, this.fleet, this.lifeCycle!, traffic, this);
      this.clock.scaler = this.scaler;
    }
    this.mishaps = new Mishaps(scenario, this);
    this.#sessions = new Sessions(scenario, this.#arrivals, this.clock);
  }

  get handOvers(): HandOvers | null {
    return this.#handoff?.record ?? null;
  }

  // ---- what workers report --------------------------------------------------------------------------------------

  finished(worker: number, request: number, nowNs: number): void {
    this.#roles.of(this.fleet.workers[worker]).left(request, this.fleet.workers[worker], nowNs);
    this.log.outcome[request] = OUTCOME.completed;
    this.census.leave(nowNs);
    this.scaler?.traffic.completed(request);
    this.letGo(this.fleet.workers[worker], request, nowNs);
    this.#sessions.goOn(request, nowNs);
  }

  prefilled(worker: number, request: number, nowNs: number): void {
    this.#roles.entry.left(request, this.fleet.workers[worker], nowNs);
    this.#handoff!.prefilled(request, nowNs);
  }

  reserved(_worker: number, request: number, missingTokens: number, nowNs: number): void {
    this.#handoff!.reserved(request, missingTokens, nowNs);
  }

  onboards(worker: number, request: number, readyNs: number): void {
    this.#onboarding.begin(request, worker, readyNs);
    this.clock.at(readyNs, ONBOARDED, request);
  }

  // ---- stations of the way --------------------------------------------------------------------------------------

  arrive(request: number, nowNs: number): void {
    const input = this.table.inputTokens[request];
    const servable = this.fleet.admits(input, this.table.outputTokens[request]);
    if (!servable && this.#scenario.overLength === 'drop') {
      this.#sessions.goOn(request, nowNs);
      return;
    }
    this.census.submitted += 1;
    this.log.arrivalNs[request] = nowNs;
    const isFull = servable && this.#isFull(nowNs);
    if (isFull) this.mishaps.attempts.losses.shed += 1;
    if (!servable || isFull) {
      this.log.outcome[request] = OUTCOME.rejected;
      this.#sessions.goOn(request, nowNs);
      return;
    }
    this.census.enter(nowNs);
    this.scaler?.traffic.arrived(request);
    this.mishaps.arrived(request, nowNs);
    const releaseNs = this.#frontEnd === null ? nowNs : this.#frontEnd.releaseNs(nowNs, input);
    if (releaseNs > nowNs) {
      this.#inFrontEnd += 1;
      this.clock.at(releaseNs, ARRIVAL, request);
    } else {
      this.enter(request, nowNs);
    }
  }

  /** Whether a request that arrives is turned away for load. */
  #isFull(nowNs: number): boolean {
    const { maxInFlight, maxKvUsage } = this.#scenario;
    if (maxInFlight !== undefined && this.census.inFlight >= maxInFlight) return true;
    if (maxKvUsage === undefined) return false;
    return this.#roles.keepers.usesMoreKvThan(maxKvUsage, nowNs);
  }

  /** The front end is done with the request. */
  leaveFrontEnd(request: number, nowNs: number): void {
    this.#inFrontEnd -= 1;
    if (this.log.outcome[request] !== OUTCOME.pending) return;
    this.log.spend(request, STATE.frontEnd, nowNs - this.log.arrivalNs[request]);
    this.enter(request, nowNs);
  }

  /** A request goes from one worker to another, if there is one. */
  handOver(request: number, nowNs: number): void {
    if (this.#handoff!.handOver(request, nowNs)) return;
    if (this.#roles.standIn === null) this.#stranded.set(request, nowNs);
    else this.mishaps.turnBack(request, nowNs);
  }

  /** The last byte of a transfer has left, or (-1) links have changed. */
  sent(request: number, nowNs: number): void {
    if (request < 0) this.network!.change(nowNs);
    else this.#handoff!.sent(request, nowNs);
  }

  endTransfer(request: number, nowNs: number): void {
    this.#handoff!.end(request, nowNs);
  }

  /** KV of the request has come up, unless its worker was lost meanwhile. */
  onboarded(request: number, nowNs: number): void {
    const index = this.#onboarding.end(request, nowNs);
    if (index === undefined) return;
    const worker = this.fleet.workers[index];
    worker.core.remoteArrived(request, nowNs);
    this.reschedule(worker);
  }

  takeIn(worker: Worker, request: number): void {
    worker.requests += 1;
    this.mishaps.takeIn(worker, request);
  }

  letGo(worker: Worker, request: number, nowNs: number): void {
    worker.requests -= 1;
    this.mishaps.letGo(worker, request);
    if (worker.requests === 0 && worker.presence.phase === 'draining') this.scaler!.release(worker, nowNs);
  }

  /** The worker's next event may have changed. */
  reschedule({ index, core }: Worker): void {
    this.clock.expect(index, core.nextEventNs, core.nextEventKind);
  }

  /** Nothing but its own events can happen to the worker before this time. */
  quietUntilNs(worker: Worker): number {
    if (!this.#runsAhead || !this.#isWhole) return 0;
    const before = this.#roles.entry.requestsBefore(worker) - this.#inFrontEnd;
    const untilNs = before < 0 ? 0 : this.#arrivals.timeNs(before);
    return this.scaler === null ? untilNs : Math.min(untilNs, this.scaler.nextNs);
  }

  /** Before anything happens at `nowNs`: reports of load that are due. */
  reportUntil(nowNs: number): void {
    this.#roles.reportUntil(nowNs);
  }

  /** After a worker's event: it may have begun a prompt, or made room for requests that the router holds back. */
  afterEvent(worker: Worker, nowNs: number): void {
    this.#handoff?.stream(worker, nowNs);
    this.#askForRelease(nowNs);
  }

  #askForRelease(nowNs: number): void {
    if (this.#releaseNs === nowNs || !this.#roles.entry.hasRelease) return;
    this.#releaseNs = nowNs;
    this.clock.at(nowNs, ROUTER_RELEASE, 0);
  }

  /** Lets go what the router held back, as long as there is room. */
  release(nowNs: number): void {
    this.#releaseNs = -1;
    while (this.#roles.entry.hasRelease) {
      const request = this.#roles.entry.release();
      this.log.spend(request, STATE.routerQueue, nowNs - this.#routedNs[request]);
      this.#send(request, nowNs);
    }
  }

  /** A worker comes up, or goes down with all it has. */
  changeFleet(nowNs: number): void {
    const worker = this.fleet.workers[this.clock.id];
    this.lifeCycle!.change();
    this.#roles.renew();
    if (worker.presence.phase === 'ready') this.#takeStranded(nowNs);
    else this.mishaps.crash(worker, nowNs);
    this.scaler?.changed(worker, nowNs);
    this.#isWhole = this.fleet.isWhole;
    this.#askForRelease(nowNs);
  }

  // ---- what a planner changes -------------------------------------------------------------------------------------

  /** The planner looks at the fleet. */
  plan(nowNs: number): void {
    for (const { core, presence } of this.fleet.workers) if (presence.phase !== 'absent') core.advanceTo(nowNs);
    this.scaler!.tick();
    this.#isWhole = this.fleet.isWhole;
  }

  get unrouted(): number {
    return this.#stranded.size + this.#roles.entry.held;
  }

  starts(worker: Worker, isNew: boolean, nowNs: number): void {
    const group = this.#roles.of(worker);
    if (isNew) {
      group.join(worker);
      this.clock.addWorker();
      if (group !== this.#roles.decode) this.#frontEnd?.addReplica();
      this.network?.place(worker.pool, worker.replica, nowNs);
      this.mishaps.joined(worker, nowNs);
    } else {
      group.forget(worker);
    }
    this.reschedule(worker);
  }

  reroutes(router: RouterSpec): void {
    this.#roles.reroute(router);
  }

  drained(): void {
    this.#roles.renew();
  }

  changesRole({ index }: Worker, nowNs: number): void {
    this.clock.at(nowNs, ROLE_CHANGE, index);
  }

  /** The worker's node takes another role. */
  changeRole(worker: number, nowNs: number): void {
    this.scaler!.changeRole(this.fleet.workers[worker], nowNs);
  }

  #takeStranded(nowNs: number): void {
    const stranded = [...this.#stranded];
    this.#stranded.clear();
    for (const [request, sinceNs] of stranded) {
      this.log.spend(request, STATE.coldStart, nowNs - sinceNs);
      if (this.#handoff?.resume(request, nowNs) !== true) this.enter(request, nowNs);
    }
  }

  // ---- what goes wrong --------------------------------------------------------------------------------------------

  /** An alarm goes off. */
  alarm(nowNs: number): void {
    this.mishaps.alarm(nowNs);
    this.#askForRelease(nowNs);
  }

  withdraw(request: number, dead: Worker | null, asksDead: boolean, nowNs: number): number {
    let tokens = 0;
    const index = this.log.worker[request];
    const isBetween = this.#handoff?.abandon(request, dead, nowNs) === true;
    if (!isBetween && index >= 0) {
      const worker = this.fleet.workers[index];
      this.#roles.of(worker).left(request, worker, nowNs);
      if (worker !== dead || asksDead) tokens = worker.core.cancel(request, nowNs);
      if (worker !== dead) {
        this.reschedule(worker);
        this.letGo(worker, request, nowNs);
      }
    }
    this.#roles.entry.drop(request);
    this.#onboarding.drop(request);
    // It may have waited in a prefill worker until a decode worker comes up.
    this.#stranded.delete(request);
    return tokens;
  }

  isOverdue(request: number, timeNs: number): boolean {
    return this.#handoff!.isOverdue(request, timeNs);
  }

  end(request: number, outcome: number, nowNs: number): void {
    this.log.outcome[request] = outcome;
    this.census.leave(nowNs);
    this.#sessions.goOn(request, nowNs);
  }

  /** The request has reached the router. */
  enter(request: number, nowNs: number): void {
    const { entry, neededStandIn } = this.#roles;
    if (neededStandIn !== null) this.#sendTo(neededStandIn, request, nowNs);
    else if (!entry.isUp) this.#stranded.set(request, nowNs);
    else if (entry.holdsBack(request, nowNs)) this.#routedNs[request] = nowNs;
    else this.#send(request, nowNs);
  }

  #send(request: number, nowNs: number): void {
    if (this.#handoff !== null) {
      if (!this.#handoff.send(request, nowNs)) this.#stranded.set(request, nowNs);
      return;
    }
    this.#sendTo(this.#roles.entry, request, nowNs);
  }

  #sendTo(group: WorkerGroup, request: number, nowNs: number): void {
    const worker = group.choose(request, nowNs);
    this.log.worker[request] = worker.index;
    this.takeIn(worker, request);
    worker.core.enqueue(request, nowNs);
    this.reschedule(worker);
  }
}
