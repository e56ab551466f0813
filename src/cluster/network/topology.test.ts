import { describe, expect, it } from 'vitest';
import type { PoolSpec } from '../scenario.ts';
import type { NetworkSpec } from './networkSpec.ts';
import { Topology } from './topology.ts';

const SPEC: NetworkSpec = {
  gpusPerNode: 8,
  scaleUpGpus: 8,
  scaleUpBytesPerS: 450e9,
  nicsPerNode: 8,
  nicBytesPerS: 50e9,
  nodesPerLeaf: 2,
  oversubscription: 4,
};

const pool = (name: string, replicas: number, gpusPerReplica: number): PoolSpec =>
  ({ name, replicas, gpusPerReplica }) as PoolSpec;

const pathOf = (topology: Topology, from: number, to: number): string[] =>
  topology.path(from, to).map(({ name, bytesPerS }) => `${name} ${bytesPerS / 1e9}`);

function topologyOf(spec: NetworkSpec, pools: readonly PoolSpec[]): Topology {
  const topology = new Topology(spec);
  for (const each of pools) for (let replica = 0; replica < each.replicas; replica++) topology.place(each, replica);
  return topology;
}

describe('where a transfer goes', () => {
  it('stays on NVLink inside a node', () => {
    const topology = topologyOf(SPEC, [pool('p', 1, 2), pool('d', 2, 4)]);
    expect(pathOf(topology, 0, 1)).toEqual(['NVLink of p/0, out 900', 'NVLink of d/0, in 1800']);
  });

  it('takes the NICs to another node: its own, then those of the node', () => {
    // p/0 2 GPUs and d/0 4 on node 0; d/1 does not fit the two that are left.
    const topology = topologyOf(SPEC, [pool('p', 1, 2), pool('d', 2, 4)]);
    expect(pathOf(topology, 0, 2)).toEqual([
      'NICs of p/0, out 100',
      'NICs of node 0, out 400',
      'NICs of node 1, in 400',
      'NICs of d/1, in 200',
    ]);
  });

  it('crosses the fabric between leaves, whose way up is a quarter of what is below', () => {
    const topology = topologyOf(SPEC, [pool('p', 3, 8)]);
    expect(pathOf(topology, 0, 1)).toHaveLength(4);
    expect(pathOf(topology, 0, 2).slice(4)).toEqual(['leaf 0, out 200', 'leaf 1, in 200']);
  });

  it('puts a replica of 16 GPUs on two nodes of its own', () => {
    const topology = topologyOf({ ...SPEC, nodesPerLeaf: Number.POSITIVE_INFINITY }, [
      pool('p', 1, 2),
      pool('d', 2, 16),
    ]);
    expect(pathOf(topology, 1, 2)).toEqual([
      'NICs of d/0, out 800',
      'NICs of node 1, out 800',
      'NICs of node 3, in 800',
      'NICs of d/1, in 800',
    ]);
  });

  it('joins the nodes of one NVLink domain, as in a rack of 72', () => {
    const rack = { ...SPEC, gpusPerNode: 4, nicsPerNode: 4, scaleUpGpus: 72 };
    const topology = topologyOf(rack, [pool('p', 20, 4)]);
    expect(pathOf(topology, 0, 17)).toHaveLength(2);
    expect(pathOf(topology, 0, 18).length).toBeGreaterThan(2);
  });

  it('shares NICs where a node has fewer of them than GPUs', () => {
    const topology = topologyOf({ ...SPEC, nicsPerNode: 2, scaleUpGpus: 1 }, [pool('p', 4, 2)]);
    expect(pathOf(topology, 0, 1)).toEqual([
      'NICs of p/0, out 50',
      'NICs of node 0, out 100',
      'NICs of node 0, in 100',
      'NICs of p/1, in 50',
    ]);
  });
});
