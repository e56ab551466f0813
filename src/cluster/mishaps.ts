import { OUTCOME, type RequestLog, STATE } from '../engine/requestLog.ts';
import { carryOn, type RequestTable } from '../engine/requestTable.ts';
import { ALARM_KIND, Alarms } from './alarms.ts';
import { Attempts } from './attempts.ts';
import type { Clock } from './clock.ts';
import { mayCrash } from './faultSpec.ts';
import type { Fleet } from './fleet.ts';
import { Patience } from './patience.ts';
import type { Scenario } from './scenario.ts';
import type { Worker } from './worker.ts';

/** What mishaps ask of the cluster. */
export interface MishapHost {
  readonly table: RequestTable;
  readonly log: RequestLog;
  readonly fleet: Fleet;
  readonly clock: Clock;
  /**
   * Nobody has the request any more, but for the worker that is `dead`. Returns how many tokens came out of its last worker, unless
   * that is dead and nobody wants to know (`asksDead`).
   */
  withdraw(request: number, dead: Worker | null, asksDead: boolean, nowNs: number): number;
  /** Whether the request's hand-over takes too long if it is not over by then. */
  isOverdue(request: number, timeNs: number): boolean;
  /** The request comes to the router. */
  enter(request: number, nowNs: number): void;
  /** The request is over. */
  end(request: number, outcome: number, nowNs: number): void;
  /** The worker's next event may have changed. */
  reschedule(worker: Worker): void;
}

/** States in which no work is done that could be lost. */
const KEPT_STATES = [STATE.frontEnd, STATE.routerQueue, STATE.coldStart];

/** What goes wrong with requests: their worker goes down, their hand-over takes too long, their client goes away; and with workers' pace. */
export class Mishaps {
  readonly attempts: Attempts;
  /** Whether what each worker has must be known, as it may be lost. */
  readonly #hasCrashes: boolean;
  /** Requests go on elsewhere with the tokens they have. */
  readonly #migrates: boolean;
  readonly #patience: Patience | null = null;
  readonly #host: MishapHost;

  constructor({ faults, patience, transfer, workload, seed }: Scenario, host: MishapHost) {
    this.#host = host;
    this.#hasCrashes = mayCrash(faults);
    this.#migrates = faults?.migrates === true;
    this.attempts = new Attempts(faults?.retries ?? 0, workload.count);
    const { clock, fleet } = host;
    const paced = fleet.workers.filter(({ pace }) => pace !== null);
    if (patience === undefined && transfer?.timeoutNs === undefined && paced.length === 0) return;
    const alarms = new Alarms((kind, id, timeNs) => this.#concerns(kind, id, timeNs));
    clock.alarms = alarms;
    if (patience !== undefined) this.#patience = new Patience(patience, alarms, seed);
    for (const worker of paced) this.#expectPace(worker);
  }

  /** A worker has joined the fleet. */
  joined(worker: Worker, nowNs: number): void {
    if (worker.pace !== null) this.#changePace(worker, nowNs);
  }

  /** A request has arrived. */
  arrived(request: number, nowNs: number): void {
    this.#patience?.begin(request, nowNs);
  }

  takeIn(worker: Worker, request: number): void {
    if (this.#hasCrashes) this.attempts.takeIn(worker, request);
  }

  letGo(worker: Worker, request: number): void {
    if (this.#hasCrashes) this.attempts.letGo(worker, request);
  }

  /** The worker has gone down, with all it has. */
  crash(worker: Worker, nowNs: number): void {
    worker.core.advanceTo(nowNs);
    const lost = this.attempts.insideOf(worker);
    for (const request of lost) this.attempts.letGo(worker, request);
    this.attempts.losses.crashes += 1;
    const tokens = lost.map((request) => this.#host.withdraw(request, worker, this.#migrates, nowNs));
    this.#host.fleet.wipe(worker);
    this.#host.reschedule(worker);
    this.#resume(lost, tokens, nowNs);
  }

  /** The request goes where it can be served: what was begun elsewhere comes to nothing. */
  turnBack(request: number, nowNs: number): void {
    this.#carryOn(request, this.#host.withdraw(request, null, true, nowNs), nowNs);
    this.#host.enter(request, nowNs);
  }

  /** An alarm goes off. */
  alarm(nowNs: number): void {
    const { kind, id } = this.#host.clock.alarms!.take();
    if (kind === ALARM_KIND.pace) this.#changePace(this.#host.fleet.workers[id], nowNs);
    else if (kind === ALARM_KIND.handOver) this.#timeOut(id, nowNs);
    else if (kind === ALARM_KIND.whole || !this.#hasToken(id, nowNs)) this.#leave(id, nowNs);
  }

  #concerns(kind: number, id: number, timeNs: number): boolean {
    if (kind === ALARM_KIND.pace) return true;
    if (kind === ALARM_KIND.handOver) return this.#host.isOverdue(id, timeNs);
    return this.#host.log.outcome[id] === OUTCOME.pending;
  }

  #hasToken(request: number, nowNs: number): boolean {
    const { log, fleet } = this.#host;
    const worker = log.worker[request];
    if (worker >= 0) fleet.workers[worker].core.advanceTo(nowNs);
    return log.firstTokenNs[request] >= 0;
  }

  #changePace(worker: Worker, nowNs: number): void {
    worker.core.advanceTo(nowNs);
    worker.pace!.change(nowNs);
    worker.core.retimed(nowNs);
    this.#host.reschedule(worker);
    this.#expectPace(worker);
  }

  #expectPace({ index, pace }: Worker): void {
    this.#host.clock.alarms!.set(pace!.nextNs, ALARM_KIND.pace, index);
  }

  #timeOut(request: number, nowNs: number): void {
    this.attempts.losses.timedOut += 1;
    this.#resume([request], [this.#host.withdraw(request, null, true, nowNs)], nowNs);
  }

  /** The client does not wait any longer, wherever the request is. */
  #leave(request: number, nowNs: number): void {
    this.#host.withdraw(request, null, true, nowNs);
    this.#host.log.startAnew(request, KEPT_STATES, nowNs);
    this.#host.end(request, OUTCOME.cancelled, nowNs);
  }

  /** Attempts at these requests, out of which came so many tokens, are lost. They go on, start anew, or have failed. */
  #resume(requests: readonly number[], tokens: readonly number[], nowNs: number): void {
    const { losses } = this.attempts;
    for (const [index, request] of requests.entries()) {
      const hasToken = this.#host.log.firstTokenNs[request] >= 0;
      if (this.#carryOn(request, tokens[index], nowNs)) losses.migrations += 1;
      else if (hasToken) losses.lostOutputs += 1;
    }
    for (const request of requests) {
      if (this.attempts.lose(request) && this.#isServable(request)) this.#host.enter(request, nowNs);
      else this.#host.end(request, OUTCOME.failed, nowNs);
    }
  }

  /** With migration tokens that are out are kept, and the next worker takes them as part of the prompt; returns whether there are any. */
  #carryOn(request: number, tokens: number, nowNs: number): boolean {
    const { log, table } = this.#host;
    if (!this.#migrates || log.firstTokenNs[request] < 0) {
      log.startAnew(request, KEPT_STATES, nowNs);
      return false;
    }
    log.carryOn(request, tokens, nowNs);
    carryOn(table, request, tokens);
    return true;
  }

  /** With its tokens in its prompt a request may be more than a prefill worker takes. */
  #isServable(request: number): boolean {
    const { fleet, table } = this.#host;
    return !this.#migrates || fleet.admits(table.inputTokens[request], table.outputTokens[request]);
  }
}
