import { byUrgency } from '../admissionQueue.ts';
import type { Batch } from '../batch.ts';
import type { EngineRole } from '../engineCore.ts';
import type { Lane } from '../lane.ts';
import type { PassLedger } from '../passLedger.ts';
import { type RequestLog, STATE } from '../requestLog.ts';
import type { SchedulerSetup } from '../schedulerSetup.ts';
import { NO_LANE, type Sequence, STAGE } from '../sequence.ts';
import type { SequencePages } from '../sequencePages.ts';
import { Growth } from './growth.ts';
import { Progress } from './progress.ts';
import { draftSlotsOf, isPaced, schedulesAhead, type VllmConfig } from './vllmConfig.ts';

/** The sequences a rank runs, in the order of admission, as they take tokens and pages of each batch in turn. */
export class RunningList {
  /** Somebody was evicted while the last batch was formed. */
  hasPreempted = false;
  readonly #config: VllmConfig;
  readonly #speculates: boolean;
  /** Of the budget, taken for each sequence besides its tokens. */
  readonly #draftSlots: number;
  readonly #role: EngineRole;
  readonly #log: RequestLog;
  readonly #ledger: PassLedger;
  readonly #batches: readonly Batch[];
  readonly #lanes: readonly Lane[];
  readonly #pages: SequencePages;
  readonly #progress: Progress;
  readonly #growth: Growth;
  readonly #putBack: (sequence: Sequence) => void;
  readonly #running: Sequence[] = [];
  /** Prompts in progress wait for their turn. */
  #holdsBack = false;
  /** Requests may end before their limit, with their next pass in flight. */
  readonly #stopsEarly: boolean;
  /** Policy `priority`: whoever is least urgent is evicted, wherever it stands. */
  readonly #isUrgent: boolean;
  /** Prompts in progress may be passed over. */
  readonly #isPaced: boolean;
  /** What those before the one that is looked at have got of the batch being formed. */
  readonly #granted: number[] = [];

  /** `putBack` takes the evicted. */
  constructor(setup: SchedulerSetup<VllmConfig>, pages: SequencePages, putBack: (sequence: Sequence) => void) {
    this.#config = setup.config;
    this.#stopsEarly = schedulesAhead(setup.config) && setup.table.stopsEarly;
    this.#isPaced = isPaced(setup.config);
    this.#isUrgent = setup.config.policy === 'priority';
    this.#speculates = setup.config.speculation !== null;
    this.#draftSlots = draftSlotsOf(setup.config);
    this.#role = setup.role;
    this.#log = setup.log;
    this.#ledger = setup.ledger;
    this.#batches = setup.batches;
    this.#lanes = setup.lanes;
    this.#pages = pages;
    this.#progress = new Progress(setup);
    this.#growth = new Growth(setup.config, pages, this.#progress);
    this.#putBack = putBack;
  }

  get size(): number {
    return this.#running.length;
  }

  /** Known tokens that are not scheduled yet. */
  get prefillTokens(): number {
    let tokens = 0;
    for (let index = this.#firstToPrefill(); index < this.#running.length; index++) {
      const sequence = this.#running[index];
      if (sequence.stage === STAGE.prefilling) tokens += sequence.knownTokens - sequence.computed;
    }
    return tokens;
  }

  /** Index from which on somebody may prefill: where no decode can fall behind, a prompt in progress was admitted last. */
  #firstToPrefill(): number {
    const anywhere =
      this.#pages.cutsChunks ||
      this.#isPaced ||
      this.#isUrgent ||
      this.#speculates ||
      this.#config.longPrefillTokens > 0;
    return anywhere ? 0 : Math.max(0, this.#running.length - 1);
  }

  /** Somebody is in the middle of a prompt. */
  get isMidPrompt(): boolean {
    return this.#running.some(({ stage, isMidPrompt }) => stage === STAGE.prefilling && isMidPrompt);
  }

  /** Somebody decodes, or has done so: prompts would hold it up. */
  get decodes(): boolean {
    return this.#running.some(({ stage, isMidPrompt }) => stage !== STAGE.prefilling || !isMidPrompt);
  }

  /** Pages that those who prefill may want of the next batch, at most. */
  get #prefillPages(): number {
    let pages = 0;
    for (const sequence of this.#running)
      if (sequence.stage === STAGE.prefilling) pages += this.#pages.missing(sequence, sequence.knownTokens);
    return pages;
  }

  /** A sequence is admitted. */
  add(sequence: Sequence): void {
    sequence.stage = STAGE.prefilling;
    this.#running.push(sequence);
  }

