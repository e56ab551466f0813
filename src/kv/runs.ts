export const NONE = -1;

/** Owner of runs of pages without content. */
export const BLANK = 0;

/**
 * Stretches of physical pages with the same holders and neighbouring places in the free queue, by number. Columns are
 * replaced when they grow: do not keep them.
 */
export class Runs {
  /** Whose they are: BLANK, or what `FreeQueue.register` gave. */
  owner = new Int32Array(256);
  /** What they hold: a segment for a RunPool, a page name for a PageGroup. */
  segment = new Int32Array(256);
  /** Pages [start, end) of the segment. */
  start = new Int32Array(256);
  end = new Int32Array(256);
  holders = new Int32Array(256);
  /** Next run of the same segment. */
  following = new Int32Array(256);
  /** Which copy of the segment's pages they are; 0 unless another copy had been there. */
  strand = new Int32Array(256);
  /** Neighbours in the free queue. */
  older = new Int32Array(256);
  newer = new Int32Array(256);
  #count = 0;
  readonly #spare: number[] = [];

  /** A run with one holder. */
  add(owner: number, segment: number, start: number, end: number): number {
    const run = this.#spare.pop() ?? this.#count++;
    if (run === this.owner.length) this.#grow();
    this.owner[run] = owner;
    this.segment[run] = segment;
    this.start[run] = start;
    this.end[run] = end;
    this.holders[run] = 1;
    this.following[run] = NONE;
    this.strand[run] = 0;
    this.older[run] = NONE;
    this.newer[run] = NONE;
    return run;
  }

  /** The number may be given out again. */
  remove(run: number): void {
    this.#spare.push(run);
  }

  #grow(): void {
    const size = this.owner.length * 2;
    const grown = (column: Int32Array): Int32Array<ArrayBuffer> => {
      const copy = new Int32Array(size);
      copy.set(column);
      return copy;
    };
    this.owner = grown(this.owner);
    this.segment = grown(this.segment);
    this.start = grown(this.start);
    this.end = grown(this.end);
    this.holders = grown(this.holders);
    this.following = grown(this.following);
    this.strand = grown(this.strand);
    this.older = grown(this.older);
    this.newer = grown(this.newer);
  }
}
