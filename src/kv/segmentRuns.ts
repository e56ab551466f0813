import { NONE, type Runs } from './runs.ts';

const TANGLED = -1;

/**
 * The runs that are present of each segment. A segment is *plain* while its runs are one copy without gaps from its first
 * page on, listed in page order. Otherwise it is *tangled*: runs overlap as copies or leave gaps, and are listed in the
 * order in which they were published.
 */
export class SegmentRuns {
  readonly #runs: Runs;
  /** Per shared segment: first run + 1 (0 = none), and pages present, or TANGLED. */
  readonly #first: Int32Array;
  readonly #present: Int32Array;
  /** The same for private segments, of which few are cached at any time. */
  readonly #privateFirst = new Map<number, number>();
  readonly #privateTangled = new Set<number>();

  constructor(runs: Runs, sharedSegments: number) {
    this.#runs = runs;
    this.#first = new Int32Array(sharedSegments);
    this.#present = new Int32Array(sharedSegments);
  }

  first(segment: number): number {
    if (segment < this.#first.length) return this.#first[segment] - 1;
    return this.#privateFirst.get(segment) ?? NONE;
  }

  last(segment: number): number {
    let last = NONE;
    for (let run = this.first(segment); run !== NONE; run = this.#runs.following[run]) last = run;
    return last;
  }

  isTangled(segment: number): boolean {
    if (segment < this.#present.length) return this.#present[segment] === TANGLED;
    return this.#privateTangled.size > 0 && this.#privateTangled.has(segment);
  }

  /** Pages present of a plain segment; of a tangled one a negative number. */
  present(segment: number): number {
    if (segment < this.#present.length) return this.#present[segment];
    if (this.isTangled(segment)) return TANGLED;
    const last = this.last(segment);
    return last === NONE ? 0 : this.#runs.end[last];
  }

  /** The segment is plain and has `pages` pages. */
  setPresent(segment: number, pages: number): void {
    if (segment < this.#present.length) this.#present[segment] = pages;
    else if (this.#privateTangled.size > 0) this.#privateTangled.delete(segment);
  }

  tangle(segment: number): void {
    if (segment < this.#present.length) this.#present[segment] = TANGLED;
    else this.#privateTangled.add(segment);
  }

  /** Puts `run` after another of the same segment, or first if that is NONE. */
  link(segment: number, after: number, run: number): void {
    const { following } = this.#runs;
    if (after === NONE) {
      following[run] = this.first(segment);
      this.#setFirst(segment, run);
    } else {
      following[run] = following[after];
      following[after] = run;
    }
  }

  unlink(segment: number, run: number): void {
    const { following } = this.#runs;
    let before = NONE;
    for (let other = this.first(segment); other !== run; other = following[other]) before = other;
    if (before === NONE) this.#setFirst(segment, following[run]);
    else following[before] = following[run];
  }

  #setFirst(segment: number, run: number): void {
    if (segment < this.#first.length) this.#first[segment] = run + 1;
    else if (run === NONE) this.#privateFirst.delete(segment);
    else this.#privateFirst.set(segment, run);
  }
}
