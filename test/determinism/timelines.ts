import { timelineHash } from '../../src/metrics/hashes.ts';
import { compileTimer } from '../../src/timing/roofline.ts';
import { randomScenario } from '../kernel/randomScenario.ts';
import { simulate } from '../support/lawfulSimulation.ts';
import { mixtral } from './mixtral.ts';

/** Hashes of some random timelines and of one under the roofline: the same in every process, thread and browser. */
export function timelineHashes(): string[] {
  const hashes: string[] = [];
  for (let seed = 1; seed <= 60; seed++) hashes.push(timelineHash(simulate(randomScenario(seed, 'fast')).log));
  const timer = compileTimer(mixtral);
  for (let seed = 61; seed <= 80; seed++) {
    const scenario = randomScenario(seed, 'fast');
    const pools = scenario.pools.map((pool) => ({ ...pool, timer }));
    hashes.push(timelineHash(simulate({ ...scenario, pools }).log));
  }
  return hashes;
}
