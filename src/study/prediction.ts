import { NS_PER_S } from '../base/units.ts';
import { matchProfile } from '../catalog/engineProfiles.ts';
import { createSimulation, type Simulation } from '../cluster/simulation.ts';
import type { SimulationResult } from '../cluster/simulationResult.ts';
import { type BuildOptions, type BuiltScenario, buildScenario, poolsOf } from '../config/buildScenario.ts';
import { configHash } from '../config/configHash.ts';
import type { Facts } from '../config/facts.ts';
import type { PredictConfig, WorkerConfig } from '../config/predictConfig.ts';
import type { Report } from '../metrics/report.ts';
import { summarize, type TimingSource } from '../metrics/summarize.ts';
import { rooflineCaveats } from '../timing/rooflineErrors.ts';
import type { Workload } from '../workload/workload.ts';

export interface PredictionContext {
  readonly facts: Facts;
  /** Of dynosim, for the report. */
  readonly version: string;
  /** Milliseconds of a monotonic clock; only `wall_ms` depends on it. */
  readonly clockMs: () => number;
}

export interface Prediction extends BuiltScenario {
  readonly result: SimulationResult;
  readonly report: Report;
}

/**
 * Simulates one configuration to its end and reports on it.
 * @param workload as `loadWorkload` gives it for `config.traffic`.
 * @throws InputError when the model does not fit, or the measurement window leaves nothing to measure.
 */
export function predict(
  config: PredictConfig,
  workload: Workload,
  context: PredictionContext,
  options: BuildOptions = {},
): Prediction {
  const run = startRun(config, workload, context, options);
  run.advance(Number.POSITIVE_INFINITY);
  return { ...run.built, result: run.simulation.result(), report: run.report() };
}

/** A prediction under way, for whoever wants to look at it before its end. */
export interface Run {
  readonly built: BuiltScenario;
  readonly simulation: Simulation;
  /** As `Simulation.advance`, with its time counted. */
  advance(maxPasses: number): boolean;
  wallMs(): number;
  /** Once `advance` has returned true. */
  report(): Report;
}

export function startRun(
  config: PredictConfig,
  workload: Workload,
  { facts, version, clockMs }: PredictionContext,
  options: BuildOptions = {},
): Run {
  const built = buildScenario(config, workload, facts, options);
  const simulation = createSimulation(built.scenario);
  let wallMs = 0;
  return {
    built,
    simulation,
    advance(maxPasses) {
      const startedMs = clockMs();
      const done = simulation.advance(maxPasses);
      wallMs += clockMs() - startedMs;
      return done;
    },
    wallMs: () => wallMs,
    report() {
      const result = simulation.result();
      return summarize({
        result,
        scenario: built.scenario,
        hardware: built.pools.map(({ replica }) => replica.hardware),
        usdPerGpuHour: poolsOf(config).map(({ pool }) => usdPerGpuHour(config, pool.hardware, facts)),
        slo: config.evaluation.slo,
        window: config.evaluation.window,
        configHash: configHash(config, workload.digest, facts),
        seed: config.seed,
        wallMs,
        warnings: [
          ...versionWarnings(config),
          ...timingWarnings(config, workload, built, facts),
          ...rateWarnings(config, workload, result),
          ...priorityWarnings(config, workload),
        ],
        version,
        timingSources: poolsOf(config).map(({ pool }) => timingSource(pool)),
      });
    },
  };
}

/** What a reader should know of the engine's version. */
function versionWarnings({ engine }: PredictConfig): string[] {
  const { warning } = matchProfile(engine.backend, engine.backend_version);
  return warning === null ? [] : [warning];
}

/** How much to believe of the timing of each pool, once for pools of one kind. */
function timingWarnings(config: PredictConfig, workload: Workload, { pools }: BuiltScenario, facts: Facts): string[] {
  const longest = longestRequest(workload);
  const said = poolsOf(config).flatMap(({ pool }, index) => {
    if (pool.timing.type !== 'roofline') return [];
    const calibration = facts.calibration(pool.timing.calibration);
    return rooflineCaveats(calibration, pools[index].replica, config.engine.backend, longest);
  });
  return [...new Set(said)];
}

/** Tokens of the longest prompt and its output. */
export function longestRequest({ count, inputTokens, outputTokens }: Workload): number {
  let longest = 0;
  for (let request = 0; request < count; request++) {
    longest = Math.max(longest, inputTokens[request] + outputTokens[request]);
  }
  return longest;
}

/** A scheduler asked to go by what no request states. */
function priorityWarnings(config: PredictConfig, { priorities }: Workload): string[] {
  if (priorities !== undefined || poolsOf(config).every(({ pool }) => pool.scheduler.policy !== 'priority')) return [];
  return ['policy priority serves in order of arrival: no request has a priority (traffic.classes, or the trace)'];
}

/** A rate that conversations reach only in the long run: later turns come when users have read and thought. */
const REACHED_RATIO = 0.8;

function rateWarnings({ traffic: { load } }: PredictConfig, workload: Workload, { log }: SimulationResult): string[] {
  if (!('requests_per_second' in load) || !workload.isFollowUp.includes(1)) return [];
  const lastNs = log.arrivalNs.reduce((latest, time) => Math.max(latest, time), 0);
  const asked = load.requests_per_second;
  const came = workload.count / (lastNs / NS_PER_S);
  if (came >= REACHED_RATIO * asked) return [];
  return [
    `${asked} requests/s were asked for and ${came.toFixed(1)} came: the pauses within conversations outlast the time in which ` +
      `${workload.count} requests begin; more of them (traffic.source.requests) come closer`,
  ];
}

/** Price of one hour of `hardware`: the configuration's own figure, or the catalog's list price. */
export function usdPerGpuHour(config: PredictConfig, hardware: string, facts: Facts): number {
  const given = config.cost.usd_per_gpu_hour;
  const own = given === null || typeof given === 'number' ? given : given[hardware];
  return own ?? facts.hardware(hardware).usdPerGpuHour.value;
}

/** A table holds measured passes; a formula with the user's coefficients is fitted to something. */
function timingSource({ timing }: WorkerConfig): TimingSource {
  if (timing.type === 'roofline') return 'roofline';
  return timing.type === 'table' ? 'measured' : 'fitted';
}
