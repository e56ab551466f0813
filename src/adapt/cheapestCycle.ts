/**
 * The cheapest way through the stages and back to the first, one state in each, by dynamic programming from every first state.
 * @param stay cost of each state in each stage; Infinity where it will not do
 * @param move cost of going from one state to another as stage `stage` begins (0: as it all comes again); 0 for staying
 * @returns the state of each stage, and the sum; null if some stage has no state that will do.
 */
export function cheapestCycle(
  stay: readonly (readonly number[])[],
  move: (from: number, to: number, stage: number) => number,
): Path | null {
  let best: Path | null = null;
  for (const [first, cost] of stay[0].entries()) {
    if (cost === Number.POSITIVE_INFINITY) continue;
    const path = cheapestFrom(first, stay, move);
    if (path !== null && (best === null || path.cost < best.cost)) best = path;
  }
  return best;
}

interface Path {
  readonly states: readonly number[];
  readonly cost: number;
}

function cheapestFrom(
  first: number,
  stay: readonly (readonly number[])[],
  move: (from: number, to: number, stage: number) => number,
): Path | null {
  const least = (costs: readonly number[], to: number, stage: number): { cost: number; from: number } => {
    let best = { cost: Number.POSITIVE_INFINITY, from: 0 };
    for (const [from, before] of costs.entries()) {
      if (before === Number.POSITIVE_INFINITY) continue;
      const cost = before + move(from, to, stage);
      if (cost < best.cost) best = { cost, from };
    }
    return best;
  };
  let costs = stay[0].map((own, state) => (state === first ? own : Number.POSITIVE_INFINITY));
  const cameFrom: number[][] = [];
  for (let stage = 1; stage < stay.length; stage++) {
    const before = costs;
    const ways = stay[stage].map((own, to) =>
      own === Number.POSITIVE_INFINITY ? { cost: own, from: 0 } : least(before, to, stage),
    );
    costs = ways.map(({ cost }, to) => cost + stay[stage][to]);
    cameFrom.push(ways.map(({ from }) => from));
  }
  const { cost, from } = least(costs, first, 0);
  if (cost === Number.POSITIVE_INFINITY) return null;
  const states = [from];
  for (let stage = cameFrom.length - 1; stage >= 0; stage--) states.unshift(cameFrom[stage][states[0]]);
  return { states, cost };
}
