import type { WorkerTotals } from '../cluster/simulationResult.ts';
import { FAMILIES } from '../timing/families.ts';
import type { Report } from './report.ts';

type Shares = Pick<Report['provenance'], 'pass_time' | 'constants'>;

/** What looks at running passes found their time to be made of; null where no pass was timed by formulas. */
export function passTimeOf(workers: readonly WorkerTotals[]): Shares {
  const sums = FAMILIES.map((_, family) => workers.reduce((sum, { familyNs }) => sum + familyNs[family], 0));
  const total = sums.reduce((sum, ns) => sum + ns, 0);
  if (total === 0) return { pass_time: null, constants: null };
  const [attention, gemm, moe, collectives, elementwise, host] = sums.map((ns) => ns / total);
  const byDefault = workers.reduce((sum, { defaultConstantsNs }) => sum + defaultConstantsNs, 0) / total;
  return {
    pass_time: { attention, gemm, moe, collectives, elementwise, host },
    constants: { fitted: 1 - byDefault, default: byDefault },
  };
}
