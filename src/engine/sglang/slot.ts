import type { Batch } from '../batch.ts';
import type { Lane } from '../lane.ts';
import { NO_LANE, type Sequence, STAGE } from '../sequence.ts';
import { DecodeRoom } from './decodeRoom.ts';
import type { LastBatch } from './poll.ts';
import type { RadixPages } from './radixPages.ts';
import { RunningBatch } from './runningBatch.ts';
import type { SglangConfig } from './sglangConfig.ts';

/**
 * Requests that run together, and what the batch was that was formed of them last. With pipeline stages the loop has as many of
 * them as there are stages and goes round (`running_mbs`, scheduler_pp_mixin.py); without it has one.
 */
export class Slot {
  readonly lane: Lane;
  readonly running: RunningBatch;
  readonly room: DecodeRoom;
  /** `batch_is_full`: no prefill until somebody leaves. */
  isFull = false;
  lastWas: LastBatch = 'none';
  /** Of the batch formed last, if it was a prefill: those whose prompts it ended, whether it had others, and who ran beside. */
  lastEnded: readonly Sequence[] | null = null;
  lastHadChunked = false;
  lastWasMixed = false;
  runningBeside = 0;

  constructor(config: SglangConfig, pages: RadixPages, lane: Lane, batches: readonly Batch[]) {
    this.lane = lane;
    this.running = new RunningBatch(lane, batches);
    this.room = new DecodeRoom(config, pages, this.running);
  }

  /** The last prefill's requests join the running ones, before it is known which of them have finished. */
  mergeLast(): void {
    const ended = this.lastEnded;
    this.lastEnded = null;
    if (ended === null) return;
    const { running } = this;
    let dropped = this.lastHadChunked;
    // Those that decoded beside it were taken out of the running batch and come back now.
    if (this.lastWasMixed) {
      const before = running.leaving.length;
      running.filter();
      dropped ||= running.leaving.length < before;
    }
    let merged = this.lastWasMixed ? running.size : 0;
    for (const sequence of ended) {
      if (sequence.stage === STAGE.finished) dropped = true;
      else merged += 1;
      if (sequence.stage === STAGE.finishing && sequence.lane === NO_LANE) running.leaving.push(sequence);
    }
    // An empty running batch is replaced by the merged one, whose flag is down.
    if (dropped || (merged > 0 && this.runningBeside === 0)) this.isFull = false;
  }

  /** A prefill that ends the prompts of `ended` has been formed; `hadChunked`: of others it computes a part. */
  notePrefill(ended: readonly Sequence[], hadChunked: boolean, isMixed: boolean): void {
    this.lastWas = 'other';
    this.lastEnded = ended;
    this.lastHadChunked = hadChunked;
    this.lastWasMixed = isMixed;
    this.runningBeside = isMixed ? 0 : this.running.size;
  }

  /** The sequence is given up. */
  remove(sequence: Sequence): void {
    const isAnother = (other: Sequence): boolean => other !== sequence;
    this.running.leaving = this.running.leaving.filter(isAnother);
    this.lastEnded = this.lastEnded?.filter(isAnother) ?? null;
  }
}
