import { RandomStream } from '../../src/base/random.ts';
import type { EngineConfig } from '../../src/engine/engineConfig.ts';
import type { StepTimer } from '../../src/timing/stepTimer.ts';
import { WorkloadBuilder } from '../../src/workload/workloadBuilder.ts';
import { simulate } from '../support/lawfulSimulation.ts';

export interface ClosedLoop {
  readonly engine: EngineConfig;
  readonly timer: StepTimer;
  readonly concurrency: number;
  readonly requests: number;
  readonly inputTokens: number;
  /** Least and most. */
  readonly outputTokens: readonly [number, number];
}

/** Means over a closed loop on one worker, but for the first two waves and the last. */
export function closedLoopMeans({ engine, timer, concurrency, requests, inputTokens, outputTokens }: ClosedLoop): {
  ttftNs: number;
  tpotNs: number;
} {
  const random = new RandomStream(3, 'lengths');
  const builder = new WorkloadBuilder('closed', 16);
  for (let request = 0; request < requests; request++) {
    builder.add({ arrivalNs: 0, inputTokens, outputTokens: random.integer(...outputTokens) });
  }
  const workload = builder.build();
  const { log } = simulate({
    workload,
    load: { kind: 'closed', concurrency },
    pools: [{ name: 'a', role: 'aggregated', replicas: 1, gpusPerReplica: 1, timer, engine }],
    router: { policy: 'round_robin' },
    transfer: null,
    seed: 1,
    overLength: 'reject',
    maxVirtualNs: Number.POSITIVE_INFINITY,
    core: 'fast',
    samples: 0,
  });
  const [first, end] = [2 * concurrency, requests - concurrency];
  let ttftNs = 0;
  let tpotNs = 0;
  for (let request = first; request < end; request++) {
    ttftNs += log.firstTokenNs[request] - log.arrivalNs[request];
    tpotNs += (log.lastTokenNs[request] - log.firstTokenNs[request]) / (workload.outputTokens[request] - 1);
  }
  return { ttftNs: ttftNs / (end - first), tpotNs: tpotNs / (end - first) };
}
