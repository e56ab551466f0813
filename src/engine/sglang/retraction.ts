import type { Addable } from './prefillAdder.ts';

/**
 * Running requests in the order in which a retraction keeps them: most generated tokens first, then the shortest prompt, then
 * their order in the batch. Victims are taken from the end (ScheduleBatch.retract_decode).
 */
export function retractionOrder<T extends Addable>(running: readonly T[]): T[] {
  return [...running].sort((a, b) => b.generated - a.generated || a.inputTokens - b.inputTokens);
}
