import type { RandomStream } from '../../src/base/random.ts';
import type { Speculation } from '../../src/engine/speculation.ts';
import type { StepTimer } from '../../src/timing/stepTimer.ts';

/** Drafts in one of two draws, some of them hardly ever or always accepted. */
export function randomSpeculation(random: RandomStream): Speculation | null {
  const draftTokens = random.integer(1, 5);
  const acceptance = Array.from({ length: draftTokens }, () => Math.min(1, random.uniform() * 1.2));
  const method = (['eagle', 'draft_model', 'ngram'] as const)[random.integer(0, 2)];
  const seed = random.integer(0, 1000);
  return random.integer(0, 1) === 0 ? null : { method, draftTokens, acceptance, seed };
}

/** The timer, which does not know of drafts, with a price for each that a pass verifies. */
export function draftingTimer(timer: StepTimer, speculation: Speculation | null): StepTimer {
  if (speculation === null) return timer;
  const { draftTokens } = speculation;
  return {
    window: timer.window,
    passNs: (shape) => timer.passNs(shape) + 13 * (shape.decodeTokens - shape.decodes),
    decodeNs: (sequences, ...sums) => timer.decodeNs(sequences, ...sums) + 13 * draftTokens * sequences,
    boundOf: (shape) => timer.boundOf(shape),
  };
}
