import { RandomStream } from '../../src/base/random.ts';
import type { PoolSpec, Role, Scenario } from '../../src/cluster/scenario.ts';
import type { VllmConfig } from '../../src/engine/vllm/vllmConfig.ts';
import type { StepTimer } from '../../src/timing/stepTimer.ts';
import type { Workload } from '../../src/workload/workload.ts';
import { PLAIN_VLLM } from '../support/engineConfigs.ts';

/** Nothing limits but the number of sequences, and nothing is reused. */
const LIMITLESS: VllmConfig = {
  ...PLAIN_VLLM,
  maxBatchedTokens: 2 ** 31,
  maxSequences: 2 ** 20,
  chunkedPrefill: true,
  prefixCaching: false,
  blockTokens: 16,
  blocks: 2 ** 40,
  contextLength: 2 ** 40,
};

/** A pool of one replica that serves `maxSequences` requests at once. */
export function station(role: Role, maxSequences: number, timer: StepTimer): PoolSpec {
  return { name: role, role, replicas: 1, gpusPerReplica: 1, engine: { ...LIMITLESS, maxSequences }, timer };
}

/** A prompt's pass lasts `unitNs` for each of its tokens: the prompt's length is the service time. */
export function promptTimer(unitNs: number): StepTimer {
  return {
    window: 0,
    passNs: (shape) => shape.chunkTokens * unitNs,
    decodeNs: () => unitNs,
    boundOf: () => 0,
  };
}

/** Every pass lasts `passNs`, whatever is in it. */
export function constantTimer(passNs: number): StepTimer {
  return { window: 0, passNs: () => passNs, decodeNs: () => passNs, boundOf: () => 0 };
}

export function scenarioOf(workload: Workload, pools: readonly PoolSpec[], more: Partial<Scenario> = {}): Scenario {
  return {
    workload,
    load: { kind: 'open', speedup: 1 },
    pools,
    router: { policy: 'round_robin' },
    transfer: null,
    seed: 1,
    overLength: 'reject',
    maxVirtualNs: Number.POSITIVE_INFINITY,
    core: 'fast',
    samples: 0,
    ...more,
  };
}

/** Requests without names or sessions, as columns: millions of them are made, so no row objects. */
export function plainWorkload(arrivalNs: Float64Array, inputTokens: Int32Array, outputTokens: Int32Array): Workload {
  const count = arrivalNs.length;
  return {
    name: 'queueing',
    digest: '',
    count,
    arrivalNs,
    inputTokens,
    outputTokens,
    maxOutputTokens: outputTokens,
    blockTokens: 16,
    blockOffsets: new Int32Array(count + 1),
    blockIds: new Int32Array(0),
    blockIdCount: 0,
    nextTurn: new Int32Array(count).fill(-1),
    isFollowUp: new Uint8Array(count),
    thinkNs: new Float64Array(count),
    classOf: new Uint8Array(count),
    classNames: ['default'],
    warnings: [],
  };
}

/** A Poisson process: arrival times with exponential gaps of the given mean, to the nearest ns. */
export function poissonArrivals(seed: number, name: string, count: number, meanGapNs: number): Float64Array {
  const stream = new RandomStream(seed, `laws/arrivals/${name}`);
  const arrivals = new Float64Array(count);
  let now = 0;
  for (let request = 0; request < count; request++) {
    now += stream.exponential(meanGapNs);
    arrivals[request] = Math.round(now);
  }
  return arrivals;
}

/** Service times in units, with their exact first two moments. */
export interface Service {
  readonly name: string;
  readonly mean: number;
  readonly meanSquare: number;
  draw(stream: RandomStream): number;
}

export function fixedService(units: number): Service {
  return { name: 'fixed', mean: units, meanSquare: units * units, draw: () => units };
}

/** 1 + floor of an exponential: geometric on 1, 2, ... with failure probability q = exp(-1/scale). */
export function geometricService(scale: number): Service {
  const q = Math.exp(-1 / scale);
  return {
    name: 'geometric',
    mean: 1 / (1 - q),
    meanSquare: (1 + q) / (1 - q) ** 2,
    draw: (stream) => 1 + Math.floor(stream.exponential(scale)),
  };
}

/** Rounded to whole units: with a median of a million of them the moments are those of the continuous law to 1e-12. */
export function lognormalService(median: number, sigma: number): Service {
  return {
    name: 'lognormal',
    mean: median * Math.exp(sigma ** 2 / 2),
    meanSquare: median ** 2 * Math.exp(2 * sigma ** 2),
    draw: (stream) => Math.max(1, Math.round(stream.lognormal(median, sigma))),
  };
}

export function drawServices(service: Service, seed: number, name: string, count: number): Int32Array {
  const stream = new RandomStream(seed, `laws/service/${name}`);
  const drawn = new Int32Array(count);
  for (let request = 0; request < count; request++) drawn[request] = service.draw(stream);
  return drawn;
}

/** Mean wait in an M/G/1 queue (Pollaczek 1930, Khinchine 1932): lambda E[S^2] / 2 (1 - rho). */
export function pollaczekKhinchine(arrivalsPerUnit: number, service: Service): number {
  return (arrivalsPerUnit * service.meanSquare) / (2 * (1 - arrivalsPerUnit * service.mean));
}
