import { describe, expect, it } from 'vitest';
import type { Scenario } from '../../src/cluster/scenario.ts';
import { type Performance, perform } from './coreScript.ts';
import { groupScenario } from './groupScenario.ts';
import { sglangScenario } from './sglangScenario.ts';
import { trtllmScenario } from './trtllmScenario.ts';
import { vllmScenario } from './vllmScenario.ts';

const RUNS = Number(process.env.DYNOSIM_RUNS ?? 60);

const SCENARIOS: readonly (readonly [string, (seed: number, core: 'fast' | 'plain') => Scenario])[] = [
  ['vLLM', vllmScenario],
  ['vLLM with windows in groups', groupScenario],
  ['SGLang', sglangScenario],
  ['TensorRT-LLM', trtllmScenario],
];

describe.each(SCENARIOS)('the fast and the plain core of %s', (_, scenarioOf) => {
  it(`agree on everything when requests are cancelled, go on with the tokens they have, and the timer changes its speed, ${RUNS} times`, () => {
    const seen = { queued: 0, running: 0, held: 0, again: 0, carried: 0, prefill: 0, decode: 0 };
    for (let seed = 1; seed <= RUNS; seed++) {
      const { pools, workload } = scenarioOf(seed, 'fast');
      for (const { role, engine, timer } of pools) {
        const script = { seed, role, config: engine, timer, workload };
        const fast = perform(script, 'fast');
        const plain = perform(script, 'plain');
        expect(firstDifference(fast, plain), `seed ${seed}, ${role}`).toBe(null);
        expect({ ...fast.leftOver, usablePages: 0 }, `seed ${seed}, ${role}`).toEqual({
          running: 0,
          waiting: 0,
          queuedPrefillTokens: 0,
          heldPages: 0,
          usablePages: 0,
        });
        for (const [what, count] of Object.entries(fast.cancelled))
          seen[what as keyof typeof seen] += count > 0 ? 1 : 0;
        if (role !== 'aggregated') seen[role] += 1;
      }
    }
    for (const [what, count] of Object.entries(seen)) {
      console.log(`${what}: ${((100 * count) / RUNS).toFixed(0)} % of runs`);
      expect(count / RUNS, what).toBeGreaterThanOrEqual(0.1);
    }
  });
});

function firstDifference(fast: Performance, plain: Performance): string | null {
  const at = plain.trace.findIndex((line, index) => line !== fast.trace[index]);
  if (at < 0) return null;
  return `${fast.trace[at]} against ${plain.trace[at]}, after ${plain.trace.slice(Math.max(0, at - 3), at).join(' | ')}`;
}
