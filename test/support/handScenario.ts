import type { PoolSpec, Scenario } from '../../src/cluster/scenario.ts';
import { fixedTimer } from '../../src/timing/fixed.ts';
import { WorkloadBuilder, type WorkloadRow } from '../../src/workload/workloadBuilder.ts';
import { PLAIN_VLLM } from './engineConfigs.ts';

/** Nanoseconds in a millisecond. */
export const MS = 1e6;

/** A prompt of 50 tokens with an answer of 3 at each of these times. */
export function shortRequests(arrivalsMs: readonly number[]): WorkloadRow[] {
  return arrivalsMs.map((ms) => ({ arrivalNs: ms * MS, inputTokens: 50, outputTokens: 3 }));
}

/** One worker of one GPU on which a pass with prompt tokens lasts 100 ms and one that only decodes 10 ms. */
export function handPool(changes: Partial<PoolSpec> = {}): PoolSpec {
  return {
    name: 'a',
    role: 'aggregated',
    replicas: 1,
    gpusPerReplica: 1,
    timer: fixedTimer({ prefillMs: 100, decodeMs: 10 }),
    engine: PLAIN_VLLM,
    ...changes,
  };
}

/** That worker under these requests, whose times can be worked out by hand; text is named in blocks of 16 tokens. */
export function handScenario(rows: readonly WorkloadRow[], changes: Partial<Scenario> = {}): Scenario {
  const builder = new WorkloadBuilder('hand', 16);
  for (const row of rows) builder.add(row);
  return {
    workload: builder.build(),
    load: { kind: 'open', speedup: 1 },
    pools: [handPool()],
    router: { policy: 'round_robin' },
    transfer: null,
    seed: 1,
    overLength: 'reject',
    maxVirtualNs: Number.POSITIVE_INFINITY,
    core: 'fast',
    samples: 0,
    ...changes,
  };
}
