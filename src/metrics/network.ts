import { NS_PER_S } from '../base/units.ts';
import type { SimulationResult } from '../cluster/simulationResult.ts';
import type { NetworkReport } from './report.ts';

/** What the network carried, and its busiest link. */
export function networkOf(network: NonNullable<SimulationResult['network']>, durationNs: number): NetworkReport {
  const used = network.links.map(({ name, bytesPerS, bytes, busyNs }) => ({
    name,
    used: bytes / bytesPerS / (durationNs / NS_PER_S),
    busy: busyNs / durationNs,
  }));
  const [busiest] = used.sort((a, b) => b.used - a.used || b.busy - a.busy);
  return {
    transfers: network.transfers,
    busiest_link: busiest?.name ?? null,
    busiest_link_used_ratio: busiest?.used ?? 0,
    busiest_link_busy_ratio: busiest?.busy ?? 0,
  };
}
