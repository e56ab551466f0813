/** What a retraction asks of a running request. */
export interface Retractable {
  readonly request: number;
  readonly inputTokens: number;
  /** Tokens that are known to have come out. */
  readonly generated: number;
}

/**
 * Running requests in the order in which a retraction keeps them: most generated tokens first, then the shortest prompt.
 * Victims are taken from the end (ScheduleBatch.retract_decode). Ties go by number here, there by place in the batch.
 */
export function retractionOrder<T extends Retractable>(running: readonly T[]): T[] {
  return [...running].sort(
    (a, b) => b.generated - a.generated || a.inputTokens - b.inputTokens || a.request - b.request,
  );
}
