import { describe, expect, it } from 'vitest';
import { randomScenario } from '../../test/kernel/randomScenario.ts';
import { PLAIN_VLLM } from '../../test/support/engineConfigs.ts';
import { handPool, handScenario } from '../../test/support/handScenario.ts';
import { simulate } from '../../test/support/lawfulSimulation.ts';
import type { Scenario } from '../cluster/scenario.ts';
import { cacheCeilings } from './eviction.ts';

/** One after the other, on two replicas in turn: A B C, then twice A B D. */
function threePrompts(): Scenario {
  const rows = [
    [1, 2, 3],
    [1, 2, 4],
    [1, 2, 4],
  ].map((blockIds, turn) => ({ arrivalNs: turn * 1e9, inputTokens: 48, outputTokens: 2, blockIds }));
  return handScenario(rows, { pools: [handPool({ replicas: 2, engine: { ...PLAIN_VLLM, blocks: 6 } })] });
}

describe('cacheCeilings', () => {
  it('fall from what repeats to what a real policy finds in random runs', () => {
    const seen = { aggregated: 0, prefill: 0, decode: 0 };
    const gains = { aggregated: 0, prefill: 0, decode: 0 };
    for (let seed = 1; seed <= 150; seed++) {
      const scenario = randomScenario(seed, 'fast');
      for (const ceilings of cacheCeilings(simulate(scenario), scenario)) {
        const { role, repeated_ratio, routed_ratio, optimal_ratio, lru_ratio } = ceilings;
        const falling = [repeated_ratio, routed_ratio, optimal_ratio, lru_ratio];
        expect(
          [...falling].sort((a, b) => b - a),
          `seed ${seed}`,
        ).toEqual(falling);
        seen[role] += 1;
        if (optimal_ratio > lru_ratio) gains[role] += 1;
      }
    }
    expect([seen.aggregated > 50, seen.prefill > 10, seen.decode > 10]).toEqual([true, true, true]);
    expect([gains.aggregated > 10, gains.prefill > 2]).toEqual([true, true]);
  });

  it('count by hand what two replicas with five blocks each could have found of nine', () => {
    const scenario = threePrompts();
    // Four blocks are new to the fleet; the first replica sees four of its six for the first time, the second all three.
    expect(cacheCeilings(simulate(scenario), scenario)).toEqual([
      { role: 'aggregated', repeated_ratio: 5 / 9, routed_ratio: 2 / 9, optimal_ratio: 2 / 9, lru_ratio: 2 / 9 },
    ]);
  });

  it('count apart by hand what prefill and what decode replicas could have found', () => {
    const { pools, ...rest } = threePrompts();
    const scenario: Scenario = {
      ...rest,
      pools: [
        { ...pools[0], name: 'p', role: 'prefill' },
        { ...pools[0], name: 'd', role: 'decode', replicas: 1 },
      ],
      transfer: { bandwidthBytesPerS: Number.POSITIVE_INFINITY, latencyNs: 0, kvBytesPerToken: 1 },
    };
    // The prefill replicas take turns; the decode replica is asked for C B A, D B A, D B A and has room for all four.
    expect(cacheCeilings(simulate(scenario), scenario)).toEqual([
      { role: 'prefill', repeated_ratio: 5 / 9, routed_ratio: 2 / 9, optimal_ratio: 2 / 9, lru_ratio: 2 / 9 },
      { role: 'decode', repeated_ratio: 5 / 9, routed_ratio: 5 / 9, optimal_ratio: 5 / 9, lru_ratio: 5 / 9 },
    ]);
  });
});
