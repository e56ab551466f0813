/** Replays strategies on a table, and measures what they found against the exhaustive frontier. */
import { additiveEpsilon } from '../src/search/additiveEpsilon.ts';
import { hypervolumeShare } from '../src/search/hypervolume.ts';
import { nonDominated } from '../src/search/pareto.ts';
import type { Strategy } from '../src/search/strategy.ts';
import type { Entry, SpaceTable } from './searchTable.ts';

export interface Found {
  readonly values: (readonly number[])[];
  readonly passes: number;
  readonly trials: readonly number[];
}

/** Runs a strategy on the table until it is done or has spent `budget` passes. */
export function replay(strategy: Strategy, { entries }: SpaceTable, budget = Number.POSITIVE_INFINITY): Found {
  const values: (readonly number[])[] = [];
  const trials = entries.map(() => 0);
  let passes = 0;
  const paid = new Set<string>();
  for (;;) {
    const asks = strategy.ask();
    if (asks.length === 0) return { values, passes, trials };
    const told: Entry[] = [];
    for (const { candidate, level } of asks) {
      const entry = entries[level][candidate];
      told.push(entry);
      if (!paid.has(entry.twins)) {
        paid.add(entry.twins);
        passes += entry.outcome.work;
        trials[level] += 1;
      }
      if (level === entries.length - 1 && isFeasible(entry)) values.push(entry.values!);
      if (passes > budget) return { values, passes, trials };
    }
    strategy.tell(told.map(({ outcome }) => outcome));
  }
}

function isFeasible({ outcome, values }: Entry): boolean {
  return outcome.margin <= 0 && values !== null && values.every(Number.isFinite);
}

export class Judge {
  readonly frontier: (readonly number[])[];
  readonly passes: number;
  readonly #directions;
  readonly #ideal: number[];
  readonly #reference: number[];
  readonly #area: number;

  constructor({ config, entries }: SpaceTable) {
    const full = entries[entries.length - 1];
    const values = full.filter(isFeasible).map((entry) => entry.values!);
    this.#directions = config.goal.objectives.map(({ direction }) => direction);
    this.frontier = unique(nonDominated(values, this.#directions).map((index) => values[index]));
    const distinct = new Map(full.map(({ twins, outcome }) => [twins, outcome.work]));
    this.passes = [...distinct.values()].reduce((sum, work) => sum + work, 0);
    const along = (k: number) => this.frontier.map((point) => point[k]);
    this.#ideal = this.#directions.map((way, k) => (way === 'minimize' ? Math.min : Math.max)(...along(k)));
    const worst = this.#directions.map((way, k) => (way === 'minimize' ? Math.max : Math.min)(...along(k)));
    // A tenth beyond the frontier, so that its ends count.
    this.#reference = worst.map((value, k) => value + 0.1 * (value - this.#ideal[k]));
    this.#area = hypervolumeShare(this.frontier, this.#directions, this.#ideal, this.#reference);
  }

  judge({ values, passes }: Found) {
    const front = nonDominated(values, this.#directions).map((index) => values[index]);
    const scale = (points: readonly (readonly number[])[]): number[][] =>
      points.map((point) =>
        point.map((value, k) => {
          const span = Math.abs(this.#reference[k] - this.#ideal[k]) / 1.1;
          return span === 0 ? 0 : Math.abs(value - this.#ideal[k]) / span;
        }),
      );
    const [best] = this.frontier.map(([first]) => first);
    const first = front.length === 0 ? Number.NaN : front[0][0];
    return {
      hypervolume: hypervolumeShare(front, this.#directions, this.#ideal, this.#reference) / this.#area,
      epsilon: additiveEpsilon(scale(front), scale(this.frontier)),
      regret: Math.abs(first - best) / best,
      share: passes / this.passes,
    };
  }
}

function unique(points: readonly (readonly number[])[]): (readonly number[])[] {
  return [...new Map(points.map((point) => [point.join(' '), point])).values()];
}
