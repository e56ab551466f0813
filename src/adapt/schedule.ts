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
 * due, what is old goes when the new is there.
 * @param startupS of one replica of a shape
 * @param periodS after which it comes again
 */
export function scheduledConfig(
  steps: readonly Step[],
  startupS: (shape: Shape) => number,
  periodS: number,
): PredictConfig {
  const shapes = [...new Set(steps.map(({ shape }) => shape))];
  const names = new Map(shapes.map((shape, index) => [shape, `shape-${index + 1}`]));
  const [base] = shapes;
  const events: { atS: number; pool: string; replicas: number }[] = [];
  for (const [index, { fromS, shape, replicas }] of steps.entries()) {
    if (index === 0) continue;
    const before = steps[index - 1];
    const earlyS = Math.max(0, onTick(fromS - startupS(shape) - TICK_S));
    const grows = before.shape !== shape || replicas > before.replicas;
    events.push({ atS: grows ? earlyS : onTick(fromS), pool: names.get(shape)!, replicas });
    if (before.shape !== shape) events.push({ atS: onTick(fromS), pool: names.get(before.shape)!, replicas: 0 });
  }
  const [first] = steps;
  const initial = Object.fromEntries(
    shapes.map((shape) => [names.get(shape)!, shape === first.shape ? first.replicas : 0]),
  );
  const most = shapes.map((shape) =>
    Math.max(...steps.filter((step) => step.shape === shape).map(({ replicas }) => replicas)),
  );
  return {
    ...base.config,
    engine: {
      ...base.config.engine,
      workers: { aggregated: shapes.map((shape, index) => poolOf(shape, names.get(shape)!, most[index])) },
    },
    planner: {
      policy: 'schedule',
      interval_seconds: TICK_S,
      max_gpus: 2 * shapes.reduce((sum, shape, index) => sum + shape.gpus * most[index], 0),
      min_replicas: Object.fromEntries(shapes.map((shape) => [names.get(shape)!, shapes.length === 1 ? 1 : 0])),
      initial_replicas: initial,
      period_seconds: periodS,
      entries: entriesOf(events, initial),
    },
  };
}

function poolOf(shape: Shape, name: string, replicas: number): WorkerConfig {
  const [pool] = poolsOf(shape.config);
  return { ...pool, name, parallelism: { ...pool.parallelism, replicas } };
}

/** Every entry names all pools. At 0 the beginning comes again. */
function entriesOf(
  events: readonly { atS: number; pool: string; replicas: number }[],
  initial: Readonly<Record<string, number>>,
): { at_seconds: number; replicas: Record<string, number> }[] {
  let now: Record<string, number> = { ...initial };
  const entries = [{ at_seconds: 0, replicas: now }];
  for (const { atS, pool, replicas } of [...events].sort((a, b) => a.atS - b.atS)) {
    now = { ...now, [pool]: replicas };
    const last = entries[entries.length - 1];
    if (last.at_seconds === atS) last.replicas = now;
    else entries.push({ at_seconds: atS, replicas: now });
  }
  return entries;
}

function onTick(seconds: number): number {
  return Math.floor(seconds / TICK_S) * TICK_S;
}
