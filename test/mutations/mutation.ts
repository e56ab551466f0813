/** A deliberate mistake in the sources: `find` occurs exactly once in `file` and is replaced. */
export interface Mutation {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** What the mistake is about. */
  readonly why: string;
}
