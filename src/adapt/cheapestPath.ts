/**
 * The cheapest way through the stages, one state in each, by dynamic programming.
 * @param stay cost of each state in each stage; Infinity where it will not do
 * @param move cost of going from one state to another as stage `stage` (1 or later) begins; 0 for staying
 * @returns the state of each stage, and the sum; null if some stage has no state that will do.
 */
export function cheapestPath(
  stay: readonly (readonly number[])[],
  move: (from: number, to: number, stage: number) => number,
): { readonly states: readonly number[]; readonly cost: number } | null {
  let costs = [...stay[0]];
  const cameFrom: number[][] = [];
  for (let stage = 1; stage < stay.length; stage++) {
    const before = costs;
    const origins: number[] = [];
    costs = stay[stage].map((own, to) => {
      let best = Number.POSITIVE_INFINITY;
      origins[to] = 0;
      if (own === Number.POSITIVE_INFINITY) return own;
      for (let from = 0; from < before.length; from++) {
        if (before[from] === Number.POSITIVE_INFINITY) continue;
        const cost = before[from] + move(from, to, stage);
        if (cost >= best) continue;
        best = cost;
        origins[to] = from;
      }
      return best + own;
    });
    cameFrom.push(origins);
  }
  const cost = Math.min(...costs);
  if (cost === Number.POSITIVE_INFINITY) return null;
  const states = [costs.indexOf(cost)];
  for (let stage = cameFrom.length - 1; stage >= 0; stage--) states.unshift(cameFrom[stage][states[0]]);
  return { states, cost };
}
