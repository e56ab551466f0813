/** Turns that the longest nap lasts. */
const LONGEST = 16;

/**
 * Candidates that were out of reach when last looked at, and are not looked at again for 1, 2, 4 turns and so on: what is
 * believed changes little from one turn to the next.
 */
export class Naps {
  readonly #naps = new Map<number, { readonly until: number; readonly turns: number }>();
  #turn = 0;

  nextTurn(): void {
    this.#turn += 1;
  }

  has(candidate: number): boolean {
    const nap = this.#naps.get(candidate);
    return nap !== undefined && this.#turn <= nap.until;
  }

  /** Twice as long as the last time. */
  add(candidate: number): void {
    const turns = Math.min(LONGEST, 2 * (this.#naps.get(candidate)?.turns ?? 0.5));
    this.#naps.set(candidate, { until: this.#turn + turns, turns });
  }

  /** All are awake, as if they had never been out of reach. */
  end(): void {
    this.#naps.clear();
  }
}
