import type { Scenario } from '../cluster/scenario.ts';
import type { SimulationResult } from '../cluster/simulationResult.ts';

/** GPU time of one pool, ns times GPUs, by what the replicas that held the GPUs were doing. */
export interface GpuTime {
  readonly starting: number;
  readonly serving: number;
  readonly draining: number;
  /** Nodes kept warm for replicas to come. */
  readonly warm: number;
}

export const GPU_PHASES = ['starting', 'serving', 'draining', 'warm'] as const satisfies readonly (keyof GpuTime)[];

/** By pool. Who holds GPUs pays for them, from the moment a node is asked for until the replica is gone. */
export function gpuTimeOf({ pools }: Scenario, { workers, scaling, durationNs }: SimulationResult): GpuTime[] {
  return pools.map(({ gpusPerReplica }, index) => {
    const presences = workers.filter(({ pool }) => pool === index).map(({ presence }) => presence);
    const sum = (phase: 'startingNs' | 'servingNs' | 'drainingNs'): number =>
      gpusPerReplica * presences.reduce((total, times) => total + times[phase], 0);
    const warm = (scaling?.warmReplicas[index] ?? 0) * gpusPerReplica * durationNs;
    return { starting: sum('startingNs'), serving: sum('servingNs'), draining: sum('drainingNs'), warm };
  });
}

export function wholeGpuTime({ starting, serving, draining, warm }: GpuTime): number {
  return starting + serving + draining + warm;
}

/** GPUs of each pool on average; those at the beginning if no time passes. */
export function meanGpusOf(scenario: Scenario, result: SimulationResult): number[] {
  if (result.durationNs === 0) return scenario.pools.map(({ replicas, gpusPerReplica }) => replicas * gpusPerReplica);
  return gpuTimeOf(scenario, result).map((time) => wholeGpuTime(time) / result.durationNs);
}
