import { RandomStream } from '../base/random.ts';
import { NS_PER_MS } from '../base/units.ts';
import type { Scenario } from '../cluster/scenario.ts';
import { simulate } from '../cluster/simulation.ts';
import type { TimingModel } from '../timing/coefficients.ts';
import { compileServer } from '../timing/server.ts';
import type { Workload } from '../workload/workload.ts';
import { WorkloadBuilder } from '../workload/workloadBuilder.ts';
import { type Launch, launchOf, lengthSharesOf } from './launch.ts';
import type { MeasuredPoint } from './measuredPoint.ts';

/** Means over a run's requests, ms. */
export interface Means {
  readonly ttftMs: number;
  readonly tpotMs: number;
}

/**
 * The benchmark run of a point through the whole simulator: a closed loop whose slots all fill at time 0, so many requests a
 * slot, lengths uniform in the point's range. Warm-up requests run before and leave nothing behind: no prompt shares a prefix
 * with another.
 * @throws InputError when the catalog lacks the model or the GPU.
 */
export function replay(point: MeasuredPoint, model: TimingModel): Means {
  const launch = launchOf(point);
  const workload = benchmarkOf(point);
  const { log } = simulate(scenarioOf(point, launch, workload, model));
  let ttftNs = 0;
  let tpotNs = 0;
  for (let request = 0; request < workload.count; request++) {
    ttftNs += log.firstTokenNs[request] - log.arrivalNs[request];
    tpotNs += (log.lastTokenNs[request] - log.firstTokenNs[request]) / Math.max(1, workload.outputTokens[request] - 1);
  }
  return { ttftMs: ttftNs / workload.count / NS_PER_MS, tpotMs: tpotNs / workload.count / NS_PER_MS };
}

function scenarioOf(
  point: MeasuredPoint,
  { spec, engine, graphs, tokenizers }: Launch,
  workload: Workload,
  model: TimingModel,
): Scenario {
  const drafts = engine.speculation === null ? null : { tokens: engine.speculation.draftTokens, layers: 1 };
  const { timer, requestNs, perInputTokenNs } = compileServer(spec, graphs, drafts, model);
  return {
    workload,
    load: { kind: 'closed', concurrency: point.concurrency },
    pools: [
      {
        name: 'server',
        role: 'aggregated',
        replicas: 1,
        gpusPerReplica: 1,
        timer,
        engine,
      },
    ],
    router: { policy: 'round_robin' },
    frontEnd: { requestNs, perInputTokenNs, tokenizers },
    transfer: null,
    seed: 1,
    overLength: 'reject',
    maxVirtualNs: Number.POSITIVE_INFINITY,
    core: 'fast',
    samples: 0,
  };
}

function benchmarkOf(point: MeasuredPoint): Workload {
  const { concurrency, requestsPerSlot, inputTokens, outputTokens } = point;
  const [low, high] = lengthSharesOf(point);
  const builder = new WorkloadBuilder('benchmark', 512);
  const random = new RandomStream(1, 'benchmark lengths');
  const length = (nominal: number): number =>
    Math.max(1, Math.round(nominal * (low + (high - low) * random.uniform())));
  for (let request = 0; request < requestsPerSlot * concurrency; request++) {
    builder.add({ arrivalNs: 0, inputTokens: length(inputTokens), outputTokens: length(outputTokens) });
  }
  return builder.build();
}
