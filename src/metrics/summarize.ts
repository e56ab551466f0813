import { NS_PER_MS, NS_PER_S } from '../base/units.ts';
import type { HardwareFacts } from '../catalog/hardware.ts';
import type { Scenario } from '../cluster/scenario.ts';
import type { Losses, SimulationResult } from '../cluster/simulationResult.ts';
import { OUTCOME } from '../engine/requestLog.ts';
import { TIERS } from '../kv/kvTiers.ts';
import { attributionOf } from './attribution.ts';
import { boundOf } from './bound.ts';
import { busiestLinkOf } from './busiestLink.ts';
import { costOf } from './cost.ts';
import { energyOf } from './energy.ts';
import { meanGpusOf } from './gpuTime.ts';
import { resultHash, timelineHash } from './hashes.ts';
import { latencyOf } from './latency.ts';
import { networkOf } from './network.ts';
import { passTimeOf } from './passTime.ts';
import { gpusOf, type Population, populationOf, promptTokensOf } from './population.ts';
import type { FaultsReport, Report, SloSpec } from './report.ts';
import { plannerReportOf, scaleEventsOf } from './scaling.ts';
import { judgeSlo } from './slo.ts';
import { stabilityOf } from './stability.ts';
import { tiersOf } from './tiers.ts';
import type { MeasurementWindow } from './window.ts';

/** Where a pool's pass durations come from. */
export type TimingSource = keyof Report['provenance']['timing'];

export interface SummaryInput {
  readonly result: SimulationResult;
  readonly scenario: Scenario;
  /** Hardware of each pool, in the scenario's order. */
  readonly hardware: readonly HardwareFacts[];
  /** Price of each pool's GPU, in the scenario's order. */
  readonly usdPerGpuHour: readonly number[];
  readonly slo: SloSpec | null;
  readonly window: MeasurementWindow;
  readonly configHash: string;
  readonly seed: number;
  /** Time inside the simulation, ms; never hashed. */
  readonly wallMs: number;
  /** What a reader should know, besides the workload's own warnings. */
  readonly warnings: readonly string[];
  readonly version: string;
  /** Of each pool, in the scenario's order; left out: the roofline everywhere. */
  readonly timingSources?: readonly TimingSource[];
}

/**
 * Turns a run into its report. Request counts, tokens, passes, cache, engine, bound, fleet, energy and `usd` are about the
 * whole run; latency, throughput, SLO, goodput and attribution about the measured requests (all of them without a window).
 * @throws InputError when the window leaves no request to measure.
 */
export function summarize(input: SummaryInput): Report {
  const { result, scenario, slo } = input;
  const { log } = result;
  const { workload } = scenario;
  const population = populationOf(result, input.window);
  const meanGpus = meanGpusOf(scenario, result);
  const gpus = meanGpus.reduce((sum, each) => sum + each, 0);
  const { verdict, good } = judgeSlo(slo, log, workload, population.measured, result.gaps);
  const latency = latencyOf(log, workload, population.completed, result.gaps);
  const tokens = tokensOf(input, population.submitted);
  const rates = ratesOf(input, population, good);
  const gpuHours = (gpus * result.durationNs) / NS_PER_S / 3600;
  const timing = timingShares(input);
  const kvTiers = tiersOf(result, scenario);
  const busiestLink = busiestLinkOf(result, scenario);

  const report: Omit<Report, 'result_hash'> = {
    schema_version: 1,
    dynosim_version: input.version,
    seed: input.seed,
    config_hash: input.configHash,
    timeline_hash: timelineHash(log),
    requests: countsOf(result, population.submitted),
    tokens,
    duration_ms: result.durationNs / NS_PER_MS,
    wall_ms: input.wallMs,
    passes: result.passes,
    latency,
    throughput: {
      requests_per_s: rates.requestsPerS,
      input_tokens_per_s: rates.inputTokensPerS,
      output_tokens_per_s: rates.outputTokensPerS,
      output_tokens_per_s_per_gpu: rates.outputTokensPerS / gpus,
      output_tokens_per_s_per_user: latency.tpot_ms.mean === 0 ? 0 : 1000 / latency.tpot_ms.mean,
    },
    slo: verdict,
    goodput: {
      requests_per_s: rates.goodRequestsPerS,
      output_tokens_per_s_per_gpu: rates.goodOutputTokensPerS / gpus,
    },
    stability: stabilityOf(log, population.submitted, scenario.load),
    cache: cacheOf(input, tokens, population.submitted),
    ...(kvTiers === null ? {} : { kv_tiers: kvTiers }),
    engine: engineOf(input),
    bound: boundOf(result.workers),
    ...(result.network === null ? {} : { network: networkOf(result.network, result.durationNs) }),
    ...(busiestLink === undefined ? {} : { busiest_link: busiestLink }),
    ...(scenario.faults === undefined && scenario.transfer?.timeoutNs === undefined
      ? {}
      : { faults: faultsOf(result.losses) }),
    ...(scenario.maxInFlight === undefined && scenario.maxKvUsage === undefined
      ? {}
      : { router: { shed: result.losses.shed } }),
    ...(result.scaling === null
      ? {}
      : {
          planner: plannerReportOf(scenario, result, result.scaling, input.usdPerGpuHour, population.measured, good),
        }),
    fleet: {
      gpus_peak: result.scaling?.gpusPeak ?? gpusOf(scenario),
      gpus_mean: gpus,
      gpu_hours: gpuHours,
      scale_events: result.scaling === null ? 0 : scaleEventsOf(result.scaling),
    },
    cost: costOf(meanGpus, input.usdPerGpuHour, result.durationNs, rates.outputTokensPerS),
    energy: energyOf(scenario, input.hardware, result, tokens.output),
    attribution: attributionOf(log, population.completed),
    provenance: {
      timing,
      ...passTimeOf(result.workers),
      error_band: null,
      intervals: null,
      warnings: [...workload.warnings, ...input.warnings, ...unknownClasses(slo, workload.classNames)],
    },
  };
  return { ...report, result_hash: resultHash(report) };
}

