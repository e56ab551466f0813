import { describe, expect, it } from 'vitest';
import { RemoteQueue } from './remoteQueue.ts';

function ask(request: number, inputTokens: number, maxNewTokens: number, generated = 0) {
  return { request, inputTokens, maxNewTokens, generated, knownTokens: inputTokens + generated };
}

function queueOf(poolTokens: number, reserved = 512) {
  const pool = {
    freeTokens: poolTokens,
    given: [] as [number, number][],
    allocate(item: { request: number }, tokens: number): void {
      this.freeTokens -= tokens;
      this.given.push([item.request, tokens]);
    },
  };
  return { queue: new RemoteQueue(reserved, 0, pool), pool };
}

const numbers = (items: readonly { request: number }[]): number[] => items.map(({ request }) => request);

describe('requests of a decode worker', () => {
  it('get room in order while a prompt and its reserve fit, and nobody past the first that does not', () => {
    const { queue, pool } = queueOf(2000);
    for (const item of [ask(0, 400, 10), ask(1, 800, 10), ask(2, 10, 10)]) queue.join(item);
    // 2000 - 912 = 1088 is less than 800 + 512.
    expect(numbers(queue.reserve([]))).toEqual([0]);
    expect(pool.given).toEqual([[0, 400]]);
  });

  it('leave room for the decodes of everyone inside', () => {
    const { queue } = queueOf(2000);
    queue.join(ask(0, 400, 10));
    expect(numbers(queue.reserve([ask(8, 1, 1), ask(9, 1, 1)]))).toEqual([0]);
    queue.join(ask(1, 65, 10));
    // 1600 free less 512 for each of three inside: 64 are left, and even 65 + 512 are too many.
    expect(numbers(queue.reserve([ask(8, 1, 1), ask(9, 1, 1)]))).toEqual([]);
  });

  it('count what retracting the others would free for a long one', () => {
    const { queue } = queueOf(3000);
    queue.join(ask(0, 100, 4000));
    expect(queue.reserve([])).toEqual([]);
    // 100 + 4000 - 2000 fit what is left beside the reserve of the one that runs: 3000 - 512 = 2488.
    expect(numbers(queue.reserve([ask(9, 1900, 300, 100)]))).toEqual([0]);
  });

  it('come back after a retraction before anyone new, with all KV but that of the last token', () => {
    const { queue, pool } = queueOf(1000, 100);
    queue.retract(ask(5, 300, 500, 40));
    queue.join(ask(6, 10, 10));
    pool.freeTokens = 439;
    expect(queue.reserve([])).toEqual([]);
    pool.freeTokens = 440;
    queue.reserve([]);
    expect(pool.given[0]).toEqual([5, 339]);
    expect(numbers(queue.take(8))).toEqual([5]);
  });

  it('join in the order in which their KV arrives, as far as there are places', () => {
    const { queue } = queueOf(100_000);
    for (const request of [0, 1, 2]) queue.join(ask(request, 10, 10));
    queue.reserve([]);
    queue.arrive(2);
    queue.arrive(0);
    expect(numbers(queue.take(1))).toEqual([2]);
    expect(numbers(queue.take(5))).toEqual([0]);
    expect([queue.size, queue.isStill]).toEqual([1, true]);
  });
});
