import { Batch } from './batch.ts';
import { DecodeRun, LONGEST_RUN } from './decodeRun.ts';
import { outcomesOf } from './draftOutcomes.ts';
import { BATCH_FORMATION, type EngineCore, type EngineLoad, PASS_END } from './engineCore.ts';
import type { EngineSetup } from './engineSetup.ts';
import type { EngineTotals } from './engineTotals.ts';
import { Flight } from './flight.ts';
import { Flights } from './flights.ts';
import { Lane } from './lane.ts';
import { Pipeline } from './pipeline.ts';
import { fewestWaiting, type RankRule } from './rankRule.ts';
import { Ranks } from './ranks.ts';
import type { Scheduler } from './scheduler.ts';
import { Sequence } from './sequence.ts';

const NEVER = Number.POSITIVE_INFINITY;

/** Ranks that settle something among themselves before they form their batches; false: none of them runs. */
interface Group {
  form(batches: readonly Batch[], nowNs: number): boolean;
}

/**
 * Time in an engine: when batches are formed, run and settled; what they consist of a scheduler decides.
 *
 * `depth` batches may be in flight. With two (asynchronous scheduling, overlap) the next batch but one is formed when a
 * pass ends, that is when its successor starts: whoever arrives during a pass joins the one after the next at the earliest.
 * If nothing could be formed while a pass is in flight, its end is the next occasion. A pipeline has a batch in flight for each of
 * its stages; a sequence is in one of them at a time while it decodes, as its next token needs the one before.
 *
 * While nothing changes but contexts, passes form a *run* that needs no event. A run still times every pass, so its
 * timestamps are those of one event a pass, bit for bit.
 */
export class EngineDriver implements EngineCore {
  nextEventNs = NEVER;
  nextEventKind = BATCH_FORMATION;
  readonly #setup: EngineSetup;
  readonly #ranks: Ranks<Scheduler>;
  /** null: ranks form their batches each for itself. */
  readonly #group: Group | null;
  readonly #flights: Flights;
  /** By rank: one for each stage of the pipeline. */
  readonly #lanes: readonly (readonly Lane[])[];
  /** null: one stage. */
  readonly #pipeline: Pipeline | null;
  /** Passes that may follow it without an event. */
  readonly #run: DecodeRun;
  /** Requests that left text of their own in the cache, which they generate again if they come back. */
  readonly #cancelled = new Set<number>();
  /** When the pass settled last ended. */
  #settledNs = 0;

