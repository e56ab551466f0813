import { describe, expect, it } from 'vitest';
import type { SlowLinks } from '../faultSpec.ts';
import type { PoolSpec } from '../scenario.ts';
import { Network } from './network.ts';
import type { NetworkSpec } from './networkSpec.ts';

const S = 1e9;
/** Replicas of one GPU, one a node, with cards of 10 bytes a second. */
const SPEC: NetworkSpec = {
  gpusPerNode: 1,
  scaleUpGpus: 1,
  scaleUpBytesPerS: 0,
  nicsPerNode: 1,
  nicBytesPerS: 10,
  nodesPerLeaf: Number.POSITIVE_INFINITY,
  oversubscription: 1,
};
const POOL = { name: 'p', replicas: 3, gpusPerReplica: 1 } as PoolSpec;

/** When each transfer of 100 bytes from 0 ends, begun at these times towards these replicas. */
function endsOf(slowLinks: readonly SlowLinks[], transfers: readonly (readonly [atS: number, to: number])[]): number[] {
  const network = new Network(SPEC, slowLinks);
  for (let replica = 0; replica < POOL.replicas; replica++) network.place(POOL, replica);
  const ends: number[] = [];
  const runUntil = (nowNs: number): void => {
    while (network.nextNs <= nowNs && network.nextNs < Number.POSITIVE_INFINITY) {
      const { nextNs, nextRequest } = network;
      if (nextRequest < 0) {
        network.change(nextNs);
      } else {
        ends[nextRequest] = nextNs / S;
        network.end(nextRequest, nextNs);
      }
    }
  };
  for (const [request, [atS, to]] of transfers.entries()) {
    runUntil(atS * S);
    network.begin(request, 100, 0, to, Number.POSITIVE_INFINITY, atS * S);
  }
  runUntil(Number.POSITIVE_INFINITY);
  return ends;
}

const slow = (of: SlowLinks['of'], factor: number, atS: number, untilS: number): SlowLinks => ({
  of,
  factor,
  atNs: atS * S,
  untilNs: untilS * S,
});

describe('links that are slow for a while, worked out by hand', () => {
  it('makes a transfer of 10 s last 14 s when half of the bandwidth is gone from 2 to 10 s', () => {
    expect(endsOf([], [[0, 1]])).toEqual([10]);
    expect(endsOf([slow({ node: 1 }, 0.5, 2, 10)], [[0, 1]])).toEqual([14]);
    expect(endsOf([slow({ worker: 0 }, 0.5, 2, 10)], [[0, 1]])).toEqual([14]);
    expect(endsOf([slow({ worker: 2 }, 0.5, 2, 10)], [[0, 1]])).toEqual([10]);
  });

  it('multiplies what overlaps, and forgets it exactly', () => {
    // 20 bytes until 2 s, 20 at 5 until 6 s, 10 at 2.5 until 10 s; 50 are left for the full 10.
    expect(endsOf([slow({ node: 0 }, 0.5, 2, 10), slow({ node: 0 }, 0.5, 6, 10)], [[0, 1]])).toEqual([15]);
  });

  it('holds for transfers that begin meanwhile, and leaves what the others cannot use to them', () => {
    // From 0 s: 1 byte a second goes to node 1, 9 to node 2.
    expect(
      endsOf(
        [slow({ node: 1 }, 0.1, 0, 1e6)],
        [
          [0, 1],
          [0, 2],
        ],
      ).map((s) => Math.round(s * 1000)),
    ).toEqual([100_000, 11_111]);
    // A link that was slow while nobody used it.
    expect(endsOf([slow({ node: 1 }, 0.1, 0, 5)], [[7, 1]])).toEqual([17]);
  });
});
