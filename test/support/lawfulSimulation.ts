import type { Scenario } from '../../src/cluster/scenario.ts';
import { simulate as run } from '../../src/cluster/simulation.ts';
import type { SimulationResult } from '../../src/cluster/simulationResult.ts';
import { checkLaws } from '../../src/metrics/laws.ts';

/** `simulate` that throws when the run breaks one of the exact laws. */
export function simulate(scenario: Scenario): SimulationResult {
  const result = run(scenario);
  const breaches = checkLaws(result, scenario.workload);
  if (breaches.length > 0) throw new Error(`the run breaks ${breaches.length} laws:\n${breaches.join('\n')}`);
  return result;
}
