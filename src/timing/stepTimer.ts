import type { FamilySeconds } from './families.ts';
import type { PassShape } from './passShape.ts';

/** What limits a pass, by index into this list. */
export const BOUNDS = ['compute', 'hbm', 'interconnect', 'launch'] as const;
export type BoundIndex = 0 | 1 | 2 | 3;

/**
 * How long one forward pass of one replica takes. Compiled once per deployment, called in the innermost loop: no method
 * allocates, all are pure functions of their arguments, and the result is a whole number of nanoseconds >= 1, rounded
 * once. Only + - * /, sqrt and the portable functions of base/math are used, so every machine computes the same bits.
 */
export interface StepTimer {
  /** Sliding window of the model's windowed layers, tokens; 0 = none. Shapes given to this timer carry the same. */
  readonly window: number;
  /** Duration of the pass, evaluated jointly for the mixed batch; of a pipeline the time through all of its stages. */
  passNs(shape: PassShape): number;
  /**
   * `passNs` of a pass of decodes only, the very same bits: `sequences` >= 1 sequences of the whole replica attending to
   * `contextTokens` in all, each with its last token and all its drafts (one token each without speculation).
   */
  decodeNs(sequences: number, contextTokens: number, windowedTokens: number): number;
  /** What takes the largest share of the pass: an index into BOUNDS. */
  boundOf(shape: PassShape): BoundIndex;
  /** Adds the pass's time by families of formulas; left out where there are none. Not for the innermost loop. */
  addFamilies?(shape: PassShape, families: FamilySeconds): void;
}
