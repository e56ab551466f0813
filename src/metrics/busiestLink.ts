import type { Scenario } from '../cluster/scenario.ts';
import type { SimulationResult } from '../cluster/simulationResult.ts';
import { linksUsed } from './network.ts';
import type { BusiestLink } from './report.ts';

/**
 * Of all links of the network and all channels to KV tiers, the one that carried the largest share of what it could over the
 * run; null if nothing was moved, undefined if there is nothing to move KV on.
 */
export function busiestLinkOf(result: SimulationResult, scenario: Scenario): BusiestLink | null | undefined {
  const { network, durationNs } = result;
  const hasTiers = scenario.pools.some(({ engine }) => engine.tiers !== undefined);
  if (network === null && !hasTiers) return undefined;
  const links = network === null ? [] : linksUsed(network, durationNs);
  const all = [...links.map(({ name, used }) => ({ name, used_ratio: used })), ...channelsUsed(result, scenario)];
  return all.reduce<BusiestLink | null>(
    (most, link) => (link.used_ratio > (most?.used_ratio ?? 0) ? link : most),
    null,
  );
}

/** A channel carries one transfer after the other, so its share of time is its share of capacity. */
function channelsUsed({ workers, durationNs }: SimulationResult, { pools }: Scenario): BusiestLink[] {
  const busyNs = new Map<string, number>();
  for (const { pool, replica, tiers } of workers) {
    for (const tier of tiers) {
      const name = tier.name === 'shared' ? 'shared KV store' : `${tier.name} of ${pools[pool].name} ${replica}`;
      busyNs.set(name, (busyNs.get(name) ?? 0) + tier.busyNs);
    }
  }
  return [...busyNs].map(([name, ns]) => ({ name, used_ratio: durationNs === 0 ? 0 : ns / durationNs }));
}
