import { NS_PER_S } from '../base/units.ts';
import type { HardwareFacts } from '../catalog/hardware.ts';
import type { Scenario } from '../cluster/scenario.ts';
import type { SimulationResult } from '../cluster/simulationResult.ts';
import type { Report } from './report.ts';

const JOULES_PER_KWH = 3.6e6;

/**
 * An estimate for the GPU boards alone: each draws its idle power while a replica holds it, and the rest of its board power (TDP)
 * while its replica runs a pass. Hosts, network and cooling are left out; a pass seldom draws the whole TDP.
 */
export function energyOf(
  scenario: Scenario,
  hardware: readonly HardwareFacts[],
  result: SimulationResult,
  outputTokens: number,
): Report['energy'] {
  const durationS = result.durationNs / NS_PER_S;
  let joules = 0;
  for (const worker of result.workers) {
    const gpus = scenario.pools[worker.pool].gpusPerReplica;
    const idle = hardware[worker.pool].idleWatts.value;
    const tdp = hardware[worker.pool].tdpWatts.value;
    const { startingNs, servingNs, drainingNs } = worker.presence;
    const heldS = (startingNs + servingNs + drainingNs) / NS_PER_S;
    joules += gpus * (idle * heldS + (tdp - idle) * (worker.busyNs / NS_PER_S));
  }
  return {
    kwh: joules / JOULES_PER_KWH,
    joules_per_output_token: outputTokens === 0 ? null : joules / outputTokens,
    mean_watts: durationS === 0 ? 0 : joules / durationS,
  };
}
