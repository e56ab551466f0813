import { ExactSum } from '../../src/base/exactSum.ts';
import { LogHistogram } from '../../src/base/logHistogram.ts';
import type { HardwareFacts, Sourced } from '../../src/catalog/hardware.ts';
import type { LoadSpec, Scenario } from '../../src/cluster/scenario.ts';
import type { FleetSamples, SimulationResult } from '../../src/cluster/simulationResult.ts';
import { OUTCOME, RequestLog, STATE } from '../../src/engine/requestLog.ts';
import type { SummaryInput } from '../../src/metrics/summarize.ts';
import { NO_WINDOW } from '../../src/metrics/window.ts';
import type { Workload } from '../../src/workload/workload.ts';
import { PLAIN_VLLM } from './engineConfigs.ts';

const NS_PER_MS = 1e6;

/** A request whose whole life is written down: it queues, prefills alone, then emits a token after each gap. */
export interface HandmadeRequest {
  readonly arrivalMs: number;
  readonly queueMs?: number;
  readonly prefillMs: number;
  readonly gapsMs: readonly number[];
  readonly inputTokens?: number;
  readonly reusedTokens?: number;
  /** Index into the class names. */
  readonly class?: number;
  /** It never completes: refused as it arrives, or still queued when the run ends. */
  readonly fate?: 'rejected' | 'pending';
}

export interface HandmadeOptions {
  readonly durationMs: number;
  readonly classNames?: readonly string[];
  readonly load?: LoadSpec;
  readonly samples?: FleetSamples;
}

/** A run of two replicas of two GPUs each that were busy for a quarter of the time. */
export function handmadeRun(
  requests: readonly HandmadeRequest[],
  options: HandmadeOptions,
): { result: SimulationResult; scenario: Scenario; workload: Workload } {
  const workload = workloadOf(requests, options.classNames ?? ['default']);
  const log = new RequestLog(requests.length);
  const gaps = new LogHistogram();
  const inFlightIntegralNs = new ExactSum();
  const durationNs = options.durationMs * NS_PER_MS;
  requests.forEach((request, index) => {
    writeRequest(log, index, request);
    log.worker[index] = index % 2;
    if (request.fate === 'rejected') return;
    const endNs = request.fate === 'pending' ? durationNs : log.lastTokenNs[index];
    inFlightIntegralNs.add(endNs - log.arrivalNs[index]);
    if (request.fate === undefined) for (const gap of request.gapsMs) gaps.add(gap * NS_PER_MS, 1);
  });
  const workers = [0, 1].map((replica) => ({
    pool: 0,
    replica,
    presence: { startingNs: 0, servingNs: durationNs, drainingNs: 0 },
    passes: 10,
    busyNs: durationNs / 4,
    prefillBoundNs: [durationNs / 8, 0, 0, 0],
    decodeBoundNs: [0, durationNs / 16, 0, durationNs / 16],
    familyNs: [1, 2, 3, 0, 1, 1].map((parts) => (parts * durationNs) / 32),
    defaultConstantsNs: durationNs / 16,
    preemptions: 1,
    batchSum: 30,
    usableBlocks: 999,
    evictedBlocks: 0,
    lookupTokens: 1000,
    tiers: [],
    hitTokens: 250,
    draftedDecodes: 0,
    acceptedDrafts: 0,
  }));
  const result: SimulationResult = {
    log,
    submitted: requests.length,
    durationNs,
    passes: 20,
    workers,
    gaps,
    inFlightIntegralNs,
    samples: options.samples ?? null,
    network: null,
    handOvers: null,
    losses: { crashes: 0, lostAttempts: 0, retriedRequests: 0, migrations: 0, lostOutputs: 0, timedOut: 0, shed: 0 },
    scaling: null,
  };
  return { result, scenario: scenarioOf(workload, options.load ?? { kind: 'open', speedup: 1 }), workload };
}

