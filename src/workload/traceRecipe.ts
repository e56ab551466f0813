import { type ArrivalProcess, retimeArrivals } from './arrivals.ts';
import { writeMooncake } from './formats/mooncakeWriter.ts';
import { makeSynthetic, type SyntheticOptions } from './synthetic.ts';

/** Everything a generated trace file depends on. */
export interface TraceRecipe {
  readonly seed: number;
  readonly workload: SyntheticOptions;
  readonly arrivals: { readonly process: ArrivalProcess; readonly requestsPerS: number };
}

/** The trace file, as Mooncake JSONL: the same recipe gives the same bytes on every machine. */
export function cookTrace(recipe: TraceRecipe): string {
  const { process, requestsPerS } = recipe.arrivals;
  return writeMooncake(retimeArrivals(makeSynthetic(recipe.workload, recipe.seed), process, requestsPerS, recipe.seed));
}
