import type { PredictConfig, WorkerConfig } from '../config/predictConfig.ts';
import { poolsOf } from '../recommend/deployment.ts';
import type { Shape } from './shapes.ts';
import type { Deployment } from './switchCost.ts';

/** A deployment from a moment on, seconds since the schedule begins. */
export interface Step extends Deployment {
  readonly fromS: number;
}

/** How often the clock is looked at. */
const TICK_S = 10;

/**
 * A schedule as a deployment with a pool for each shape in it: what is new starts early enough to be ready when it is
 * due, what is old goes when the new is there. So it does, too, when it all comes again.
 * @param startupS of one replica of a shape
 * @param periodS after which it comes again
 */
export function scheduledConfig(
  steps: readonly Step[],
  startupS: (shape: Shape) => number,
  periodS: number,
): PredictConfig {
  const shapes = [...new Set(steps.map(({ shape }) => shape))];
  const names = shapes.map((_, index) => `shape-${index + 1}`);
  const [base] = shapes;
  const spans = spansOf(steps, startupS, periodS);
  const entries = [...new Set(spans.flatMap(({ fromS, toS }) => [fromS % periodS, toS % periodS]))]
    .sort((a, b) => a - b)
    .map((atS) => ({
      at_seconds: atS,
      replicas: Object.fromEntries(
        shapes.map((shape, index) => [names[index], replicasAt(spans, shape, atS, periodS)]),
      ),
    }));
  const most = names.map((name) => Math.max(...entries.map(({ replicas }) => replicas[name])));
  return {
    ...base.config,
    engine: {
      ...base.config.engine,
      workers: { aggregated: shapes.map((shape, index) => poolOf(shape, names[index], most[index])) },
    },
    planner: {
      policy: 'schedule',
      interval_seconds: TICK_S,
      max_gpus: 2 * shapes.reduce((sum, shape, index) => sum + shape.gpus * most[index], 0),
      min_replicas: Object.fromEntries(names.map((name) => [name, shapes.length === 1 ? 1 : 0])),
      initial_replicas: entries[0].replicas,
      period_seconds: periodS,
      entries,
    },
  };
}

/** Replicas of a shape from the moment they begin to start until they are told to go, in periods that come again. */
interface Span extends Deployment {
  readonly fromS: number;
  readonly toS: number;
}

/** What begins before the period does begins at the end of the one before. */
function spansOf(steps: readonly Step[], startupS: (shape: Shape) => number, periodS: number): Span[] {
  return steps.map(({ shape, replicas, fromS }, index) => {
    const before = steps.at(index - 1)!;
    const grows = before.shape !== shape || replicas > before.replicas;
    const startsS = grows ? onTick(fromS - startupS(shape) - TICK_S) : onTick(fromS);
    const toS = index + 1 < steps.length ? onTick(steps[index + 1].fromS) : periodS;
    return startsS >= 0
      ? { shape, replicas, fromS: startsS, toS }
      : { shape, replicas, fromS: Math.max(toS, onTick(periodS + startsS)), toS: periodS + toS };
  });
}

function replicasAt(spans: readonly Span[], of: Shape, atS: number, periodS: number): number {
  const covers = ({ fromS, toS }: Span, timeS: number): boolean => fromS <= timeS && timeS < toS;
  const there = spans.filter((span) => span.shape === of && (covers(span, atS) || covers(span, atS + periodS)));
  return Math.max(0, ...there.map(({ replicas }) => replicas));
}

function poolOf(shape: Shape, name: string, replicas: number): WorkerConfig {
  const [pool] = poolsOf(shape.config);
  return { ...pool, name, parallelism: { ...pool.parallelism, replicas } };
}

function onTick(seconds: number): number {
  return Math.floor(seconds / TICK_S) * TICK_S;
}
