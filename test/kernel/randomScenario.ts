import { RandomStream } from '../../src/base/random.ts';
import type { NetworkSpec } from '../../src/cluster/network/networkSpec.ts';
import { ROUTER_POLICIES, type RouterPolicy, type RouterSpec } from '../../src/cluster/router/routerSpec.ts';
import type { PoolSpec, Scenario, TransferSpec } from '../../src/cluster/scenario.ts';
import type { PassShape } from '../../src/timing/passShape.ts';
import type { BoundIndex, StepTimer } from '../../src/timing/stepTimer.ts';
import type { Workload } from '../../src/workload/workload.ts';
import { WorkloadBuilder } from '../../src/workload/workloadBuilder.ts';
import { PLAIN_VLLM } from '../support/engineConfigs.ts';

/** Awkward coefficients, a window, and a mixed-batch discount: enough to tell a wrong sum from a right one. */
export function awkwardTimer(random: RandomStream): StepTimer {
  const window = random.integer(0, 2) === 0 ? random.integer(3, 24) : 0;
  const base = random.integer(50, 5000) + random.uniform();
  const perToken = random.uniform() * 97;
  const perContext = random.uniform() * 3.3;
  const perWindowed = window > 0 ? random.uniform() * 5.1 : 0;
  const perPair = random.uniform() * 0.71;
  const decodeNs = (sequences: number, context: number, windowed: number): number =>
    Math.max(1, Math.round(base + Math.sqrt(sequences) * perToken + context * perContext + windowed * perWindowed));
  return {
    window,
    decodeNs,
    passNs(shape: PassShape): number {
      const others = Math.round(shape.groupTokens * 1.7) + (shape.eager ? 333 : 0);
      if (shape.chunks === 0) return decodeNs(shape.decodes, shape.decodeContext, shape.decodeWindowed) + others;
      const decode = shape.decodes > 0 ? decodeNs(shape.decodes, shape.decodeContext, shape.decodeWindowed) : 0;
      const chunks = shape.chunkTokens * perToken + shape.chunkPairs * perPair + shape.chunkPairsPerContext * 0.3;
      return Math.max(
        1,
        others + Math.round(base + decode * 0.9 + chunks + shape.chunkPairsWindowed * perWindowed + shape.sampled),
      );
    },
    boundOf: (shape: PassShape): BoundIndex => (shape.chunks > 0 ? 0 : 1),
  };
}

/** A small workload that shares prefixes, has sessions and bursts, and whose prompts end inside blocks. */
export function randomWorkload(random: RandomStream): Workload {
  const blockTokens = [1, 4, 5, 8, 16][random.integer(0, 4)];
  const builder = new WorkloadBuilder('random', blockTokens);
  const rows = random.integer(1, 40);
  const tick = [0, 1000, 20_000][random.integer(0, 2)];
  const stems = random.integer(1, 4);
  let now = 0;
  let serial = 1000;
  for (let row = 0; row < rows; row++) {
    if (random.integer(0, 2) > 0) now += tick * random.integer(0, 3);
    const turns = random.integer(0, 3) === 0 ? random.integer(2, 4) : 1;
    const ids: number[] = [];
    const shared = random.integer(0, 5);
    const stem = random.integer(1, stems);
    for (let block = 0; block < shared; block++) ids.push(stem * 10 + block);
    let input = shared * blockTokens + random.integer(1, 3 * blockTokens);
    const think = [0, 0, 5000][random.integer(0, 2)];
    for (let turn = 0; turn < turns; turn++) {
      while (ids.length * blockTokens < input) ids.push(serial++);
      const longest = random.integer(0, 60) === 0 ? 3000 : [12, 12, 60, 300][random.integer(0, 3)];
      const output = random.integer(1, longest);
      const named = random.integer(0, 3) > 0;
      builder.add({
        arrivalNs: now,
        inputTokens: input,
        outputTokens: output,
        priority: (row % 3) - 1,
        ...(named ? { blockIds: ids.slice(0, Math.ceil(input / blockTokens)) } : {}),
        ...(turns > 1 ? { session: `s${row}`, thinkNs: think } : {}),
      });
      input += output + random.integer(1, 2 * blockTokens);
    }
  }
  return builder.build();
}

/** The policy, or in half of the cases one of all with some of what routers can have. */
export function randomRouter(random: RandomStream, policy: RouterPolicy): RouterSpec {
  if (random.integer(0, 1) === 0) return { policy };
  const drawn = ROUTER_POLICIES[random.integer(0, ROUTER_POLICIES.length - 1)];
  const isBooked = drawn === 'kv_router';
  return {
    policy: drawn,
    ...(random.integer(0, 2) === 0 ? { affinity: { ttlNs: random.integer(0, 1) === 0 ? 20_000 : 1e9 } } : {}),
    ...(random.integer(0, 2) === 0 ? { reportIntervalNs: random.integer(1, 30_000) } : {}),
    ...(isBooked && random.integer(0, 1) === 0
      ? {
          queue: {
            thresholdTokens: random.integer(0, 40),
            order: (['fcfs', 'lcfs', 'wspt'] as const)[random.integer(0, 2)],
            jumpS: random.integer(0, 3) * 1e-5,
          },
        }
      : {}),
    scorer: {
      ...(random.integer(0, 2) === 0 ? { index: 'remembered', indexTtlNs: random.integer(0, 1) * 1e9 + 10_000 } : {}),
      overlapCredit: random.integer(0, 2) / 2,
      overlapCreditDecay: random.integer(0, 1) * 0.7,
      prefillLoadScale: [0.25, 1, 4][random.integer(0, 2)],
      activeRequestWeight: random.integer(0, 2),
      combine: random.integer(0, 3) === 0 ? 'product' : 'sum',
      temperature: random.integer(0, 3) === 0 ? 0.5 : 0,
      prefillFades: isBooked && random.integer(0, 1) === 0,
      ties: random.integer(0, 1) === 0 ? 'in_turn' : 'random',
    },
  };
}

