import { describe, expect, it } from 'vitest';
import type { Scenario } from '../../src/cluster/scenario.ts';
import { FEATURES, swarmBreach, swarmScenario } from './swarmScenario.ts';

const RUNS = Number(process.env.DYNOSIM_RUNS ?? 120);
const DRAWS = 400;

/** Seeds that broke a law once. */
const KEPT = [
  // Little's law between two changes of the number in flight.
  100,
  // Links that are busy while others count what went over them.
  300, 1000,
  // A prompt that waits for a decode worker in a prefill worker that is lost.
  678, 725, 892,
  // Pages of a padded decode past the known tokens.
  231, 3439,
  // KV that comes up from a tier for an attempt that was lost.
  3978,
  // A request whose KV came to another stage than the one whose pass has just ended.
  737, 1107, 1705, 1721, 2634,
  // Slow spells, long over, of the links of a replica that has just joined.
  969, 1017, 1850, 2333, 3048, 5189, 5961, 8937, 9486, 9565, 10430, 15759, 18488, 18766,
];

/** Most of them broke a law before there were migration and slow spells by chance. */
function asTheyWere({ faults, ...rest }: Scenario): Scenario {
  if (faults === undefined) return rest;
  const { migrates, randomStragglers, randomSlowLinks, ...kept } = faults;
  return { ...rest, faults: kept };
}

describe('whole deployments drawn from a seed', () => {
  it(`keep every law, ${RUNS} of them and those that once did not`, () => {
    for (const seed of KEPT) {
      expect(swarmBreach(seed), `seed ${seed}`).toBeNull();
      expect(swarmBreach(seed, asTheyWere), `seed ${seed} as it was`).toBeNull();
    }
    for (let seed = 1; seed <= RUNS; seed++) expect(swarmBreach(seed), `seed ${seed}`).toBeNull();
  });

  it('have every feature, each in a tenth of them', () => {
    const scenarios = Array.from({ length: DRAWS }, (_, index) => swarmScenario(index + 1));
    for (const [name, has] of Object.entries(FEATURES)) {
      expect(scenarios.filter(has).length / DRAWS, name).toBeGreaterThanOrEqual(0.1);
    }
  });
});
