import { describe, expect, it } from 'vitest';
import type { Scenario } from '../../src/cluster/scenario.ts';
import { simulate } from '../../src/cluster/simulation.ts';
import type { SimulationResult } from '../../src/cluster/simulationResult.ts';
import { buildRequestTable } from '../../src/engine/requestTable.ts';
import { checkLaws } from '../../src/metrics/laws.ts';
import { differences, timelineOf } from '../metamorphic/timeline.ts';
import { harshScenario } from '../mutations/harshScenario.ts';

const RUNS = Number(process.env.DYNOSIM_RUNS ?? 600);

describe('the fast core and the reference core', () => {
  it(`agree on ${RUNS} scenarios of nested prompts, contested text and coinciding times`, () => {
    const shown = {
      'hits that end inside a block': 0,
      'text that several sessions generate': 0,
      'passes that end as requests arrive': 0,
    };
    for (let seed = 1; seed <= RUNS; seed++) {
      const scenario = harshScenario(seed, 'fast');
      const fast = simulate(scenario);
      expect(checkLaws(fast, scenario.workload), `seed ${seed}`).toEqual([]);
      const plain = simulate(harshScenario(seed, 'plain'));
      expect(differences(timelineOf(fast), timelineOf(plain)), `seed ${seed}`).toEqual([]);
      if (hitsInsideBlock(scenario, fast)) shown['hits that end inside a block'] += 1;
      if (contests(scenario)) shown['text that several sessions generate'] += 1;
      if (coincides(scenario, fast)) shown['passes that end as requests arrive'] += 1;
    }
    for (const [what, count] of Object.entries(shown)) {
      console.log(`${what}: ${((100 * count) / RUNS).toFixed(0)} % of runs`);
      expect(count / RUNS, what).toBeGreaterThanOrEqual(0.1);
    }
  });
});

function hitsInsideBlock({ workload }: Scenario, { log }: SimulationResult): boolean {
  return log.reusedTokens.some((tokens) => tokens % workload.blockTokens !== 0);
}

function contests({ workload }: Scenario): boolean {
  return buildRequestTable(workload, Number.POSITIVE_INFINITY).contestedText.includes(1);
}

function coincides({ workload, load }: Scenario, { log }: SimulationResult): boolean {
  const tokens = new Set([...log.firstTokenNs, ...log.lastTokenNs]);
  return (
    load.kind === 'open' &&
    log.arrivalNs.some((time, request) => time > 0 && workload.isFollowUp[request] === 0 && tokens.has(time))
  );
}