function writeRequest(log: RequestLog, index: number, request: HandmadeRequest): void {
  log.arrivalNs[index] = request.arrivalMs * NS_PER_MS;
  log.outcome[index] = request.fate === undefined ? OUTCOME.completed : OUTCOME[request.fate];
  if (request.fate !== undefined) return;
  const queueNs = (request.queueMs ?? 0) * NS_PER_MS;
  const decodeNs = request.gapsMs.reduce((sum, gap) => sum + gap, 0) * NS_PER_MS;
  log.scheduledNs[index] = log.arrivalNs[index] + queueNs;
  log.spend(index, STATE.admissionQueue, queueNs);
  log.spend(index, STATE.prefill, request.prefillMs * NS_PER_MS);
  log.firstTokenNs[index] = log.scheduledNs[index] + request.prefillMs * NS_PER_MS;
  log.spend(index, STATE.decode, decodeNs);
  log.lastTokenNs[index] = log.firstTokenNs[index] + decodeNs;
  log.maxGapNs[index] = Math.max(0, ...request.gapsMs) * NS_PER_MS;
  log.reusedTokens[index] = request.reusedTokens ?? 0;
}

function workloadOf(requests: readonly HandmadeRequest[], classNames: readonly string[]): Workload {
  const count = requests.length;
  const outputTokens = Int32Array.from(requests, (request) => request.gapsMs.length + 1);
  return {
    name: 'handmade',
    digest: 'handmade',
    count,
    arrivalNs: Float64Array.from(requests, (request) => request.arrivalMs * NS_PER_MS),
    inputTokens: Int32Array.from(requests, (request) => request.inputTokens ?? 100),
    outputTokens,
    maxOutputTokens: outputTokens,
    blockTokens: 16,
    blockOffsets: new Int32Array(count + 1),
    blockIds: new Int32Array(0),
    blockIdCount: 0,
    nextTurn: new Int32Array(count).fill(-1),
    isFollowUp: new Uint8Array(count),
    thinkNs: new Float64Array(count),
    classOf: Uint8Array.from(requests, (request) => request.class ?? 0),
    classNames,
    warnings: [],
  };
}

function scenarioOf(workload: Workload, load: LoadSpec): Scenario {
  return {
    workload,
    load,
    pools: [
      {
        name: 'main',
        role: 'aggregated',
        replicas: 2,
        gpusPerReplica: 2,
        engine: {
          ...PLAIN_VLLM,
          maxBatchedTokens: 2048,
          maxSequences: 64,
          chunkedPrefill: true,
          prefixCaching: true,
          blockTokens: 16,
          blocks: 1000,
          contextLength: 4096,
        },
        timer: { window: 0, passNs: () => 1, decodeNs: () => 1, boundOf: () => 0 },
      },
    ],
    router: { policy: 'round_robin' },
    transfer: null,
    seed: 1,
    overLength: 'reject',
    maxVirtualNs: Number.POSITIVE_INFINITY,
    core: 'fast',
    samples: 0,
  };
}

const figure = <T>(value: T): Sourced<T> => ({ value, source: 'made up for tests', sourced: false });

/** A GPU with round numbers: 100 W idle, 500 W at work. */
export const HANDMADE_GPU: HardwareFacts = {
  id: 'handmade',
  name: 'Handmade GPU',
  tflopsBf16: figure(1000),
  tflopsFp8: null,
  tflopsInt8: null,
  tflopsFp4: null,
  memoryMib: figure(80_000),
  memoryBandwidthTBps: figure(3),
  scaleUpGBps: figure(450),
  scaleUpDomain: figure(8),
  pcieGBps: figure(64),
  networkGBps: figure(50),
  tdpWatts: figure(500),
  idleWatts: figure(100),
  usdPerGpuHour: figure(2),
  priceDate: '2025-01-01',
};

/** Everything `summarize` asks for about a handmade run: 2 USD per GPU and hour, no SLO, no window. */
export function summaryInput(
  requests: readonly HandmadeRequest[],
  options: HandmadeOptions,
  changes: Partial<SummaryInput> = {},
): SummaryInput {
  const { result, scenario } = handmadeRun(requests, options);
  return {
    result,
    scenario,
    hardware: [HANDMADE_GPU],
    usdPerGpuHour: [2],
    slo: null,
    window: NO_WINDOW,
    configHash: 'c0ffee',
    seed: 1,
    wallMs: 1,
    warnings: [],
    version: '0.0.0',
    ...changes,
  };
}
