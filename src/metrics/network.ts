import { NS_PER_S } from '../base/units.ts';
import type { NetworkUse, SimulationResult } from '../cluster/simulationResult.ts';
import type { NetworkReport } from './report.ts';

/** Of each link that carried anything: its share of capacity over the run, and of time with anything on it. */
export function linksUsed(
  { links }: NetworkUse,
  durationNs: number,
): { readonly name: string; readonly used: number; readonly busy: number }[] {
  return links.map(({ name, bytesPerS, bytes, busyNs }) => ({
    name,
    used: bytes / bytesPerS / (durationNs / NS_PER_S),
    busy: busyNs / durationNs,
  }));
}

/** What the network carried, and its busiest link. */
export function networkOf(network: NonNullable<SimulationResult['network']>, durationNs: number): NetworkReport {
  const [busiest] = linksUsed(network, durationNs).sort((a, b) => b.used - a.used || b.busy - a.busy);
  return {
    transfers: network.transfers,
    busiest_link: busiest?.name ?? null,
    busiest_link_used_ratio: busiest?.used ?? 0,
    busiest_link_busy_ratio: busiest?.busy ?? 0,
  };
}
