import { outcomesOf } from '../draftOutcomes.ts';
import { Lane } from '../lane.ts';
import type { SchedulerSetup } from '../schedulerSetup.ts';
import { type Sequence, STAGE } from '../sequence.ts';
import type { TrtllmConfig } from './trtllmConfig.ts';

/**
 * The lanes of a rank. A pipeline's next micro-batch is chosen from all generations that are in none, so who is chosen moves into
 * its lane; who is not, as its micro-batch is full, is kept in one that no batch ever has.
 */
export class MicroBatchLanes {
  readonly #setup: SchedulerSetup<TrtllmConfig>;
  readonly #all: readonly Lane[];
  readonly #kept: Lane | null;

  constructor(setup: SchedulerSetup<TrtllmConfig>) {
    const { config, lanes, timer } = setup;
    this.#setup = setup;
    this.#kept =
      lanes.length === 1
        ? null
        : new Lane(lanes.length, config.blockTokens, timer.window, outcomesOf(config.speculation));
    this.#all = this.#kept === null ? lanes : [...lanes, this.#kept];
  }

  /** The one that the decoding sequence is in. */
  of({ lane }: Sequence): Lane {
    return this.#all[lane];
  }

  /** A micro-batch of the lane is in flight. */
  isInFlight(lane: number): boolean {
    return this.#setup.batches.some((batch) => batch.sequences > 0 && batch.lane.index === lane);
  }

  /** Generations that are in no micro-batch are in other lanes than this one, too. */
  isScattered(lane: Lane): boolean {
    return this.#all.some((other) => other !== lane && other.set.count > 0 && !this.isInFlight(other.index));
  }

  /** The lane's next pass decodes the chosen ones that decode already, and no others. */
  gather(lane: Lane, chosen: readonly Sequence[], nowNs: number): void {
    if (this.#kept === null) return;
    for (const sequence of chosen) {
      if (sequence.stage === STAGE.decoding && sequence.lane !== lane.index) this.#move(sequence, lane, nowNs);
    }
    const { members } = lane.set;
    if (members.length === chosen.filter(({ stage }) => stage === STAGE.decoding).length) return;
    const stay = new Set(chosen);
    for (const sequence of [...members]) if (!stay.has(sequence)) this.#move(sequence, this.#kept, nowNs);
  }

  /** It goes on decoding there; `nowNs` is between two of its passes. */
  #move(sequence: Sequence, to: Lane, nowNs: number): void {
    const from = this.of(sequence);
    from.set.remove(sequence);
    from.times.remove(sequence, nowNs, this.#setup.log);
    to.add(sequence);
    to.times.waitUntil(nowNs);
    to.times.startCounting(sequence);
  }
}
