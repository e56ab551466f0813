import { checkScenario } from './checkScenario.ts';
import { SOURCE } from './clock.ts';
import { ARRIVAL, FOLLOW_UP, HAND_OVER, ONBOARDED, ROLE_CHANGE, ROUTER_RELEASE } from './eventKinds.ts';
import { FleetSampler } from './fleetSampler.ts';
import { RequestFlow } from './requestFlow.ts';
import type { Scenario } from './scenario.ts';
import type { SimulationResult } from './simulationResult.ts';
import type { Worker } from './worker.ts';

/** A planner that looks so often at a fleet where nothing else happens will not change its mind. */
const MOST_IDLE_TICKS = 1e6;

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

class Cluster implements Simulation {
  readonly #flow: RequestFlow;
  readonly #sampler: FleetSampler | null;
  /** Everything before it has happened, and what some workers did until `#aheadNs` at the latest. */
  #nowNs = 0;
  #aheadNs = 0;
  /** Ticks of the planner since anything else has happened. */
  #idleTicks = 0;
  #done = false;

  constructor(scenario: Scenario) {
    checkScenario(scenario);
    this.#flow = new RequestFlow(scenario);
    this.#sampler = scenario.samples > 0 ? new FleetSampler(scenario.samples) : null;
  }

  advance(maxPasses: number): boolean {
    const { fleet } = this.#flow;
    let passes = fleet.passes;
    const limit = passes + maxPasses;
    while (!this.#done && passes < limit) {
      this.#step(limit - passes);
      if (limit !== Number.POSITIVE_INFINITY) passes = fleet.passes;
    }
    return this.#done;
  }

  status() {
    const { fleet, census } = this.#flow;
    return { timeNs: this.#nowNs, passes: fleet.passes, inFlight: census.inFlight, done: this.#done };
  }

  result(): SimulationResult {
    const { log, census, fleet } = this.#flow;
    return {
      log,
      submitted: census.submitted,
      durationNs: this.#nowNs,
      passes: fleet.passes,
      workers: fleet.totals(this.#nowNs),
      gaps: fleet.gaps,
      inFlightIntegralNs: census.integralNs(this.#nowNs),
      samples: this.#sampler?.samples() ?? null,
      network: this.#flow.network?.use(this.#nowNs) ?? null,
      losses: this.#flow.mishaps.attempts.losses,
      handOvers: this.#flow.handOvers,
      scaling: this.#flow.scaler?.record() ?? null,
    };
  }

  /** Executes the next event in the total order; its worker may run ahead by about `morePasses`. */
  #step(morePasses: number): void {
    const flow = this.#flow;
    const { clock } = flow;
    if (!clock.findNext()) {
      if (flow.census.inFlight > 0) throw new Error(`${flow.census.inFlight} requests can never finish`);
      this.#nowNs = Math.max(this.#nowNs, this.#aheadNs);
      this.#done = true;
      return;
    }
    const { timeNs } = clock;
    if (timeNs < this.#nowNs) throw new Error(`an event at ${timeNs} ns comes after ${this.#nowNs} ns`);
    if (this.#sampler !== null) this.#sampleUntil(this.#sampler, timeNs);
    flow.reportUntil(timeNs);
    this.#nowNs = timeNs;
    this.#idleTicks = clock.source === SOURCE.planner ? this.#idleTicks + 1 : 0;
    if (this.#idleTicks > MOST_IDLE_TICKS) throw new Error(`${flow.census.inFlight} requests can never finish`);
    if (clock.source === SOURCE.worker) {
      const worker = flow.fleet.workers[clock.id];
      this.#run(worker, morePasses);
      flow.reschedule(worker);
      flow.afterEvent(worker, timeNs);
      return;
    }
    clock.take();
    const { kind, id } = clock;
    if (clock.source === SOURCE.alarm) flow.alarm(timeNs);
    else if (clock.source === SOURCE.fleet) flow.changeFleet(timeNs);
    else if (clock.source === SOURCE.planner) flow.plan(timeNs);
    else if (clock.source === SOURCE.network) flow.sent(id, timeNs);
    else if (clock.source === SOURCE.outside) flow.arrive(id, timeNs);
    else if (kind === ARRIVAL) flow.leaveFrontEnd(id, timeNs);
    else if (kind === FOLLOW_UP) flow.arrive(id, timeNs);
    else if (kind === HAND_OVER) flow.handOver(id, timeNs);
    else if (kind === ROUTER_RELEASE) flow.release(timeNs);
    else if (kind === ONBOARDED) flow.onboarded(id, timeNs);
    else if (kind === ROLE_CHANGE) flow.changeRole(id, timeNs);
    else flow.endTransfer(id, timeNs);
  }

  /** The worker's event, and what else it does before something can happen to it or is to be seen. */
  #run(worker: Worker, morePasses: number): void {
    const { core, ledger } = worker;
    const limit = ledger.passes + morePasses;
    core.runEvent();
    const untilNs = Math.min(this.#flow.quietUntilNs(worker), this.#sampler?.nextNs ?? Number.POSITIVE_INFINITY);
    while (core.nextEventNs < untilNs && ledger.passes < limit) {
      this.#aheadNs = Math.max(this.#aheadNs, core.nextEventNs);
      core.runEvent();
    }
  }

  #sampleUntil(sampler: FleetSampler, timeNs: number): void {
    const { fleet, census } = this.#flow;
    while (sampler.nextNs < timeNs) {
      for (const { core } of fleet.workers) core.advanceTo(sampler.nextNs);
      sampler.sample(fleet.workers, census.inFlight);
    }
  }
}
