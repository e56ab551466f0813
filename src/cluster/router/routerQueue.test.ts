import { describe, expect, it } from 'vitest';
import { RequestLog } from '../../engine/requestLog.ts';
import { buildRequestTable } from '../../engine/requestTable.ts';
import { WorkloadBuilder } from '../../workload/workloadBuilder.ts';
import { RouterQueue } from './routerQueue.ts';
import type { QueueSpec } from './routerSpec.ts';

/** Four requests a second apart, the second and the fourth as urgent as said, with 30, 10, 20 and 40 uncached tokens. */
function orderUnder(order: QueueSpec['order'], priority = 0, jumpS?: number): number[] {
  const builder = new WorkloadBuilder('hand', 16);
  for (let row = 0; row < 4; row++) {
    builder.add({ arrivalNs: row * 1e9, inputTokens: 50, outputTokens: 1, priority: row % 2 === 1 ? priority : 0 });
  }
  const workload = builder.build();
  const log = new RequestLog(4);
  for (let request = 0; request < 4; request++) log.arrivalNs[request] = request * 1e9;
  const queue = new RouterQueue(
    { thresholdTokens: 0, order, ...(jumpS === undefined ? {} : { jumpS }) },
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

  it('lets the urgent jump ahead by seconds, or by their weight', () => {
    expect(orderUnder('fcfs', -2, 0.75)).toEqual([1, 0, 3, 2]);
    // Keys: 1/30, 2.5/10, 1/20, 2.5/40.
    expect(orderUnder('wspt', -2, 0.75)).toEqual([1, 3, 2, 0]);
    // A second for each step of the priority.
    expect(orderUnder('fcfs', -4)).toEqual([1, 3, 0, 2]);
  });

  it('puts nobody behind his arrival', () => {
    for (const order of ['fcfs', 'lcfs', 'wspt'] as const) expect(orderUnder(order, 9)).toEqual(orderUnder(order));
  });
});
