import { RandomStream } from '../base/random.ts';
import { type Problem, type Strategy, shuffled, type TrialAsk } from './strategy.ts';

const GENERATION = 256;

/** Tries every candidate in full, in a given order, whatever it is told. */
class Sequential implements Strategy {
  readonly #order: ArrayLike<number>;
  readonly #level: number;
  #next = 0;

  constructor(order: ArrayLike<number>, level: number) {
    this.#order = order;
    this.#level = level;
  }

  ask(): TrialAsk[] {
    const first = this.#next;
    this.#next = Math.min(first + GENERATION, this.#order.length);
    return Array.from({ length: this.#next - first }, (_, k) => ({
      candidate: this.#order[first + k],
      level: this.#level,
    }));
  }

  tell(): void {}
}

/** Every candidate that can be of use, in order. */
export function exhaustive(problem: Problem): Strategy {
  return new Sequential(useful(problem), problem.levels.length - 1);
}

/** Every candidate that can be of use, in random order: what a budget cuts off is a fair sample. */
export function randomOrder(problem: Problem, seed: number): Strategy {
  const candidates = useful(problem);
  const order = shuffled(candidates.length, new RandomStream(seed, 'search.order'));
  return new Sequential(
    order.map((place) => candidates[place]),
    problem.levels.length - 1,
  );
}

function useful(problem: Problem): number[] {
  const candidates: number[] = [];
  for (let candidate = 0; candidate < problem.size; candidate++)
    if (problem.floor(candidate) !== null) candidates.push(candidate);
  return candidates;
}
