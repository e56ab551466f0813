import { exp } from '../../base/math.ts';
import { RandomStream } from '../../base/random.ts';

/** Ways to pick one of several costs. */
export class Pick {
  #last = -1;

  /** The lowest of `count` costs; of equals the first after the last one picked. */
  lowestInTurn(count: number, costOf: (index: number) => number): number {
    let best = -1;
    let lowest = Number.POSITIVE_INFINITY;
    for (let step = 1; step <= count; step++) {
      const index = (this.#last + step) % count;
      const cost = costOf(index);
      if (cost < lowest) {
        lowest = cost;
        best = index;
      }
    }
    this.#last = best;
    return best;
  }
}

/** The lowest cost; one of equals by `share` in [0, 1). */
export function lowestByShare(costs: readonly number[], share: number): number {
  const lowest = Math.min(...costs);
  let left = Math.floor(share * costs.reduce((count, cost) => (cost === lowest ? count + 1 : count), 0));
  return costs.findIndex((cost) => cost === lowest && left-- === 0);
}

/**
 * Weights exp(-cost / (range of costs) / temperature), and `share` in [0, 1) of their sum decides (Dynamo,
 * lib/kv-router, softmax_sample: costs are scaled by their range).
 */
export function softmaxByShare(costs: readonly number[], temperature: number, share: number): number {
  const lowest = Math.min(...costs);
  const range = Math.max(...costs) - lowest;
  const weights = costs.map((cost) => (range === 0 ? 1 : exp(-(cost - lowest) / range / temperature)));
  let left = share * weights.reduce((sum, weight) => sum + weight, 0);
  for (const [index, weight] of weights.entries()) {
    left -= weight;
    if (left < 0) return index;
  }
  return costs.length - 1;
}

/** A number in [0, 1) that belongs to the request alone. */
export function shareOf(seed: number, group: string, request: number): number {
  return new RandomStream(seed, `router/${group}`, request).uniform();
}