  /** `createScheduler` is given a rank's batches that can be in flight, and its lanes. */
  constructor(
    setup: EngineSetup,
    depth: number,
    createScheduler: (batches: readonly Batch[], lanes: readonly Lane[], rank: number) => Scheduler,
    rule: RankRule = fewestWaiting,
    group: Group | null = null,
  ) {
    this.#group = group;
    this.#setup = setup;
    const { config, timer } = setup;
    const stages = config.pipelineStages;
    this.#pipeline = stages > 1 ? new Pipeline(stages) : null;
    const ranks = config.attentionDataRanks;
    const { blockTokens } = config;
    const outcomes = outcomesOf(config.speculation);
    const newLanes = (): Lane[] =>
      Array.from({ length: stages }, (_, index) => new Lane(index, blockTokens, timer.window, outcomes));
    this.#lanes = Array.from({ length: ranks }, newLanes);
    const batches = this.#lanes.map(([lane]) => Array.from({ length: depth }, () => new Batch(timer, lane)));
    this.#ranks = new Ranks(
      this.#lanes.map((lanes, rank) => createScheduler(batches[rank], lanes, rank)),
      rule,
    );
    this.#run = new DecodeRun(depth, ranks);
    this.#flights = new Flights(batches[0].map((_, age) => new Flight(batches.map((ofRank) => ofRank[age]))));
  }

  get passesInFlight(): number {
    return this.#flights.size;
  }

  admits(inputTokens: number, outputTokens: number): boolean {
    return this.#ranks.all[0].admits(inputTokens, outputTokens);
  }

  enqueue(request: number, nowNs: number): void {
    const { role, table } = this.#setup;
    this.#join(this.#sequence(request, role === 'prefill' ? 1 : table.outputTokens[request], nowNs), nowNs);
  }

  enqueueRemote(request: number, nowNs: number): void {
    const sequence = this.#sequence(request, this.#setup.table.outputTokens[request], nowNs);
    sequence.remote = true;
    this.#join(sequence, nowNs);
  }

  remoteArrived(request: number, nowNs: number): void {
    this.#interrupt(nowNs);
    this.#ranks.of(request).remoteArrived(request, nowNs);
  }

  releaseHeld(request: number, nowNs: number): void {
    this.#interrupt(nowNs);
    if (this.#setup.tiers !== null) this.#setup.tiers.nowNs = nowNs;
    this.#ranks.of(request).releaseHeld(request);
  }

  cancel(request: number, nowNs: number): number {
    this.#interrupt(nowNs);
    const flights = this.#flights;
    // What a run left of passes that are over.
    for (let age = flights.size; age < flights.depth; age++) for (const batch of flights.at(age).batches) batch.clear();
    const sequence = this.#ranks.of(request).cancel(request, nowNs);
    this.#cancelled.add(request);
    if (sequence === null || this.#setup.role === 'prefill') return 0;
    this.#setup.log.lastTokenNs[request] = sequence.lastTokenNs;
    return sequence.generated - sequence.owed;
  }

  retimed(nowNs: number): void {
    // An idle engine has no reason to look at its queue.
    if (this.#flights.size > 0) this.#interrupt(nowNs);
  }

  cachedTokens(request: number): number {
    return this.#ranks.next.cachedTokens(request);
  }

  readLoad(load: EngineLoad): void {
    load.running = 0;
    load.waiting = 0;
    load.queuedPrefillTokens = 0;
    load.heldPages = 0;
    load.usablePages = 0;
    for (const rank of this.#ranks.all) rank.addLoad(load);
  }

  totals(): EngineTotals {
    return this.#setup.ledger.totals(this.#ranks.usablePages, this.#ranks.evictedPages);
  }

  advanceTo(nowNs: number): void {
    const run = this.#run;
    if (!run.goesOn || (run.endNs[run.ended] > nowNs && !run.isVacant)) return;
    const { ended, formed, planned } = run;
    let last = ended;
    while (last < planned && run.endNs[last] <= nowNs) last += 1;
    // The next batch is formed after everything else that happens at this time.
    const forming = last > 0 && run.endNs[last - 1] === nowNs ? last - 1 : last;
    if (last > ended) this.#endSteadily(last);
    if (forming > formed) this.#formSteadily(forming);
    this.#placeFlights();
  }

  runEvent(): void {
    const nowNs = this.nextEventNs;
    if (this.nextEventKind === PASS_END) {
      this.advanceTo(nowNs);
      this.#endPass(nowNs);
    } else {
      this.#formBatches(nowNs);
    }
  }

  #sequence(request: number, outputTokens: number, nowNs: number): Sequence {
    const { config, log, role, table } = this.#setup;
    const contested = config.prefixCaching && (table.contestedText[request] === 1 || this.#cancelled.has(request));
    const priority = table.priorities?.[request] ?? 0;
    const sequence = new Sequence(request, table.inputTokens[request], outputTokens, contested, priority, nowNs);
    if (role !== 'prefill') sequence.lastTokenNs = log.lastTokenNs[request];
    return sequence;
  }

  #join(sequence: Sequence, nowNs: number): void {
    if (this.#ranks.take(sequence.request).enqueue(sequence)) this.#interrupt(nowNs);
  }

  /** Something happens at `nowNs` that the next batch depends on: it must be formed by an event. */
  #interrupt(nowNs: number): void {
    this.advanceTo(nowNs);
    const isDue = this.#run.isVacant;
    this.#run.cancel();
    if (isDue || this.#flights.size === 0) this.#expect(nowNs, BATCH_FORMATION);
    else if (this.nextEventKind === PASS_END) this.#expect(this.#flights.oldest.endNs, PASS_END);
  }

  #expect(timeNs: number, kind: number): void {
    this.nextEventNs = timeNs;
    this.nextEventKind = kind;
  }

  // ---- passes -----------------------------------------------------------------------------------------------------

  #formBatches(nowNs: number): void {
    while (!this.#flights.isFull && this.#formBatch(nowNs)) {}
    if (this.#flights.size > 0) this.#expect(this.#planRun(), PASS_END);
    else this.#expect(NEVER, BATCH_FORMATION);
  }

  #formBatch(nowNs: number): boolean {
    const flight = this.#flights.vacant;
    const { batches } = flight;
    let runs = false;
    for (let rank = 0; rank < batches.length; rank++) {
      const batch = batches[rank];
      batch.clear();
      batch.lane = this.#freeLane(rank);
      batch.lane.times.waitUntil(nowNs);
      if (this.#group === null && this.#ranks.all[rank].form(batch, nowNs)) runs = true;
    }
    if (!runs && !this.#group?.form(batches, nowNs)) return false;
    const durationNs = flight.seal(this.#setup.timer);
    if (this.#pipeline === null) {
      const startNs = this.#flights.size > 0 ? this.#flights.newest.endNs : nowNs;
      flight.launch(startNs, startNs + flight.stalledNs(startNs, durationNs));
    } else {
      const startNs = this.#pipeline.startNs(nowNs);
      const stalledNs = flight.stalledNs(startNs, durationNs);
      // What must be there before the pass begins keeps its first stage waiting, and all passes behind it.
      const readyNs = Math.max(nowNs, flight.beginNs);
      flight.launch(startNs, this.#pipeline.launch(readyNs, stalledNs - Math.max(0, readyNs - startNs)));
    }
    this.#flights.size += 1;
    return true;
  }

  /** With stages: a lane no pass in flight has; the one whose pass has just ended, if its sequences go on. */
  #freeLane(rank: number): Lane {
    const lanes = this.#lanes[rank];
    if (lanes.length === 1) return lanes[0];
    const used = new Set<Lane>();
    for (let age = 0; age < this.#flights.size; age++) used.add(this.#flights.at(age).batches[rank].lane);
    const free = lanes.filter((lane) => !used.has(lane));
    return free.find(({ set }) => set.count > 0) ?? free[0];
  }

  /**
   * Plans the passes that may follow the newest before anything changes: until someone gets a last token, reaches the
   * window, or would not find a page. Returns when the next event is: the end of the pass in flight that is oldest when
   * all of them are formed.
   */
  #planRun(): number {
    const flights = this.#flights;
    this.#run.cancel();
    if (!this.#isSteady()) return flights.oldest.endNs;
    const { batches } = flights.newest;
    let passes = LONGEST_RUN;
    for (let rank = 0; rank < batches.length && passes > 0; rank++) {
      passes = Math.min(passes, this.#ranks.all[rank].steadyPasses(batches[rank], passes));
    }
    if (passes === 0) return flights.oldest.endNs;
    this.#run.plan(flights, this.#setup.timer, passes);
    return this.#run.overNs;
  }

  /** As many batches as there may be are in flight, and all of them only decode. */
  #isSteady(): boolean {
    const flights = this.#flights;
    // The sequences of other stages go on between two passes of a lane.
    if (!flights.isFull || this.#pipeline !== null) return false;
    const { batches: newest } = flights.newest;
    for (let age = 0; age < flights.size; age++) {
      const { batches } = flights.at(age);
      for (let rank = 0; rank < batches.length; rank++) {
        if (!batches[rank].isPlain || batches[rank].decodes !== newest[rank].decodes) return false;
      }
    }
    return true;
  }

  /** The run's passes up to number `to` (exclusive) end. */
  #endSteadily(to: number): void {
    const { ledger, timer } = this.#setup;
    const { oldest } = this.#flights;
    const run = this.#run;
    const endNs = run.endNs[to - 1];
    const startNs = Math.max(this.#settledNs, oldest.startNs);
    const lastNs = endNs - (to - 1 > run.ended ? run.endNs[to - 2] : startNs);
    oldest.book(ledger, timer, to - run.ended, endNs - startNs, lastNs);
    this.#settledNs = endNs;
    for (let rank = 0; rank < oldest.batches.length; rank++) this.#settleSteadily(oldest.batches[rank], rank, to);
    run.ended = to;
  }

  #settleSteadily({ lane: { times }, decodes, takesDecodes }: Batch, rank: number, to: number): void {
    const { log, ledger } = this.#setup;
    const { endNs, decodeNs, ended } = this.#run;
    if (this.#ranks.all.length === 1) times.settleRun(endNs, decodeNs[0], ended, to, decodes, ledger.gaps, log);
    else if (!takesDecodes) times.waitUntil(endNs[to - 1]);
    else
      for (let pass = ended; pass < to; pass++)
        times.settle(endNs[pass], decodeNs[rank][pass], decodes, ledger.gaps, log);
  }

  /** The run's passes are formed until there are `to` of them. */
  #formSteadily(to: number): void {
    const { batches } = this.#flights.at(this.#flights.depth - 1);
    const passes = to - this.#run.formed;
    for (let rank = 0; rank < batches.length; rank++) {
      this.#ranks.all[rank].formSteady(batches[rank], passes, this.#run.endNs[to - 1]);
      if (batches[rank].takesDecodes) batches[rank].formAgain(passes);
    }
    this.#run.formed = to;
  }

  /** Says of the passes in flight which ones of the run they are. */
  #placeFlights(): void {
    const flights = this.#flights;
    const { ended, formed, endNs, decodeNs } = this.#run;
    flights.size = flights.depth + formed - ended;
    for (let age = 0; age < flights.size; age++) {
      const pass = ended + age;
      const flight = flights.at(age);
      if (pass > 0) flight.repeat(endNs[pass - 1], endNs[pass]);
      for (let rank = 0; rank < flight.batches.length; rank++) {
        flight.batches[rank].repeat(flights.size - 1 - age, decodeNs[rank][pass]);
      }
    }
  }

  #endPass(nowNs: number): void {
    const { oldest } = this.#flights;
    const { role, log, ledger } = this.#setup;
    this.#book(oldest);
    for (let rank = 0; rank < oldest.batches.length; rank++) {
      const batch = oldest.batches[rank];
      batch.settle(nowNs, role, log, ledger);
      this.#ranks.all[rank].settle(batch, nowNs);
      batch.clear();
    }
    this.#expect(nowNs, BATCH_FORMATION);
  }

  /** The oldest pass in flight is over. */
  #book(oldest: Flight): void {
    const { ledger, timer } = this.#setup;
    oldest.book(ledger, timer, 1, oldest.endNs - Math.max(oldest.startNs, this.#settledNs));
    this.#settledNs = oldest.endNs;
    this.#flights.removeOldest();
  }
}
