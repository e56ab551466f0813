/** What can be said of a candidate without simulating it: figures that are exact, and figures it cannot undercut. */
import { NS_PER_MS, NS_PER_S } from '../base/units.ts';
import type { Role } from '../cluster/scenario.ts';
import { buildScenario } from '../config/buildScenario.ts';
import type { Facts } from '../config/facts.ts';
import type { PredictConfig } from '../config/predictConfig.ts';
import { HOURS_PER_MONTH } from '../metrics/cost.ts';
import { PassShape } from '../timing/passShape.ts';
import type { StepTimer } from '../timing/stepTimer.ts';
import type { Workload } from '../workload/workload.ts';
import type { StatedBound } from './constraints.ts';
import { gpusOf, usdPerHourOf } from './deployment.ts';
import type { SketchSide } from './sketch.ts';

/** Metrics that a fleet of fixed size has before it runs. */
const EXACT = ['usd_per_hour', 'usd_per_month', 'gpus_peak', 'gpus_mean'];
const ORDER_STATISTICS = /^(mean|min|p50|p75|p90|p95|p99|max)_(ttft|tpot|e2e)_ms$/;

export interface Floors {
  readonly gpus: number;
  readonly usdPerHour: number;
  /** No request has less, nor has any mean or quantile of requests. */
  readonly ttftMs: number;
  readonly tpotMs: number;
  readonly e2eMs: number;
  /** Of all replicas together; Infinity where the load does not limit it. */
  readonly outputTokensPerS: number;
}

/** What one role of a deployment adds to its floors, whatever the others are. */
export interface SideFloors {
  readonly role: Role;
  readonly gpus: number;
  readonly usdPerHour: number;
  /** The shortest pass there is, one token alone; 0 where nothing is claimed because speculation yields several tokens a pass. */
  readonly passNs: number;
  readonly sketch: SketchSide;
}

/** @throws InputError when the model does not fit. */
export function sidesOf(config: PredictConfig, workload: Workload, facts: Facts): SideFloors[] {
  const { scenario, pools: planned } = buildScenario(config, workload, facts);
  return Object.entries(config.engine.workers).map(([name, workers]) => {
    const role = name as Role;
    const pools = scenario.pools.filter((pool) => pool.role === role);
    const { plan } = planned.find((pool) => pool.role === role)!;
    const [{ scheduler, kv_cache, parallelism }] = workers;
    const alone = { ...config, engine: { ...config.engine, workers: { [role]: workers } } };
    return {
      role,
      gpus: gpusOf(alone),
      usdPerHour: usdPerHourOf(alone, facts),
      passNs: pools.some(({ engine }) => engine.speculation !== null)
        ? 0
        : pools.reduce((least, { timer }) => Math.min(least, shortestPassNs(timer)), Number.POSITIVE_INFINITY),
      // Several pools of a role are sketched as so many replicas of the first.
      sketch: {
        role,
        replicas: pools.reduce((sum, { replicas }) => sum + replicas, 0),
        gpus: gpusOf(alone),
        timer: pools[0].timer,
        maxSequences: (scheduler.max_sequences ?? Number.POSITIVE_INFINITY) * parallelism.attention_data,
        maxBatchedTokens: scheduler.max_batched_tokens * parallelism.attention_data,
        kvTokens: plan.blocks * kv_cache.block_size,
        reusesPrefixes: kv_cache.prefix_caching,
      },
    };
  });
}

/**
 * Bounds from the shortest pass of each side: a first token takes one, every later token one more; and a closed loop of
 * n slots yields at most n tokens in the time of one. They hold as long as more work never makes a pass shorter.
 * @param shortestOutput tokens, of any request.
 */
export function floorsOf(
  sides: readonly SideFloors[],
  load: PredictConfig['traffic']['load'],
  shortestOutput: number,
): Floors {
  const shortest = (roles: readonly Role[]): number =>
    sides
      .filter(({ role }) => roles.includes(role))
      .reduce((least, { passNs }) => Math.min(least, passNs), Number.POSITIVE_INFINITY);
  const firstNs = shortest(['aggregated', 'prefill']);
  const nextNs = shortest(['aggregated', 'decode']);
  return {
    gpus: sides.reduce((sum, { gpus }) => sum + gpus, 0),
    usdPerHour: sides.reduce((sum, { usdPerHour }) => sum + usdPerHour, 0),
    ttftMs: firstNs / NS_PER_MS,
    tpotMs: nextNs / NS_PER_MS,
    e2eMs: (firstNs + (shortestOutput - 1) * nextNs) / NS_PER_MS,
    outputTokensPerS:
      load.type === 'concurrency'
        ? (load.concurrency * NS_PER_S) / Math.min(firstNs, nextNs)
        : Number.POSITIVE_INFINITY,
  };
}

function shortestPassNs(timer: StepTimer): number {
  const shape = new PassShape(timer.window);
  // Without an output row: ranks of attention data parallelism share what rows cost.
  shape.addChunk(0, 1, false);
  return Math.min(timer.passNs(shape), timer.decodeNs(1, 1, 1));
}

export function isExact(metric: string): boolean {
  return EXACT.includes(metric);
}

/** The best value of the metric that the candidate could have; null where nothing is known. */
export function bestPossible(metric: string, floors: Floors): number | null {
  switch (metric) {
    case 'usd_per_hour':
      return floors.usdPerHour;
    case 'usd_per_month':
      return floors.usdPerHour * HOURS_PER_MONTH;
    case 'gpus_peak':
    case 'gpus_mean':
      return floors.gpus;
    case 'output_tokens_per_s':
      return floors.outputTokensPerS;
    case 'output_tokens_per_s_per_gpu':
      return floors.outputTokensPerS / floors.gpus;
    case 'output_tokens_per_s_per_user':
      return 1000 / floors.tpotMs;
  }
  const [, , latency] = ORDER_STATISTICS.exec(metric) ?? [];
  if (latency === undefined) return null;
  return { ttft: floors.ttftMs, tpot: floors.tpotMs, e2e: floors.e2eMs }[latency as 'ttft' | 'tpot' | 'e2e'];
}

/** The first of these bounds that no run can meet, by name; null when all are possible. */
export function impossibleBound(bounds: readonly StatedBound[], floors: Floors): string | null {
  const broken = bounds.find(({ metric, statistic, bound }) => {
    const best = bestPossible(`${statistic}_${metric}`, floors);
    return best !== null && best > bound;
  });
  return broken?.name ?? null;
}
