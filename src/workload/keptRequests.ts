import { makeFloat64Column, makeInt32Column, makeUint8Column, replaceFields } from './columns.ts';
import type { Workload } from './workload.ts';

/**
 * The requests for which `keeps` holds, in their order; whole sessions, so `keeps` must say the same of all turns of one.
 * @param shiftNs taken off the arrival of a first turn, by request: never so much that arrivals change order.
 */
export function keptRequests(
  workload: Workload,
  keeps: (request: number) => boolean,
  shiftNs: (request: number) => number,
): Workload {
  const kept = Array.from({ length: workload.count }, (_, request) => request).filter(keeps);
  const place = new Int32Array(workload.count).fill(-1);
  kept.forEach((request, index) => {
    place[request] = index;
  });
  const take = <Column extends Float64Array | Int32Array | Uint8Array>(into: Column, from: Column): Column => {
    kept.forEach((request, index) => {
      into[index] = from[request];
    });
    return into;
  };
  const n = kept.length;
  const blockOffsets = makeInt32Column(n + 1);
  kept.forEach((request, index) => {
    const size = workload.blockOffsets[request + 1] - workload.blockOffsets[request];
    blockOffsets[index + 1] = blockOffsets[index] + size;
  });
  const blockIds = makeInt32Column(blockOffsets[n]);
  // Ids count up in order of first appearance.
  const renamed = new Map<number, number>();
  kept.forEach((request, index) => {
    const from = workload.blockOffsets[request];
    for (let k = blockOffsets[index]; k < blockOffsets[index + 1]; k++) {
      const id = workload.blockIds[from + k - blockOffsets[index]];
      if (!renamed.has(id)) renamed.set(id, renamed.size);
      blockIds[k] = renamed.get(id)!;
    }
  });
  const arrivalNs = take(makeFloat64Column(n), workload.arrivalNs);
  const nextTurn = take(makeInt32Column(n), workload.nextTurn);
  kept.forEach((request, index) => {
    if (arrivalNs[index] >= 0) arrivalNs[index] -= shiftNs(request);
    if (nextTurn[index] >= 0) nextTurn[index] = place[nextTurn[index]];
  });
  return replaceFields(workload, {
    count: n,
    arrivalNs,
    inputTokens: take(makeInt32Column(n), workload.inputTokens),
    outputTokens: take(makeInt32Column(n), workload.outputTokens),
    maxOutputTokens: take(makeInt32Column(n), workload.maxOutputTokens),
    blockOffsets,
    blockIds,
    blockIdCount: renamed.size,
    nextTurn,
    isFollowUp: take(makeUint8Column(n), workload.isFollowUp),
    thinkNs: take(makeFloat64Column(n), workload.thinkNs),
    ...(workload.priorities === undefined ? {} : { priorities: take(makeInt32Column(n), workload.priorities) }),
    classOf: take(makeUint8Column(n), workload.classOf),
  });
}
