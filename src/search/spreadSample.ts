import type { RandomStream } from '../base/random.ts';

/** Candidates drawn for each one taken. */
const DRAWS = 12;

/**
 * A random sample that meets every value of every coordinate about equally often, so that no knob's level goes unseen
 * because chance left it out: of a few drawn, the one whose values have been met least is taken.
 * @param candidates not empty; each is taken at most once.
 */
export function spreadSample(
  candidates: readonly number[],
  features: (candidate: number) => Float64Array,
  wanted: number,
  random: RandomStream,
): number[] {
  const left = [...candidates];
  const met: Map<number, number>[] = [];
  const timesMet = (k: number, value: number): number => met[k]?.get(value) ?? 0;
  const taken: number[] = [];
  while (taken.length < wanted && left.length > 0) {
    let best = -1;
    let rarest = -1;
    for (let draw = Math.min(DRAWS, left.length); draw > 0; draw--) {
      const at = random.integer(0, left.length - 1);
      const rarity = features(left[at]).reduce((sum, value, k) => sum + 1 / (1 + timesMet(k, value)), 0);
      if (rarity > rarest) [best, rarest] = [at, rarity];
    }
    const candidate = left[best];
    left[best] = left[left.length - 1];
    left.pop();
    features(candidate).forEach((value, k) => {
      met[k] ??= new Map();
      met[k].set(value, timesMet(k, value) + 1);
    });
    taken.push(candidate);
  }
  return taken;
}
