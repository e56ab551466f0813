import { RandomStream } from '../../src/base/random.ts';
import type { RouterSpec } from '../../src/cluster/router/routerSpec.ts';
import type { PoolSpec, Scenario } from '../../src/cluster/scenario.ts';
import type { CommonConfig } from '../../src/engine/commonConfig.ts';
import type { StepTimer } from '../../src/timing/stepTimer.ts';
import type { Workload } from '../../src/workload/workload.ts';

/** The same numbers, each changed; the kind of column stays. */
function mapColumn<Column extends Float64Array | Int32Array>(
  column: Column,
  change: (value: number) => number,
): Column {
  return column.map(change) as Column;
}

/** Arrivals and think times `factor` times as far apart, and everything `shiftNs` later. */
export function withClock(workload: Workload, factor: number, shiftNs: number): Workload {
  return {
    ...workload,
    arrivalNs: mapColumn(workload.arrivalNs, (time) => (time < 0 ? time : time * factor + shiftNs)),
    thinkNs: mapColumn(workload.thinkNs, (ns) => ns * factor),
  };
}

/** A router all of whose times are `factor` times as long. */
export function withRouterClock(router: RouterSpec, factor: number): RouterSpec {
  const { affinity, reportIntervalNs, scorer, queue } = router;
  return {
    ...router,
    ...(affinity === undefined ? {} : { affinity: { ttlNs: affinity.ttlNs * factor } }),
    ...(reportIntervalNs === undefined ? {} : { reportIntervalNs: reportIntervalNs * factor }),
    ...(scorer?.indexTtlNs === undefined ? {} : { scorer: { ...scorer, indexTtlNs: scorer.indexTtlNs * factor } }),
    // Under wspt a jump is a weight, not a time.
    ...(queue?.jumpS === undefined || queue.order === 'wspt'
      ? {}
      : { queue: { ...queue, jumpS: queue.jumpS * factor } }),
  };
}

/** A timer whose passes last `factor` times as long. */
export function slowed(timer: StepTimer, factor: number): StepTimer {
  return {
    window: timer.window,
    passNs: (shape) => factor * timer.passNs(shape),
    decodeNs: (sequences, context, windowed) => factor * timer.decodeNs(sequences, context, windowed),
    boundOf: (shape) => timer.boundOf(shape),
  };
}

/** The scenario with each pool changed. */
export function withPools(scenario: Scenario, change: (pool: PoolSpec) => PoolSpec): Scenario {
  return { ...scenario, pools: scenario.pools.map(change) };
}

/** The scenario with each pool's engine changed. */
export function withEngines(scenario: Scenario, change: Partial<CommonConfig>): Scenario {
  return withPools(scenario, (pool) => ({ ...pool, engine: { ...pool.engine, ...change } }));
}

/** One replica of each role: the router has nothing to choose. */
export function withOneReplica(scenario: Scenario): Scenario {
  const roles = new Set(scenario.pools.map(({ role }) => role));
  const pools = [...roles].map((role) => scenario.pools.find((pool) => pool.role === role)!);
  return { ...scenario, pools: pools.map((pool) => ({ ...pool, replicas: 1 })) };
}

/** Nothing is over length, or runs out of pages: every pool's context and memory are made large enough. */
export function withRoom(scenario: Scenario): Scenario {
  const { inputTokens, outputTokens } = scenario.workload;
  const tokens = inputTokens.reduce((sum, input, request) => sum + input + outputTokens[request], 0);
  return withPools(scenario, (pool) => ({
    ...pool,
    engine: {
      ...pool.engine,
      contextLength: tokens,
      // A page more for each request, for its unfilled end, and the null page.
      blocks: Math.ceil(tokens / pool.engine.blockTokens) + inputTokens.length + 1,
      ...(pool.engine.backend === 'vllm' && !pool.engine.chunkedPrefill ? { maxBatchedTokens: tokens } : {}),
    },
  }));
}

/** The same prefix structure under other numbers: ids permuted. */
export function relabelled(workload: Workload, seed: number): Workload {
  const random = new RandomStream(seed, 'relabel');
  const names = Int32Array.from({ length: workload.blockIdCount }, (_, id) => id);
  for (let last = names.length - 1; last > 0; last--) {
    const other = random.integer(0, last);
    [names[last], names[other]] = [names[other], names[last]];
  }
  return { ...workload, blockIds: mapColumn(workload.blockIds, (id) => names[id]) };
}

/** Nothing is shared with anyone. */
export function withoutIds(workload: Workload): Workload {
  return {
    ...workload,
    blockIds: new Int32Array(0),
    blockOffsets: new Int32Array(workload.count + 1),
    blockIdCount: 0,
  };
}

/** `first`, and from `startNs` on `second`, as one workload; no block is common to both. Needs equal block sizes. */
export function concatenated(first: Workload, second: Workload, startNs: number): Workload {
  const join = <Column extends Float64Array | Int32Array | Uint8Array>(a: Column, b: Column): Column => {
    const whole = new (a.constructor as new (length: number) => Column)(a.length + b.length);
    whole.set(a);
    whole.set(b, a.length);
    return whole;
  };
  const late = withClock(second, 1, startNs);
  const lastOffset = first.blockOffsets[first.count];
  return {
    ...first,
    count: first.count + second.count,
    arrivalNs: join(first.arrivalNs, late.arrivalNs),
    inputTokens: join(first.inputTokens, second.inputTokens),
    outputTokens: join(first.outputTokens, second.outputTokens),
    maxOutputTokens: join(first.maxOutputTokens, second.maxOutputTokens),
    blockOffsets: join(
      first.blockOffsets,
      mapColumn(second.blockOffsets.subarray(1), (offset) => offset + lastOffset),
    ),
    blockIds: join(
      first.blockIds,
      mapColumn(second.blockIds, (id) => id + first.blockIdCount),
    ),
    blockIdCount: first.blockIdCount + second.blockIdCount,
    nextTurn: join(
      first.nextTurn,
      mapColumn(second.nextTurn, (next) => (next < 0 ? next : next + first.count)),
    ),
    isFollowUp: join(first.isFollowUp, second.isFollowUp),
    thinkNs: join(first.thinkNs, second.thinkNs),
    classOf: join(first.classOf, second.classOf),
    ...(first.priorities === undefined || second.priorities === undefined
      ? {}
      : { priorities: join(first.priorities, second.priorities) }),
  };
}
