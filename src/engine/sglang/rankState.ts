import { PageNames } from '../../kv/pageNames.ts';
import type { Batch } from '../batch.ts';
import { STATE } from '../requestLog.ts';
import type { SchedulerSetup } from '../schedulerSetup.ts';
import { NO_LANE, type Sequence, STAGE } from '../sequence.ts';
import { NewTokenRatio } from './newTokenRatio.ts';
import { RadixPages } from './radixPages.ts';
import { RemoteQueue } from './remoteQueue.ts';
import { draftReserve } from './requestLimits.ts';
import { keyedAhead, type SglangConfig } from './sglangConfig.ts';
import { Slot } from './slot.ts';
import { WaitingQueue } from './waitingQueue.ts';

/** What the parts of one rank's scheduler share: its requests, where they are, and its pages. */
export class RankState {
  readonly setup: SchedulerSetup<SglangConfig>;
  readonly names: PageNames;
  readonly pages: RadixPages;
  readonly ratio: NewTokenRatio;
  readonly waiting = new WaitingQueue();
  /** Decode workers: what is not running yet. */
  readonly remote: RemoteQueue<Sequence>;
  readonly slots: readonly Slot[];
  /** The one whose turn it is. */
  slot: Slot;
  /** The prompt in progress; neither waiting nor running. */
  chunked: Sequence | null = null;
  /** Decode workers: of those that run, the ones whose first token, which came with the KV, is not out yet. */
  joined: Sequence[] = [];
  /** Admitted and not finished. */
  admitted = 0;
  /** Requests that have joined a running batch so far. */
  #joinings = 0;

  constructor(setup: SchedulerSetup<SglangConfig>) {
    const { config, table, batches, lanes } = setup;
    this.setup = setup;
    this.names = new PageNames(table.workload, table.namedTokens, config.blockTokens, keyedAhead(config));
    this.pages = new RadixPages(config, this.names, setup.tiers);
    this.ratio = new NewTokenRatio(config.conservativeness);
    this.remote = new RemoteQueue(config.reservedDecodeTokens, draftReserve(config), this.pages);
    this.slots = lanes.map((lane) => new Slot(config, this.pages, lane, batches));
    this.slot = this.slots[0];
  }

  /** The sequence joins a running batch. */
  noteJoining(sequence: Sequence): void {
    sequence.joined = ++this.#joinings;
  }

  /** The first token of a decode worker's sequence is out, or will never be. */
  unjoin(sequence: Sequence): void {
    if (this.joined.length > 0) this.joined = this.joined.filter((other) => other !== sequence);
  }

  /** The sequence, which is inside, leaves all batches and lists. */
  takeOut(sequence: Sequence, nowNs: number): void {
    const { batches, lanes, log } = this.setup;
    for (const batch of batches) batch.discard(sequence);
    if (sequence.stage === STAGE.decoding) lanes[sequence.lane].set.remove(sequence);
    if (sequence.lane !== NO_LANE) lanes[sequence.lane].times.remove(sequence, nowNs, log);
    for (const slot of this.slots) slot.remove(sequence);
    if (sequence === this.chunked) this.chunked = null;
    this.admitted -= 1;
  }

  /** The sequence loses its KV and waits again; what it had of `regainTokens` tokens must be computed anew. */
  evict(sequence: Sequence, regainTokens: number, nowNs: number): void {
    const { log, ledger, role } = this.setup;
    const { request } = sequence;
    if (sequence.evictedNs < 0) {
      log.spend(request, STATE.prefillInterference, nowNs - sequence.accountedNs);
      sequence.evictedNs = nowNs;
      sequence.regainTokens = regainTokens;
    }
    this.unjoin(sequence);
    this.pages.drop(sequence);
    sequence.lane = NO_LANE;
    sequence.stage = STAGE.waiting;
    log.preemptions[request] += 1;
    ledger.preemptions += 1;
    if (role === 'decode') this.remote.retract(sequence);
    else this.waiting.items.push(sequence);
  }

  /** The request's sequence, which is inside. */
  find(request: number): Sequence {
    const inside = (sequence: Sequence): boolean => sequence.request === request && sequence.stage !== STAGE.finished;
    const inFlight = (batch: Batch): Sequence[] => [...batch.ended, ...batch.finishing];
    const listed = this.slots.flatMap(({ lane, running, lastEnded }) => [
      ...lane.set.members,
      ...running.leaving,
      ...(lastEnded ?? []),
    ]);
    const all = [...listed, ...this.joined, ...this.setup.batches.flatMap(inFlight)];
    return (this.chunked === null ? all : [this.chunked, ...all]).find(inside)!;
  }
}
