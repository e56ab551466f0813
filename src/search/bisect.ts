export interface BisectOptions {
  /** The load tried first, > 0. */
  readonly start: number;
  /** Doublings (or halvings) tried to bracket the edge. */
  readonly maxDoublings: number;
  /** The answer is within this relative distance below the edge found; 0.05 takes 4 probes past the bracket. */
  readonly relativeTolerance: number;
}

export interface Probe {
  readonly load: number;
  readonly held: boolean;
}

export interface HeldLoad {
  /** Highest load that was probed and held; null when none was. */
  readonly held: number | null;
  /** Lowest load above it that was probed and not held; null when every doubling was held. */
  readonly missed: number | null;
  readonly probes: readonly Probe[];
}

/**
 * The highest load that `holds`: doubling (or halving) from `start` to a bracket, then bisection by geometric means,
 * the same number of steps whatever the outcomes. The answer itself was probed and held, and a load at most
 * `relativeTolerance` above it was probed and missed: both stay true if holding is not monotone in the load (a cache
 * that warms with load, say). Then the answer is the lower side of one edge, and a higher island may exist.
 */
export function highestHeldLoad(holds: (load: number) => boolean, options: BisectOptions): HeldLoad {
  const probes: Probe[] = [];
  const probe = (load: number): boolean => {
    const held = holds(load);
    probes.push({ load, held });
    return held;
  };
  const bracket = findBracket(probe, options);
  if (bracket.held === null || bracket.missed === null) return { ...bracket, probes };

  let { held, missed } = bracket as { held: number; missed: number };
  for (let step = stepsFor(options.relativeTolerance); step > 0; step--) {
    const middle = Math.sqrt(held * missed);
    if (probe(middle)) held = middle;
    else missed = middle;
  }
  return { held, missed, probes };
}

function findBracket(
  probe: (load: number) => boolean,
  options: BisectOptions,
): { held: number | null; missed: number | null } {
  let load = options.start;
  if (probe(load)) {
    for (let turn = 0; turn < options.maxDoublings; turn++) {
      if (!probe(load * 2)) return { held: load, missed: load * 2 };
      load *= 2;
    }
    return { held: load, missed: null };
  }
  for (let turn = 0; turn < options.maxDoublings; turn++) {
    if (probe(load / 2)) return { held: load / 2, missed: load };
    load /= 2;
  }
  return { held: null, missed: load };
}

/** Halvings of a bracket of ratio 2 (in the logarithm: square roots of the ratio) until it is within the tolerance. */
function stepsFor(relativeTolerance: number): number {
  let ratio = 2;
  let steps = 0;
  while (ratio > 1 + relativeTolerance) {
    ratio = Math.sqrt(ratio);
    steps += 1;
  }
  return steps;
}
