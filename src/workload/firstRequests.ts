import { makeFloat64Column, makeInt32Column, makeUint8Column, replaceFields } from './columns.ts';
import type { Workload } from './workload.ts';

/** The first `limit` requests (>= 1) in authored order; sessions end with their last turn among them. */
export function firstRequests(workload: Workload, limit: number): Workload {
  if (limit >= workload.count) return workload;
  const nextTurn = copyInto(makeInt32Column(limit), workload.nextTurn);
  for (let i = 0; i < limit; i++) if (nextTurn[i] >= limit) nextTurn[i] = -1;
  const blockIds = copyInto(makeInt32Column(workload.blockOffsets[limit]), workload.blockIds);
  return replaceFields(workload, {
    count: limit,
    arrivalNs: copyInto(makeFloat64Column(limit), workload.arrivalNs),
    inputTokens: copyInto(makeInt32Column(limit), workload.inputTokens),
    outputTokens: copyInto(makeInt32Column(limit), workload.outputTokens),
    maxOutputTokens: copyInto(makeInt32Column(limit), workload.maxOutputTokens),
    blockOffsets: copyInto(makeInt32Column(limit + 1), workload.blockOffsets),
    blockIds,
    // Ids count up in order of first appearance, so those of the first requests are dense already.
    blockIdCount: blockIds.reduce((largest, id) => Math.max(largest, id), -1) + 1,
    nextTurn,
    isFollowUp: copyInto(makeUint8Column(limit), workload.isFollowUp),
    thinkNs: copyInto(makeFloat64Column(limit), workload.thinkNs),
    ...(workload.priorities === undefined ? {} : { priorities: copyInto(makeInt32Column(limit), workload.priorities) }),
    classOf: copyInto(makeUint8Column(limit), workload.classOf),
  });
}

/** Fills `into` with the beginning of `from`. */
function copyInto<Column extends Float64Array | Int32Array | Uint8Array>(into: Column, from: Column): Column {
  into.set(from.subarray(0, into.length));
  return into;
}
