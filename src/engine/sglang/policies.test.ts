import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../base/random.ts';
import { PageNames } from '../../kv/pageNames.ts';
import { PlainRadixTree } from '../../kv/plainRadixTree.ts';
import { RadixTree } from '../../kv/radixTree.ts';
import { WorkloadBuilder } from '../../workload/workloadBuilder.ts';
import { orderWaiting, type Queued } from './policies.ts';
import type { SglangPolicy } from './sglangConfig.ts';

/** Requests by their block ids; a block has ten tokens, a page one. */
function setUp(prompts: readonly (readonly number[])[]) {
  const builder = new WorkloadBuilder('queue', 10);
  for (const blockIds of prompts) {
    builder.add({ arrivalNs: 0, inputTokens: blockIds.length * 10, outputTokens: 1, blockIds: [...blockIds] });
  }
  const workload = builder.build();
  const names = new PageNames(workload, workload.inputTokens, 1);
  const queue = prompts.map(
    (_, request): Queued => ({ request, knownTokens: workload.inputTokens[request], maxNewTokens: 1 }),
  );
  return { names, queue };
}

function order(policy: SglangPolicy, prompts: readonly (readonly number[])[], cached: readonly number[]): number[][] {
  const { names, queue } = setUp(prompts);
  return [new RadixTree(names), new PlainRadixTree(names)].map((tree) => {
    for (const request of cached) tree.insert(request, prompts[request].length * 10);
    const waiting = queue.filter(({ request }) => !cached.includes(request));
    if (tree instanceof RadixTree) orderWaiting(policy, waiting, names, tree, new RandomStream(1, 'order'));
    else orderWaiting(policy, waiting, names, tree, new RandomStream(1, 'order'));
    return waiting.map(({ request }) => request);
  });
}

describe('policies, decision cases of SGLang (test/manual/test_schedule_policy.py)', () => {
  it('fcfs keeps the order (test_calc_priority_fcfs)', () => {
    expect(order('fcfs', [[1], [3], [2]], [])).toEqual([
      [0, 1, 2],
      [0, 1, 2],
    ]);
  });

  it('lpm without a cache is fcfs (test_init_with_disabled_cache)', () => {
    const { names, queue } = setUp([[1], [1], [2]]);
    orderWaiting('lpm', queue, names, null, new RandomStream(1, 'order'));
    expect(queue.map(({ request }) => request)).toEqual([0, 1, 2]);
  });

  it('lof puts the longest outputs first (test_calc_priority_longest_output_first_scheduling)', () => {
    const { names } = setUp([[1], [2], [3]]);
    const waiting = [
      { request: 1, knownTokens: 3, maxNewTokens: 1000 },
      { request: 3, knownTokens: 3, maxNewTokens: 10 },
      { request: 2, knownTokens: 3, maxNewTokens: 100 },
    ];
    orderWaiting('lof', waiting, names, null, new RandomStream(1, 'order'));
    expect(waiting.map(({ request }) => request)).toEqual([1, 2, 3]);
  });
});

describe('policies', () => {
  it('lpm tries the longest cached prefix first, equal ones in order', () => {
    const prompts = [[1, 2, 3, 4], [9], [1, 2, 5], [1, 2, 3, 6], [8]];
    expect(order('lpm', prompts, [0])).toEqual([
      [3, 2, 1, 4],
      [3, 2, 1, 4],
    ]);
  });

  it('lpm puts off what an earlier request of the queue will have computed', () => {
    // 1 shares 40 tokens with 0, of which nothing is cached; 2 shares only 20.
    const prompts = [
      [1, 2, 3, 4, 5],
      [1, 2, 3, 4, 6],
      [1, 2, 7],
      [8, 9],
    ];
    expect(order('lpm', prompts, [])).toEqual([
      [0, 2, 3, 1],
      [0, 2, 3, 1],
    ]);
  });

  it('lpm leaves a queue of more than 128 alone', () => {
    const queueOf = (others: number): number[][] => {
      const rest = Array.from({ length: others }, (_, index) => [100 + index]);
      return [[1, 2, 3], ...rest, [1, 2, 3]];
    };
    expect(order('lpm', queueOf(127), [0])[0][0]).toBe(128);
    expect(order('lpm', queueOf(128), [0])[0][0]).toBe(1);
  });

  it('dfs-weight goes down where most requests wait, and ends with those at the node itself', () => {
    // The tree has 1-2 and 1-3; two requests wait below 1-3, one below 1-2, one at 1.
    const prompts = [
      [1, 2],
      [1, 3],
      [1, 2, 4],
      [1, 3, 5],
      [1, 3, 6],
      [1, 7],
    ];
    expect(order('dfs-weight', prompts, [0, 1])).toEqual([
      [3, 4, 2, 5],
      [3, 4, 2, 5],
    ]);
  });

  it('random is the same for the same stream, and a permutation', () => {
    const prompts = Array.from({ length: 20 }, (_, index) => [index]);
    const [first, second] = order('random', prompts, []);
    expect(first).toEqual(second);
    expect(first).not.toEqual([...first].sort((a, b) => a - b));
    expect([...first].sort((a, b) => a - b)).toEqual(prompts.map((_, index) => index));
  });
});