/** Nodes of one to three GPUs with links slow enough to queue on. */
export function randomNetwork(random: RandomStream): NetworkSpec {
  const gpusPerNode = random.integer(1, 3);
  return {
    gpusPerNode,
    scaleUpGpus: random.integer(0, 1) === 0 ? 1 : gpusPerNode * random.integer(1, 2),
    scaleUpBytesPerS: random.integer(1, 9) * 1e6,
    nicsPerNode: random.integer(1, gpusPerNode),
    nicBytesPerS: random.integer(0, 3) === 0 ? Number.POSITIVE_INFINITY : random.integer(1, 9) * 3e5,
    nodesPerLeaf: random.integer(0, 1) === 0 ? Number.POSITIVE_INFINITY : 1,
    oversubscription: random.integer(1, 4),
  };
}

/** Half of the time as vLLM does it; else something of what there is besides. */
export function randomHandover(random: RandomStream): Partial<TransferSpec> {
  if (random.integer(0, 1) === 0) return {};
  const isDestinationFirst = random.integer(0, 2) > 0;
  return {
    ...(isDestinationFirst ? { order: 'destination_first' } : {}),
    ...(isDestinationFirst && random.integer(0, 1) === 0 ? { streamedShare: random.integer(1, 9) / 10 } : {}),
    ...(random.integer(0, 1) === 0
      ? { local: { maxTokens: random.integer(0, 20), maxQueue: random.integer(0, 3) * 4 } }
      : {}),
    ...(random.integer(0, 1) === 0 ? { reshard: [[0, 12]] } : {}),
  };
}

/** Load, router, hand-over (with `split` pools) and limits of a fleet. */
export function randomSurroundings(
  random: RandomStream,
  split: boolean,
): Pick<Scenario, 'load' | 'router' | 'transfer' | 'overLength' | 'maxVirtualNs'> {
  const coin = (): boolean => random.integer(0, 1) === 0;
  return {
    load: coin()
      ? { kind: 'open', speedup: [1, 0.5, 3.7][random.integer(0, 2)] }
      : { kind: 'closed', concurrency: random.integer(1, 12) },
    router: { policy: ROUTER_POLICIES[random.integer(0, 3)] },
    transfer: split
      ? {
          bandwidthBytesPerS: coin() ? Number.POSITIVE_INFINITY : 2e6,
          latencyNs: random.integer(0, 1) * 700,
          kvBytesPerToken: 3,
        }
      : null,
    overLength: (['reject', 'drop', 'truncate'] as const)[random.integer(0, 2)],
    maxVirtualNs: random.integer(0, 9) === 0 ? 50_000 : Number.POSITIVE_INFINITY,
  };
}

/** A scenario drawn from a seed, with pools small enough to preempt and evict. */
export function randomScenario(seed: number, core: 'fast' | 'plain'): Scenario {
  const random = new RandomStream(seed, 'scenario');
  const workload = randomWorkload(random);
  const longest = workload.inputTokens.reduce(
    (most, tokens, request) => Math.max(most, tokens + workload.outputTokens[request]),
    0,
  );
  const split = random.integer(0, 3) === 0;
  const pageTokens = [1, 3, 4, 7, 16][random.integer(0, 4)];
  const timer = awkwardTimer(random);
  const pool = (name: string, role: PoolSpec['role']): PoolSpec => {
    const maxBatchedTokens = random.integer(2, 64);
    const blocks = Math.ceil(longest / pageTokens) + 1 + random.integer(0, 3) * random.integer(0, 20);
    const chunkedPrefill = random.integer(0, 4) > 0;
    return {
      name,
      role,
      replicas: random.integer(1, 3),
      gpusPerReplica: 1,
      timer,
      engine: {
        ...PLAIN_VLLM,
        maxBatchedTokens: chunkedPrefill ? maxBatchedTokens : Math.max(maxBatchedTokens, longest),
        maxSequences: random.integer(1, Math.min(maxBatchedTokens, 12)),
        chunkedPrefill,
        prefixCaching: random.integer(0, 4) > 0,
        blockTokens: pageTokens,
        blocks,
        contextLength: random.integer(0, 3) === 0 ? Math.ceil(longest * 0.9) : longest,
      },
    };
  };
  const pools = split ? [pool('p', 'prefill'), pool('d', 'decode')] : [pool('a', 'aggregated')];
  if (!split && random.integer(0, 3) === 0) pools.push(pool('b', 'aggregated'));
  return {
    workload,
    load:
      random.integer(0, 1) === 0
        ? { kind: 'open', speedup: [1, 0.5, 3.7][random.integer(0, 2)] }
        : { kind: 'closed', concurrency: random.integer(1, 12) },
    pools,
    router: randomRouter(new RandomStream(seed, 'router'), ROUTER_POLICIES[random.integer(0, 3)]),
    transfer: split
      ? {
          bandwidthBytesPerS: random.integer(0, 3) === 0 ? Number.POSITIVE_INFINITY : 2e6,
          latencyNs: random.integer(0, 1) * 700,
          kvBytesPerToken: 3,
          ...randomHandover(new RandomStream(seed, 'hand-over')),
        }
      : null,
    ...(split && random.integer(0, 1) === 0 ? { network: randomNetwork(new RandomStream(seed, 'network')) } : {}),
    seed,
    overLength: (['reject', 'drop', 'truncate'] as const)[random.integer(0, 2)],
    maxVirtualNs: random.integer(0, 9) === 0 ? 50_000 : Number.POSITIVE_INFINITY,
    core,
    samples: 0,
  };
}
