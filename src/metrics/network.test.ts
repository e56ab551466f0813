import { expect, test } from 'vitest';
import type { Scenario } from '../cluster/scenario.ts';
import type { SimulationResult } from '../cluster/simulationResult.ts';
import { busiestLinkOf } from './busiestLink.ts';
import { networkOf } from './network.ts';

test('the busiest link is the one with the largest share of its capacity used', () => {
  const links = [
    { name: 'wide', bytesPerS: 100, bytes: 200, busyNs: 4e9 },
    { name: 'narrow', bytesPerS: 10, bytes: 30, busyNs: 3e9 },
    { name: 'free', bytesPerS: Number.POSITIVE_INFINITY, bytes: 900, busyNs: 0 },
  ];
  expect(networkOf({ transfers: 7, links }, 5e9)).toEqual({
    transfers: 7,
    busiest_link: 'narrow',
    busiest_link_used_ratio: 0.6,
    busiest_link_busy_ratio: 0.6,
  });
  expect(networkOf({ transfers: 0, links: [] }, 5e9).busiest_link).toBeNull();
});

test('of links and channels the busiest is the one that used most of what it could, a shared store counted once', () => {
  const tiers = (host: number, shared: number) => [
    { name: 'host', loadedPages: 1, storedPages: 1, busyNs: host * 1e9 },
    { name: 'shared', loadedPages: 1, storedPages: 1, busyNs: shared * 1e9 },
  ];
  const workers = [
    { pool: 0, replica: 0, tiers: tiers(3, 1) },
    { pool: 0, replica: 1, tiers: tiers(2, 1.5) },
  ];
  const scenario = { pools: [{ name: 'chat', engine: { tiers: {} } }] } as unknown as Scenario;
  const link = { name: 'NICs of node 0, out', bytesPerS: 10, bytes: 20, busyNs: 4e9 };
  const of = (changes: object) =>
    busiestLinkOf({ workers, network: null, durationNs: 5e9, ...changes } as unknown as SimulationResult, scenario);
  expect(of({})).toEqual({ name: 'host of chat 0', used_ratio: 0.6 });
  expect(of({ workers: [workers[1]] })).toEqual({ name: 'host of chat 1', used_ratio: 0.4 });
  expect(of({ workers: [{ ...workers[0], tiers: tiers(1, 2) }, workers[1]] })).toEqual({
    name: 'shared KV store',
    used_ratio: 0.7,
  });
  expect(of({ workers: [], network: { transfers: 1, links: [link] } })).toEqual({ name: link.name, used_ratio: 0.4 });
  expect(of({ workers: [] })).toBeNull();
});
