import { simulate } from '../../src/cluster/simulation.ts';
import { checkLaws } from '../../src/metrics/laws.ts';
import { groupScenario } from '../kernel/groupScenario.ts';
import { randomScenario } from '../kernel/randomScenario.ts';
import { sglangScenario } from '../kernel/sglangScenario.ts';
import { trtllmScenario } from '../kernel/trtllmScenario.ts';
import { vllmScenario } from '../kernel/vllmScenario.ts';
import { differences, timelineOf } from '../metamorphic/timeline.ts';
import { harshScenario } from './harshScenario.ts';

/**
 * `check.ts RUNS SET`: holds the fast core of a set to the plain one and to the exact laws on random scenarios 1..RUNS, drawn
 * in turn, some of them watched, which must not matter. Says the first breach and exits with 1, or exits with 0.
 */
const DRAWS = {
  vllm: [harshScenario, randomScenario, vllmScenario, groupScenario],
  sglang: [sglangScenario],
  trtllm: [trtllmScenario],
};

const runs = Number(process.argv[2]);
const draws = DRAWS[process.argv[3] as keyof typeof DRAWS];

for (let seed = 1; seed <= runs; seed++) {
  const breach = breachOf(seed);
  if (breach === null) continue;
  console.log(`seed ${seed}: ${breach}`);
  process.exit(1);
}

function breachOf(seed: number): string | null {
  const draw = draws[seed % draws.length];
  const scenario = draw(seed, 'fast');
  try {
    const fast = simulate(seed % 5 === 0 ? { ...scenario, samples: 64 } : scenario);
    const law = checkLaws(fast, scenario.workload)[0];
    if (law !== undefined) return law;
    const plain = simulate(draw(seed, 'plain'));
    return differences(timelineOf(fast), timelineOf(plain))[0] ?? null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