function countsOf({ log }: SimulationResult, submitted: Int32Array): Report['requests'] {
  const count = (outcome: number): number => submitted.filter((request) => log.outcome[request] === outcome).length;
  return {
    submitted: submitted.length,
    completed: count(OUTCOME.completed),
    rejected: count(OUTCOME.rejected),
    failed: count(OUTCOME.failed),
    cancelled: count(OUTCOME.cancelled),
    incomplete: count(OUTCOME.pending),
  };
}

/** Tokens of completed requests. */
function tokensOf({ result, scenario }: SummaryInput, submitted: Int32Array): Report['tokens'] {
  const { log } = result;
  let input = 0;
  let output = 0;
  let reused = 0;
  for (const request of submitted) {
    if (log.outcome[request] !== OUTCOME.completed) continue;
    input += promptTokensOf(scenario, request);
    output += scenario.workload.outputTokens[request];
    reused += log.reusedTokens[request];
  }
  return { input, output, input_reused: reused };
}

interface Rates {
  readonly requestsPerS: number;
  readonly inputTokensPerS: number;
  readonly outputTokensPerS: number;
  readonly goodRequestsPerS: number;
  readonly goodOutputTokensPerS: number;
}

function ratesOf({ scenario }: SummaryInput, population: Population, good: Int32Array): Rates {
  const { outputTokens } = scenario.workload;
  const spanS = population.spanNs / NS_PER_S;
  const perS = (amount: number): number => (spanS === 0 ? 0 : amount / spanS);
  const sum = (requests: Int32Array, tokensOfRequest: (request: number) => number): number =>
    requests.reduce((total, request) => total + tokensOfRequest(request), 0);
  const output = (request: number): number => outputTokens[request];
  return {
    requestsPerS: perS(population.completed.length),
    inputTokensPerS: perS(sum(population.completed, (request) => promptTokensOf(scenario, request))),
    outputTokensPerS: perS(sum(population.completed, output)),
    goodRequestsPerS: perS(good.length),
    goodOutputTokensPerS: perS(sum(good, output)),
  };
}

/** Share of prompt tokens found cached when first scheduled, in all and by where they were. */
function cacheOf({ result, scenario }: SummaryInput, tokens: Report['tokens'], submitted: Int32Array): Report['cache'] {
  const ratioOf = (reused: number): number => (tokens.input === 0 ? 0 : reused / tokens.input);
  const names = TIERS.filter((name) =>
    scenario.pools.some(({ engine }) => engine.tiers?.levels.some((level) => level.name === name)),
  );
  const completed = submitted.filter((request) => result.log.outcome[request] === OUTCOME.completed);
  const below = names.map((name) => completed.reduce((sum, request) => sum + result.log.reusedFrom(request, name), 0));
  const gpu = tokens.input_reused - below.reduce((sum, reused) => sum + reused, 0);
  const byTier = Object.fromEntries(names.map((name, index) => [name, ratioOf(below[index])]));
  return { reused_ratio: ratioOf(tokens.input_reused), by_tier: { gpu: ratioOf(gpu), ...byTier } };
}

function engineOf({ result, scenario }: SummaryInput): Report['engine'] {
  const kvBlocks: Record<string, number> = {};
  let preemptions = 0;
  let batchSum = 0;
  let passes = 0;
  let decodes = 0;
  let accepted = 0;
  for (const worker of result.workers) {
    kvBlocks[scenario.pools[worker.pool].name] = worker.usableBlocks;
    preemptions += worker.preemptions;
    batchSum += worker.batchSum;
    passes += worker.passes;
    decodes += worker.draftedDecodes;
    accepted += worker.acceptedDrafts;
  }
  return {
    kv_blocks: kvBlocks,
    preemptions,
    mean_batch: passes === 0 ? 0 : batchSum / passes,
    accepted_length: decodes === 0 ? 1 : 1 + accepted / decodes,
  };
}

function faultsOf({ crashes, lostAttempts, retriedRequests, migrations, timedOut }: Losses): FaultsReport {
  return { crashes, lost_attempts: lostAttempts, retried: retriedRequests, migrations, timed_out: timedOut };
}

/** Shares of busy time by the source of its pass durations. */
function timingShares({ result, timingSources }: SummaryInput): Report['provenance']['timing'] {
  const busyNs = { measured: 0, fitted: 0, roofline: 0 };
  for (const worker of result.workers) busyNs[timingSources?.[worker.pool] ?? 'roofline'] += worker.busyNs;
  const total = busyNs.measured + busyNs.fitted + busyNs.roofline;
  const share = (ns: number): number => (total === 0 ? 0 : ns / total);
  return { measured: share(busyNs.measured), fitted: share(busyNs.fitted), roofline: share(busyNs.roofline) };
}

function unknownClasses(slo: SloSpec | null, classNames: readonly string[]): string[] {
  return Object.keys(slo?.classes ?? {})
    .filter((name) => !classNames.includes(name))
    .map((name) => `the SLO of class "${name}" judges nothing: no request is of that class`);
}
