import type { StepTimer } from '../timing/stepTimer.ts';
import type { DecodeSet } from './decodeSet.ts';

/** Passes planned ahead at most; a longer run is planned piece by piece. */
const LONGEST_RUN = 1024;

/**
 * Passes that only decode and that follow the one in flight without anything changing: when each of them ends, by one
 * evaluation of the timer per pass.
 */
export class DecodeRun {
  readonly #endNs = new Float64Array(LONGEST_RUN);
  #next = 0;
  #planned = 0;

  /** Planned passes that have not been formed yet. */
  get left(): number {
    return this.#planned - this.#next;
  }

  cancel(): void {
    this.#planned = 0;
    this.#next = 0;
  }

  /**
   * Plans at most `passes` passes after one that ends at `fromNs`, as long as `freePages` last; returns when the last of
   * them ends.
   */
  plan(set: DecodeSet, timer: StepTimer, passes: number, freePages: number, fromNs: number): number {
    const wanted = Math.min(passes, LONGEST_RUN);
    const { count, belowWindow } = set;
    let free = freePages;
    let endNs = fromNs;
    let context = set.contextTokens;
    let windowed = set.windowedTokens;
    let planned = 0;
    while (planned < wanted) {
      free -= set.pagesDueAt(set.clock + planned);
      if (free < 0) break;
      endNs += timer.decodeNs(count, context, windowed);
      this.#endNs[planned] = endNs;
      context += count;
      windowed += belowWindow;
      planned += 1;
    }
    this.#planned = planned;
    this.#next = 0;
    return endNs;
  }

  /** When the next planned pass ends; it counts as formed from now on. */
  take(): number {
    return this.#endNs[this.#next++];
  }
}
