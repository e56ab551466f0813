import { poolsOf } from '../config/buildScenario.ts';
import type { PredictConfig, WorkerConfig } from '../config/predictConfig.ts';
import type { Deployment } from './deployment.ts';
import type { Shape } from './shapes.ts';

/** A deployment from a moment on, seconds since the schedule begins. */
export interface Step extends Deployment {
  readonly fromS: number;
}

/** How often the clock is looked at. */
const TICK_S = 10;
/** New replicas are ready so long before they are due, on average over where the looks fall. */
export const MARGIN_S = 1.5 * TICK_S;

/** A pool of the scheduled deployment: shapes that differ in the router alone share theirs. */
interface Pool {
  readonly replica: string;
  readonly index: number;
  readonly gpus: number;
  readonly worker: WorkerConfig;
  readonly role: Shape['pools'][number]['role'];
}

/**
 * A schedule as a deployment with pools for each shape in it: what is new starts early enough to be ready when it is
 * due, what is old goes when the new is there. So it does, too, when it all comes again.
 * @param startupS of a replica of each pool of a shape
 * @param periodS after which it comes again
 */
export function scheduledConfig(
  steps: readonly Step[],
  startupS: (shape: Shape) => readonly number[],
  periodS: number,
): PredictConfig {
  const pools = poolsFor(steps);
  const spans = pools.map((pool) => spansOf(pool, steps, startupS, periodS));
  const routed = steps.map(({ fromS, shape }) => ({ atS: onTick(fromS), router: shape.config.router.policy }));
  const changesRouter = new Set(routed.map(({ router }) => router)).size > 1;
  const moments = [
    ...spans.flat().flatMap(({ fromS, toS }) => [fromS % periodS, toS % periodS]),
    ...routed.map(({ atS }) => atS),
  ];
  const entries = [...new Set(moments)]
    .sort((a, b) => a - b)
    .map((atS) => ({
      at_seconds: atS,
      replicas: Object.fromEntries(
        pools.map(({ worker }, pool) => [worker.name, replicasAt(spans[pool], atS, periodS)]),
      ),
      ...(changesRouter ? { router: routed.findLast((each) => each.atS <= atS)!.router } : {}),
    }));
  const most = pools.map(({ worker }) => Math.max(...entries.map(({ replicas }) => replicas[worker.name])));
  const workers: { [Role in Pool['role']]?: WorkerConfig[] } = {};
  for (const [pool, { worker, role }] of pools.entries()) {
    workers[role] = [
      ...(workers[role] ?? []),
      { ...worker, parallelism: { ...worker.parallelism, replicas: most[pool] } },
    ];
  }
  const base = (steps.find(({ shape }) => shape.pools.length > 1) ?? steps[0]).shape.config;
  return {
    ...base,
    router: steps[0].shape.config.router,
    engine: { ...base.engine, workers },
    planner: {
      policy: 'schedule',
      interval_seconds: TICK_S,
      max_gpus: 2 * pools.reduce((sum, { gpus }, pool) => sum + gpus * most[pool], 0),
      min_replicas: Object.fromEntries(pools.map(({ worker }) => [worker.name, 0])),
      initial_replicas: entries[0].replicas,
      period_seconds: periodS,
      entries,
    },
  };
}

function poolsFor(steps: readonly Step[]): Pool[] {
  const shapes = new Map(steps.map(({ shape }) => [shape.replica, shape]));
  return [...shapes.values()].flatMap((shape, number) =>
    poolsOf(shape.config).map(({ role, pool }, index) => ({
      replica: shape.replica,
      index,
      gpus: shape.pools[index].gpus,
      role,
      worker: { ...pool, name: `shape-${number + 1}${role === 'aggregated' ? '' : `-${role}`}` },
    })),
  );
}

/** Replicas of a pool from the moment they begin to start until they are told to go, in periods that come again. */
interface Span {
  readonly replicas: number;
  readonly fromS: number;
  readonly toS: number;
}

/** What begins before the period does begins at the end of the one before. */
function spansOf(
  { replica, index }: Pool,
  steps: readonly Step[],
  startupS: (shape: Shape) => readonly number[],
  periodS: number,
): Span[] {
  const countOf = ({ shape, replicas }: Step): number => (shape.replica === replica ? replicas[index] : 0);
  return steps.flatMap((step, number) => {
    const { fromS, shape } = step;
    const replicas = countOf(step);
    if (replicas === 0) return [];
    const grows = replicas > countOf(steps.at(number - 1)!);
    const startsS = grows ? onTick(fromS - startupS(shape)[index] - TICK_S) : onTick(fromS);
    const toS = number + 1 < steps.length ? onTick(steps[number + 1].fromS) : periodS;
    return startsS >= 0
      ? [{ replicas, fromS: startsS, toS }]
      : [{ replicas, fromS: Math.max(toS, onTick(periodS + startsS)), toS: periodS + toS }];
  });
}

function replicasAt(spans: readonly Span[], atS: number, periodS: number): number {
  const covers = ({ fromS, toS }: Span, timeS: number): boolean => fromS <= timeS && timeS < toS;
  const there = spans.filter((span) => covers(span, atS) || covers(span, atS + periodS));
  return Math.max(0, ...there.map(({ replicas }) => replicas));
}

function onTick(seconds: number): number {
  return Math.floor(seconds / TICK_S) * TICK_S;
}
