/** The cascade on problems whose frontiers are known: the fronts of ZDT and DTLZ on grids, with cheap trials that lie. */
import { describe, expect, it } from 'vitest';
import { cascade } from './cascade.ts';
import { hypervolumeShare } from './hypervolume.ts';
import type { Problem, Strategy, TrialAsk, TrialOutcome } from './strategy.ts';

interface Function {
  readonly name: string;
  /** Values per coordinate, each 0 to 1. */
  readonly grid: readonly number[];
  readonly objectives: number;
  readonly losses: (x: readonly number[]) => number[];
}

const rest = (x: readonly number[]): number => 1 + (9 * x.slice(1).reduce((sum, v) => sum + v, 0)) / (x.length - 1);
/** Zitzler, Deb and Thiele (2000); Deb, Thiele, Laumanns and Zitzler (2002). */
const FUNCTIONS: readonly Function[] = [
  {
    name: 'ZDT1',
    grid: [25, 5, 4],
    objectives: 2,
    losses: (x) => [x[0], rest(x) * (1 - Math.sqrt(x[0] / rest(x)))],
  },
  { name: 'ZDT2', grid: [25, 5, 4], objectives: 2, losses: (x) => [x[0], rest(x) * (1 - (x[0] / rest(x)) ** 2)] },
  {
    name: 'ZDT3',
    grid: [30, 5, 4],
    objectives: 2,
    losses: (x) => {
      const share = x[0] / rest(x);
      return [x[0], rest(x) * (1 - Math.sqrt(share) - share * Math.sin(10 * Math.PI * x[0]))];
    },
  },
  {
    name: 'DTLZ2',
    grid: [5, 5, 5, 5],
    objectives: 3,
    losses: (x) => {
      const g = 1 + x.slice(2).reduce((sum, v) => sum + (v - 0.5) ** 2, 0);
      const [a, b] = [(x[0] * Math.PI) / 2, (x[1] * Math.PI) / 2];
      return [g * Math.cos(a) * Math.cos(b), g * Math.cos(a) * Math.sin(b), g * Math.sin(a)];
    },
  },
];

function pointOf(candidate: number, grid: readonly number[]): number[] {
  let left = candidate;
  return grid.map((values) => {
    const digit = left % values;
    left = (left - digit) / values;
    return digit / (values - 1);
  });
}

function problemOf({ grid, objectives }: Function): Problem {
  return {
    size: grid.reduce((product, values) => product * values, 1),
    objectives,
    resolution: 0.004,
    levels: [0.04, 0.2, 1],
    exact: Array.from({ length: objectives }, () => false),
    family: () => 0,
    features: (candidate) => Float64Array.from(pointOf(candidate, grid)),
    neighbours: () => [],
    sketch: () => null,
    floor: () => Array.from({ length: objectives }, () => Number.NEGATIVE_INFINITY),
  };
}

/** What trials in part get wrong grows along the second coordinate, and the less of it there is the worse. */
function trial(of: Function, { candidate, level }: TrialAsk): TrialOutcome {
  const x = pointOf(candidate, of.grid);
  const error = [0.5, 0.2, 0][level] * (0.3 + x[1]);
  return {
    candidate,
    level,
    losses: of.losses(x).map((loss, k) => loss + (k % 2 === 0 ? error : -error)),
    margin: -1,
    work: [4, 20, 100][level],
  };
}

/** Full results, and the work of everything. */
function run(strategy: Strategy, of: Function): { found: number[][]; work: number } {
  const found: number[][] = [];
  let work = 0;
  for (;;) {
    const asks = strategy.ask();
    if (asks.length === 0) return { found, work };
    const outcomes = asks.map((ask) => trial(of, ask));
    for (const outcome of outcomes) {
      work += outcome.work;
      if (outcome.level === 2) found.push([...outcome.losses!]);
    }
    strategy.tell(outcomes);
  }
}

describe.each(FUNCTIONS)('the front of $name', (of) => {
  const problem = problemOf(of);
  const all = Array.from({ length: problem.size }, (_, candidate) => of.losses(pointOf(candidate, of.grid)));
  const extreme = (of: (...values: number[]) => number) => all[0].map((_, k) => of(...all.map((losses) => losses[k])));
  const [ideal, worst] = [extreme(Math.min), extreme(Math.max)];
  const share = (points: readonly (readonly number[])[]): number =>
    hypervolumeShare(
      points,
      all[0].map(() => 'minimize' as const),
      ideal,
      worst,
    );

  it('is found at a fraction of the work', () => {
    const { found, work } = run(cascade(problem, 1), of);
    expect(share(found) / share(all)).toBeGreaterThan(0.99);
    expect(work / (100 * problem.size)).toBeLessThan(0.12);
  });
});
