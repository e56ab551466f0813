import { expect } from 'vitest';
import type { Scenario } from '../../src/cluster/scenario.ts';
import { simulate } from '../../src/cluster/simulation.ts';
import type { SimulationResult } from '../../src/cluster/simulationResult.ts';
import { checkLaws } from '../../src/metrics/laws.ts';
import { differences, timelineOf } from '../metamorphic/timeline.ts';

/** What a run shows, by name. */
export type Features = Readonly<Record<string, boolean>>;

/**
 * The fast and the plain core give the same timestamps in scenarios 1..`runs`, every run keeps the exact laws, and every feature
 * shows in a tenth of them at least. Prints the shares.
 */
export function expectAgreement(
  runs: number,
  draw: (seed: number, core: 'fast' | 'plain') => Scenario,
  featuresOf: (scenario: Scenario, result: SimulationResult) => Features,
): void {
  const seen = new Map<string, number>();
  for (let seed = 1; seed <= runs; seed++) {
    const scenario = draw(seed, 'fast');
    const fast = simulate(scenario);
    expect(checkLaws(fast, scenario.workload), `seed ${seed}`).toEqual([]);
    const plain = simulate(draw(seed, 'plain'));
    expect(differences(timelineOf(fast), timelineOf(plain)), `seed ${seed}`).toEqual([]);
    for (const [what, shown] of Object.entries(featuresOf(scenario, fast))) {
      seen.set(what, (seen.get(what) ?? 0) + (shown ? 1 : 0));
    }
  }
  for (const [what, count] of seen) {
    console.log(`${what}: ${((100 * count) / runs).toFixed(1)} % of runs`);
    expect(count / runs, what).toBeGreaterThanOrEqual(0.1);
  }
}
