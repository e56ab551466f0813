import type { Report } from '../metrics/report.ts';
import type { Shape } from './shapes.ts';

/** A number of replicas of one shape. */
export interface Deployment {
  readonly shape: Shape;
  readonly replicas: number;
}

/** What it costs to go from one deployment to the next, USD, by cause. */
export interface SwitchCost {
  /** Of new replicas until they serve; those they replace serve meanwhile. */
  readonly startup: number;
  /** Of old ones until they have finished what they had. */
  readonly draining: number;
  /** Prompts computed again because the new ones' caches are empty. */
  readonly lost_cache: number;
}

/**
 * An additive estimate. Draining lasts as long as the slowest hundredth of requests; an empty cache costs the prompt tokens
 * that a replica would have found in it over the segment, as far as its memory holds them, at the pace of prefill.
 * @param before, after the two deployments on the segments before and after the switch.
 */
export function switchCost(
  from: Deployment,
  to: Deployment,
  startupS: number,
  before: Report,
  after: Report,
): SwitchCost {
  const same = from.shape === to.shape;
  const fresh = same ? Math.max(0, to.replicas - from.replicas) : to.replicas;
  const gone = same ? Math.max(0, from.replicas - to.replicas) : from.replicas;
  const usdPerS = (shape: Shape): number => shape.usdPerHour / 3600;
  return {
    startup: fresh * startupS * usdPerS(to.shape),
    draining: gone * (before.latency.e2e_ms.p99 / 1000) * usdPerS(from.shape),
    lost_cache: fresh * refillS(to, after) * usdPerS(to.shape),
  };
}

export function usdOf({ startup, draining, lost_cache }: SwitchCost): number {
  return startup + draining + lost_cache;
}

/** Time that one replica spends on prompts it would have had in a warm cache. */
function refillS({ shape, replicas }: Deployment, { tokens, requests, attribution, engine }: Report): number {
  const computed = (tokens.input - tokens.input_reused) / Math.max(1, requests.completed);
  if (computed === 0) return 0;
  const [pool] = shape.config.engine.workers.aggregated!;
  const held = engine.kv_blocks[pool.name] * pool.kv_cache.block_size;
  const lost = Math.min(held, tokens.input_reused / replicas);
  return (lost * (attribution.ttft.mean.prefill / 1000)) / computed;
}
