import type { WorkerTotals } from '../cluster/simulationResult.ts';
import { BOUNDS } from '../timing/stepTimer.ts';
import type { BoundShares, Report } from './report.ts';

/** Shares of busy time by what bounds the pass, for passes with prefill tokens and for the rest; all 0 when there were none. */
export function boundOf(workers: readonly WorkerTotals[]): Report['bound'] {
  return {
    prefill: sharesOf(workers.map((worker) => worker.prefillBoundNs)),
    decode: sharesOf(workers.map((worker) => worker.decodeBoundNs)),
  };
}

function sharesOf(rows: readonly (readonly number[])[]): BoundShares {
  const sums = BOUNDS.map((_, bound) => rows.reduce((sum, row) => sum + row[bound], 0));
  const total = sums.reduce((sum, value) => sum + value, 0);
  const [compute, hbm, interconnect, launch] = sums.map((value) => (total === 0 ? 0 : value / total));
  return { compute, hbm, interconnect, launch };
}
