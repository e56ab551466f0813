import { NS_PER_S } from '../base/units.ts';
import type { Scenario } from '../cluster/scenario.ts';
import type { ScalingRecord, SimulationResult } from '../cluster/simulationResult.ts';
import { GPU_PHASES, type GpuTime, gpuTimeOf } from './gpuTime.ts';
import type { GpuPhases, PlannerReport } from './report.ts';

/** Windows of equal length that attainment over time is told in. */
const WINDOWS = 60;
const NS_PER_HOUR = NS_PER_S * 3600;

/** Decisions after which some pool was to have another number of replicas. */
export function scaleEventsOf({ decisions }: ScalingRecord): number {
  return decisions.filter(({ from, granted }) => granted.some((replicas, pool) => replicas !== from[pool])).length;
}

/**
 * What the planner did, what it cost, and how the requests of each stretch of time fared.
 * @param submitted request numbers in order of arrival; `good` those within every bound.
 */
export function plannerReportOf(
  scenario: Scenario,
  result: SimulationResult,
  scaling: ScalingRecord,
  usdPerGpuHour: readonly number[],
  submitted: Int32Array,
  good: Int32Array,
): PlannerReport {
  const names = scenario.pools.map(({ name }) => name);
  const byPool = (replicas: readonly number[]): Record<string, number> =>
    Object.fromEntries(names.map((name, pool) => [name, replicas[pool]]));
  const times = gpuTimeOf(scenario, result);
  const phases = (amountOf: (time: GpuTime, phase: keyof GpuTime, pool: number) => number): GpuPhases =>
    Object.fromEntries(
      GPU_PHASES.map((phase) => [phase, times.reduce((sum, time, pool) => sum + amountOf(time, phase, pool), 0)]),
    ) as unknown as GpuPhases;
  return {
    ticks: scaling.arrivals.length,
    reroled: scaling.reroled,
    gpu_hours: phases((time, phase) => time[phase] / NS_PER_HOUR),
    usd: phases((time, phase, pool) => (time[phase] / NS_PER_HOUR) * usdPerGpuHour[pool]),
    decisions: scaling.decisions.map(({ timeNs, from, wanted, granted, reason }) => ({
      time_s: timeNs / NS_PER_S,
      from: byPool(from),
      wanted: byPool(wanted),
      granted: byPool(granted),
      reason,
    })),
    replicas: scaling.replicas.map(({ timeNs, pool, ...counts }) => ({
      time_s: timeNs / NS_PER_S,
      pool: names[pool],
      ...counts,
    })),
    windows: windowsOf(result, submitted, good),
  };
}

/** By arrival. */
function windowsOf(
  { log, durationNs }: SimulationResult,
  submitted: Int32Array,
  good: Int32Array,
): PlannerReport['windows'] {
  const lengthNs = Math.max(1, durationNs / WINDOWS);
  const windowOf = (request: number): number => Math.min(WINDOWS - 1, Math.floor(log.arrivalNs[request] / lengthNs));
  const arrived = new Array<number>(WINDOWS).fill(0);
  const within = new Array<number>(WINDOWS).fill(0);
  for (const request of submitted) arrived[windowOf(request)] += 1;
  for (const request of good) within[windowOf(request)] += 1;
  return arrived.map((requests, window) => ({
    from_s: (window * lengthNs) / NS_PER_S,
    requests,
    attained_ratio: requests === 0 ? null : within[window] / requests,
  }));
}
