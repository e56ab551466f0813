import type { RandomStream } from '../base/random.ts';
import { NS_PER_S } from '../base/units.ts';

/** How many of something: tokens, turns. */
export type LengthDistribution =
  | { readonly type: 'fixed'; readonly tokens: number }
  /** Whole numbers uniform in [min, max]. */
  | { readonly type: 'uniform'; readonly min: number; readonly max: number }
  /** Log-normal by its median and the sigma of its logarithm, rounded, cut to [min, max]. */
  | {
      readonly type: 'lognormal';
      readonly median: number;
      readonly sigma: number;
      readonly min: number;
      readonly max: number;
    };

/** The pause between an answer and the next turn, seconds >= 0. */
export type ThinkDistribution =
  | { readonly type: 'fixed'; readonly seconds: number }
  | { readonly type: 'uniform'; readonly min: number; readonly max: number }
  | { readonly type: 'exponential'; readonly mean: number };

/** Draws a whole number. */
export function drawLength(distribution: LengthDistribution, stream: RandomStream): number {
  switch (distribution.type) {
    case 'fixed':
      return distribution.tokens;
    case 'uniform':
      return stream.integer(distribution.min, distribution.max);
    case 'lognormal': {
      const drawn = Math.round(stream.lognormal(distribution.median, distribution.sigma));
      return Math.min(distribution.max, Math.max(distribution.min, drawn));
    }
  }
}

/** Draws a pause as whole ns. */
export function drawThinkNs(distribution: ThinkDistribution, stream: RandomStream): number {
  return Math.round(drawSeconds(distribution, stream) * NS_PER_S);
}

function drawSeconds(distribution: ThinkDistribution, stream: RandomStream): number {
  switch (distribution.type) {
    case 'fixed':
      return distribution.seconds;
    case 'uniform':
      return distribution.min + (distribution.max - distribution.min) * stream.uniform();
    case 'exponential':
      return stream.exponential(distribution.mean);
  }
}
