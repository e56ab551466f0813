/** A table of a page or of the terminal, all text in place. */
export interface PageTable {
  readonly caption: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** A line below it. */
  readonly note?: string;
}