  /** Puts what runs into the batch, first admitted first; returns what is left of the token budget. */
  schedule(batch: Batch, budget: number, holdsBack: boolean, nowNs: number): number {
    this.hasPreempted = false;
    this.#holdsBack = holdsBack;
    if (this.#running.length === 0) return budget;
    const { set } = batch.lane;
    const due = set.pagesDue(1);
    const { free, hasGroups } = this.#pages;
    const isUniform = !this.#speculates && this.#config.longPrefillTokens === 0;
    // Who is evicted by urgency may have its token of this batch already: they are counted one by one then.
    const wanted = this.#isUrgent ? due + this.#prefillPages : due;
    // One who was passed over stands before others that decode: it takes what it can get before them.
    const isOrdered = this.#isPaced && !holdsBack && this.isMidPrompt;
    if (!isUniform || isOrdered || this.#mayHaveGhosts || wanted > free || set.contested > 0 || hasGroups) {
      return this.#scheduleFrom(0, batch, budget, nowNs);
    }
    this.#pages.allocate(due);
    return this.#scheduleFrom(this.#firstToPrefill(), batch, budget - set.count, nowNs, true);
  }

  /** The same one by one from index `start`; who finds no page evicts the last of the list or the least urgent. */
  #scheduleFrom(start: number, batch: Batch, tokenBudget: number, nowNs: number, decodesAreIn = false): number {
    const running = this.#running;
    let budget = tokenBudget;
    let index = start;
    // Shortening an array is slow, even to the length it has.
    if (this.#granted.length > 0) this.#granted.length = 0;
    const slots = this.#draftSlots;
    while (index < running.length && budget > slots) {
      const sequence = running[index];
      const tokens = decodesAreIn && sequence.stage === STAGE.decoding ? 0 : this.#wanted(sequence, batch);
      let granted = Math.min(tokens, budget - slots);
      if (sequence.stage === STAGE.prefilling && granted > 0) {
        granted = this.#pages.chunkOf(sequence, sequence.computed, granted, sequence.hold.junction);
      }
      if (granted > 0 && this.#growth.changesNothing(sequence)) {
        budget -= granted;
      } else if (granted > 0) {
        let victim: Sequence | null = null;
        const span = this.#speculates ? this.#growth.span(sequence, granted) : 0;
        while (victim !== sequence && !this.#growth.hasRoom(sequence, granted, span)) {
          const at = this.#isUrgent ? this.#leastUrgent() : running.length - 1;
          [victim] = running.splice(at, 1);
          const taken = at < index ? this.#granted.splice(at, 1)[0] : 0;
          if (at < index) index -= 1;
          if (taken > 0 && this.#config.semantics.refundsVictim) budget += taken + slots;
          this.#preempt(victim, taken, batch, nowNs);
        }
        // Who has to evict itself ends the pass for all behind it.
        if (victim === sequence) break;
        if (sequence.stage === STAGE.finishing) this.#decodeInVain(sequence, granted, batch);
        else if (sequence.stage === STAGE.decoding) this.#decode(sequence, granted, span);
        else this.prefill(sequence, granted, batch);
        budget -= granted + slots;
      }
      if (this.#isUrgent) this.#granted.push(granted);
      index += 1;
    }
    if (!decodesAreIn) for (; index < running.length; index++) this.#fallBehind(running[index], batch, nowNs);
    return budget;
  }

  #leastUrgent(): number {
    let worst = 0;
    for (let at = 1; at < this.#running.length; at++)
      if (byUrgency(this.#running[worst], this.#running[at]) < 0) worst = at;
    return worst;
  }

  /** Known tokens of a sequence that the batch could compute. */
  #wanted(sequence: Sequence, batch: Batch): number {
    const { longPrefillTokens } = this.#config;
    if (sequence.stage === STAGE.decoding)
      return sequence.lane === batch.lane.index ? 1 + this.#progress.drafts(sequence) : 0;
    if (sequence.stage === STAGE.finishing)
      return this.#progress.isSureToEnd(sequence) ? 0 : 1 + this.#progress.drafts(sequence);
    if (sequence.stage !== STAGE.prefilling) return 0;
    if (this.#holdsBack && sequence.isMidPrompt) return 0;
    const tokens = sequence.knownTokens - sequence.computed;
    return longPrefillTokens > 0 ? Math.min(tokens, longPrefillTokens) : tokens;
  }

  /** Somebody's last pass is in flight, but it might go on: only with drafts or a stop before the limit. */
  get #mayHaveGhosts(): boolean {
    if (!this.#stopsEarly) return false;
    return this.#batches.some(({ finishing, hasLastChunk }) => finishing.length > 0 || hasLastChunk);
  }

  /** A decoding sequence gets no token of the budget: it goes on alone, as a prompt would, and catches up later. */
  #fallBehind(sequence: Sequence, batch: Batch, nowNs: number): void {
    if (this.#wanted(sequence, batch) === 0 || sequence.stage !== STAGE.decoding) return;
    for (const other of this.#batches) other.withdraw(sequence, true);
    this.#leaveLane(sequence, nowNs);
    sequence.stage = STAGE.prefilling;
  }

  /** The sequence's time is its own again. */
  #leaveLane(sequence: Sequence, nowNs: number): void {
    const { lane } = sequence;
    if (lane === NO_LANE) return;
    if (sequence.stage === STAGE.decoding) this.#lanes[lane].set.remove(sequence);
    this.#lanes[lane].times.remove(sequence, nowNs, this.#log);
    if (sequence.evictedNs < 0) {
      this.#log.spend(sequence.request, STATE.prefillInterference, nowNs - sequence.accountedNs);
      sequence.accountedNs = nowNs;
    }
    sequence.lane = NO_LANE;
  }

  /** Its last tokens are in flight, but the scheduler cannot know that. */
  #decodeInVain(sequence: Sequence, tokens: number, batch: Batch): void {
    this.#growth.decodeInVain(sequence, tokens);
    batch.addGhost(sequence.computed + 1, tokens - 1);
  }

  #decode(sequence: Sequence, tokens: number, span: number): void {
    this.#growth.decode(sequence, span);
    sequence.drafts = tokens - 1;
    sequence.guesses = tokens - 1;
  }

  /** Puts the next `tokens` known tokens of a sequence, whose pages and those of `padding` more are free, into the batch. */
  prefill(sequence: Sequence, tokens: number, batch: Batch, padding = 0): void {
    const end = sequence.computed + tokens;
    this.#growth.grow(sequence, end + padding);
    batch.addChunk(sequence, tokens);
    sequence.isMidPrompt = end < sequence.knownTokens;
    // Published at schedule time: a later request of the same batch already finds these pages.
    this.#pages.publish(sequence, end);
  }

  /** Takes everything from a sequence that is out of the list, `taken` tokens of the batch too, and puts it back into the queue. */
  #preempt(sequence: Sequence, taken: number, batch: Batch, nowNs: number): void {
    const { request } = sequence;
    if (sequence.stage === STAGE.prefilling && taken > 0) batch.removeChunk(sequence);
    if (sequence.stage === STAGE.finishing && taken > 0) batch.removeGhost(sequence.computed + 1, taken - 1);
    const inFlight = this.#progress.inFlight(sequence);
    const decodes = sequence.stage === STAGE.decoding;
    const isScheduled = taken > 0 && sequence.stage !== STAGE.prefilling;
    // A KV producer has no use for a token whose KV is gone.
    const keepsToken = this.#role !== 'prefill';
    for (const batch of this.#batches) batch.withdraw(sequence, keepsToken);
    this.#leaveLane(sequence, nowNs);
    // A decode lost the token it was about to compute, too: "back where it was" is when the next one comes out.
    if (decodes) sequence.regainTokens = sequence.knownTokens;
    else if (sequence.evictedNs < 0) sequence.regainTokens = sequence.computed;
    if (sequence.evictedNs < 0) {
      this.#log.spend(request, STATE.prefillInterference, nowNs - sequence.accountedNs);
      sequence.evictedNs = nowNs;
    }
    // What was scheduled of it has its page, which is published as if it were computed.
    if (isScheduled) sequence.owned = Math.max(sequence.owned, this.#pages.count(sequence.computed + 1));
    this.#pages.publish(
      sequence,
      isScheduled ? sequence.knownTokens - inFlight : this.#progress.named(sequence, inFlight),
    );
    this.#pages.store(sequence);
    if (!keepsToken) sequence.generated -= inFlight;
    this.#pages.release(sequence);
    sequence.stage = STAGE.waiting;
    sequence.remote = false;
    this.#log.preemptions[request] += 1;
    this.#ledger.preemptions += 1;
    this.hasPreempted = true;
    this.#putBack(sequence);
  }

  /** The request's sequence, which runs, is given up, and is returned with the tokens it has out. */
  cancel(request: number, nowNs: number): Sequence {
    const running = this.#running;
    const at = running.findIndex((candidate) => candidate.request === request);
    const [sequence] = running.splice(at, 1);
    const inFlight = this.#progress.inFlight(sequence);
    for (const batch of this.#batches) batch.abandon(sequence);
    this.#leaveLane(sequence, nowNs);
    sequence.generated -= inFlight;
    // Only tokens that are out have a name.
    this.#pages.publish(sequence, Math.min(sequence.computed, sequence.knownTokens));
    this.#pages.release(sequence);
    return sequence;
  }

  /** Those at STAGE.finished leave; `leave` is called for each in order. */
  dropFinished(leave: (sequence: Sequence) => void): void {
    const running = this.#running;
    let left = 0;
    for (const sequence of running) {
      if (sequence.stage === STAGE.finished) leave(sequence);
      else running[left++] = sequence;
    }
    running.length = left;
  }
}
