import { describe, expect, it } from 'vitest';
import type { Workload } from '../../src/workload/workload.ts';
import { WorkloadBuilder } from '../../src/workload/workloadBuilder.ts';
import { randomScenario } from '../kernel/randomScenario.ts';
import { harshScenario } from '../mutations/harshScenario.ts';
import { simulate } from '../support/lawfulSimulation.ts';
import { differences, timelineOf } from './timeline.ts';
import { relabelled } from './variants.ts';

describe('names of blocks', () => {
  it.each([
    { name: 'random', draw: randomScenario },
    { name: 'nested', draw: harshScenario },
  ])('mean nothing: permuted ids of $name workloads change nothing', ({ draw }) => {
    for (let seed = 1; seed <= 300; seed++) {
      const scenario = draw(seed, 'fast');
      const permuted = { ...scenario, workload: relabelled(scenario.workload, seed) };
      expect(differences(timelineOf(simulate(permuted)), timelineOf(simulate(scenario))), `seed ${seed}`).toEqual([]);
    }
  });

  it('are renumbered on loading: any one-to-one change of them makes the same workload', () => {
    for (let seed = 1; seed <= 300; seed++) {
      const { workload } = randomScenario(seed, 'fast');
      const once = rebuilt(workload, (id) => id);
      const renamed = rebuilt(workload, (id) => 2 ** 40 - 7 * id);
      expect(renamed, `seed ${seed}`).toEqual(once);
      expect([...once.blockIds], `seed ${seed}`).toEqual([...workload.blockIds]);
    }
  });
});

/** The workload's rows loaded again with other block names. */
function rebuilt(workload: Workload, rename: (id: number) => number): Workload {
  const { inputTokens, outputTokens, arrivalNs, blockTokens, blockIds, blockOffsets, nextTurn, thinkNs } = workload;
  const builder = new WorkloadBuilder(workload.name, blockTokens);
  const session = new Int32Array(workload.count).fill(-1);
  for (let request = 0; request < workload.count; request++) {
    const next = nextTurn[request];
    if (session[request] < 0 && next >= 0) session[request] = request;
    if (next >= 0) session[next] = session[request];
    const first = blockOffsets[request];
    const prompt = Math.min(Math.ceil(inputTokens[request] / blockTokens), blockOffsets[request + 1] - first);
    builder.add({
      ...(arrivalNs[request] >= 0 ? { arrivalNs: arrivalNs[request] } : {}),
      inputTokens: inputTokens[request],
      outputTokens: outputTokens[request],
      blockIds: Array.from(blockIds.subarray(first, first + prompt), rename),
      ...(session[request] >= 0 ? { session: String(session[request]), thinkNs: thinkNs[request] } : {}),
    });
  }
  return builder.build();
}
