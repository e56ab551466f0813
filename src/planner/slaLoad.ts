import type { PoolObservation, ReplicaObservation } from '../cluster/planner.ts';
import type { EngineModel, Lengths } from './engineModel.ts';
import { type PoolDecision, stayingIn } from './perPool.ts';
import type { PoolFacts } from './poolFacts.ts';

/** Bounds in ns, and how much of them a smaller fleet may use. */
export interface LoadBounds {
  readonly ttftNs: number;
  readonly itlNs: number;
  /** 0..1. */
  readonly sensitivity: number;
}

type Direction = 'up' | 'down' | 'stay';

/**
 * Reactive scaling of Dynamo's planner (`components/src/dynamo/planner/core/load_scaling.py`, commit 0c6da1e): one replica more when every replica's estimate is beyond the SLA, one fewer when the
 * rest could take over its share. Aggregated replicas have two estimates: either may ask for more, both must agree to less.
 */
export function decideByLoad(
  pool: PoolFacts,
  seen: PoolObservation,
  model: EngineModel,
  lengths: Lengths,
  bounds: LoadBounds,
): PoolDecision {
  const staying = stayingIn(seen);
  if (seen.starting > 0 || seen.ready.length === 0) return { replicas: staying, reason: 'replicas are starting' };
  if (!model.isReady) return { replicas: staying, reason: 'passes seen say too little' };
  const directions: Direction[] = [];
  const words: string[] = [];
  if (pool.role !== 'decode') {
    const ns = seen.ready.map((replica) => model.ttftNs(replica.queuedPrefillTokens, kvOf(pool, replica), lengths));
    directions.push(directionOf(ns, bounds.ttftNs, () => prefillFits(pool, seen.ready, model, lengths, bounds)));
    words.push(`TTFT ${range(ns)}`);
  }
  if (pool.role !== 'prefill') {
    const ns = seen.ready.map((replica) => model.itlNs(decodedKvOf(pool, replica)));
    directions.push(directionOf(ns, bounds.itlNs, () => decodeFits(seen.ready, model, bounds)));
    words.push(`ITL ${range(ns)}`);
  }
  const change = directions.includes('up') ? 1 : directions.every((each) => each === 'down') ? -1 : 0;
  return { replicas: staying + change, reason: `expects ${words.join(', ')}` };
}

function directionOf(ns: readonly number[], boundNs: number, fitsFewer: () => boolean): Direction {
  if (ns.every((each) => each > boundNs)) return 'up';
  return ns.length > 1 && fitsFewer() ? 'down' : 'stay';
}

/** KV that decodes attend to beside a prompt's passes. */
function kvOf({ role }: PoolFacts, { heldTokens }: ReplicaObservation): number {
  return role === 'aggregated' ? heldTokens : 0;
}

/** KV that decodes attend to, or will: what waits for a decode worker comes with its own, a prompt that waits has none yet. */
function decodedKvOf({ role }: PoolFacts, { heldTokens, queuedPrefillTokens }: ReplicaObservation): number {
  return role === 'aggregated' ? heldTokens : heldTokens + queuedPrefillTokens;
}

/** The wait behind a queue that has one replica less to share it leaves room for a prompt of its own. */
function prefillFits(
  pool: PoolFacts,
  ready: readonly ReplicaObservation[],
  model: EngineModel,
  lengths: Lengths,
  { ttftNs, sensitivity }: LoadBounds,
): boolean {
  const share = ready.length / (ready.length - 1);
  return ready.every((replica) => {
    const kv = Math.floor(kvOf(pool, replica) * share);
    const ownNs = model.ttftNs(0, kv, lengths);
    const queueNs = model.ttftNs(Math.floor(replica.queuedPrefillTokens * share), kv, lengths) - ownNs;
    return queueNs < (ttftNs - ownNs) * sensitivity;
  });
}

/** All that a replica holds and will hold, with one replica less to share it, fits and is decoded fast enough. */
function decodeFits(
  ready: readonly ReplicaObservation[],
  model: EngineModel,
  { itlNs, sensitivity }: LoadBounds,
): boolean {
  const share = ready.length / (ready.length - 1);
  return ready.every(({ heldTokens, queuedPrefillTokens, capacityTokens }) => {
    const kv = Math.floor((heldTokens + queuedPrefillTokens) * share);
    return kv < capacityTokens && model.itlNs(kv) < itlNs * sensitivity;
  });
}

function range(ns: readonly number[]): string {
  const [least, most] = [Math.min(...ns), Math.max(...ns)].map((each) => Math.round(each / 1e6));
  return least === most ? `${least} ms` : `${least} to ${most} ms`;
}
