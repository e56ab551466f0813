import { describe, expect, it } from 'vitest';
import { RequestLog } from '../../engine/requestLog.ts';
import { buildRequestTable } from '../../engine/requestTable.ts';
import { WorkloadBuilder } from '../../workload/workloadBuilder.ts';
import { RouterQueue } from './routerQueue.ts';
import type { QueueSpec } from './routerSpec.ts';

/** Four requests a second apart, of the classes a, b, a, b, with 30, 10, 20 and 40 uncached tokens. */
function orderUnder(order: QueueSpec['order'], classes: NonNullable<QueueSpec['classes']> = []): number[] {
  const builder = new WorkloadBuilder('hand', 16);
  for (const [row, name] of ['a', 'b', 'a', 'b'].entries()) {
    builder.add({ arrivalNs: row * 1e9, inputTokens: 50, outputTokens: 1, className: name });
  }
  const workload = builder.build();
  const log = new RequestLog(4);
  for (let request = 0; request < 4; request++) log.arrivalNs[request] = request * 1e9;
  const queue = new RouterQueue(
    { thresholdTokens: 0, order, classes },
    buildRequestTable(workload, Number.POSITIVE_INFINITY),
    log,
  );
  for (const request of [2, 0, 3, 1]) queue.push(request, [30, 10, 20, 40][request]);
  return [0, 1, 2, 3].map(() => queue.shift());
}

describe('the order of requests held back', () => {
  it('is by arrival, by arrival backwards, or by how little there is to compute', () => {
    expect(orderUnder('fcfs')).toEqual([0, 1, 2, 3]);
    expect(orderUnder('lcfs')).toEqual([3, 2, 1, 0]);
    expect(orderUnder('wspt')).toEqual([1, 2, 0, 3]);
  });

  it('lets a class jump ahead by seconds, or by its weight', () => {
    const jump = [
      { priority: 0, jumpS: 0 },
      { priority: 0, jumpS: 1.5 },
    ];
    expect(orderUnder('fcfs', jump)).toEqual([1, 0, 3, 2]);
    // Keys: 1/30, 2.5/10, 1/20, 2.5/40.
    expect(orderUnder('wspt', jump)).toEqual([1, 3, 2, 0]);
  });

  it('puts a class of higher priority first whatever the policy', () => {
    const strict = [
      { priority: 0, jumpS: 100 },
      { priority: 1, jumpS: 0 },
    ];
    expect(orderUnder('fcfs', strict)).toEqual([1, 3, 0, 2]);
    expect(orderUnder('wspt', strict)).toEqual([1, 3, 2, 0]);
  });
});
