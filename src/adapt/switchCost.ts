import type { Report } from '../metrics/report.ts';
import type { Deployment } from './deployment.ts';
import type { Shape } from './shapes.ts';

/** What it costs to go from one deployment to the next, USD, by cause. */
export interface SwitchCost {
  /** Of new replicas until they serve; those they replace serve meanwhile. */
  readonly startup: number;
  /** Of new ones that serve while the old still do. */
  readonly double_running: number;
  /** Of old ones until they have finished what they had. */
  readonly draining: number;
  /** Prompts computed again because caches are empty, or because another router sends them elsewhere. */
  readonly lost_cache: number;
}

/**
 * An additive estimate. Draining lasts as long as the slowest hundredth of requests (of a prefill pool: of first tokens); an
 * empty cache costs the prompt tokens that a replica would have found in it over the segment, as far as its memory holds
 * them, at the pace of prefill; another router loses at most what all caches hold.
 * @param startupS by pool of `to`
 * @param marginS that new replicas are ready before they are due
 * @param before, after the two deployments on the segments before and after the switch.
 */
export function switchCost(
  from: Deployment,
  to: Deployment,
  startupS: readonly number[],
  marginS: number,
  before: Report,
  after: Report,
): SwitchCost {
  const staysUp = from.shape.replica === to.shape.replica;
  const sum = (shape: Shape, secondsOf: (pool: number) => number): number =>
    shape.pools.reduce((total, { usdPerHour }, pool) => total + (secondsOf(pool) * usdPerHour) / 3600, 0);
  const fresh = (pool: number): number => Math.max(0, to.replicas[pool] - (staysUp ? from.replicas[pool] : 0));
  const gone = (pool: number): number => Math.max(0, from.replicas[pool] - (staysUp ? to.replicas[pool] : 0));
  const isRerouted = staysUp && from.shape !== to.shape;
  const { e2e_ms, ttft_ms } = before.latency;
  return {
    startup: sum(to.shape, (pool) => fresh(pool) * startupS[pool]),
    double_running: sum(to.shape, (pool) => fresh(pool) * marginS),
    draining: sum(
      from.shape,
      (pool) => (gone(pool) * (from.shape.pools[pool].role === 'prefill' ? ttft_ms : e2e_ms).p99) / 1000,
    ),
    lost_cache: sum(to.shape, (pool) => {
      if (to.shape.pools[pool].role === 'decode') return 0;
      return (isRerouted ? to.replicas[pool] : fresh(pool)) * refillS(to, pool, after);
    }),
  };
}

export function usdOf({ startup, double_running, draining, lost_cache }: SwitchCost): number {
  return startup + double_running + draining + lost_cache;
}

/** Time that one replica spends on prompts it would have had in a warm cache. */
function refillS({ shape, replicas }: Deployment, pool: number, { tokens, requests, attribution, engine }: Report) {
  const computed = (tokens.input - tokens.input_reused) / Math.max(1, requests.completed);
  if (computed === 0) return 0;
  const { role } = shape.pools[pool];
  const [worker] = shape.config.engine.workers[role]!;
  const held = engine.kv_blocks[worker.name] * worker.kv_cache.block_size;
  const lost = Math.min(held, tokens.input_reused / replicas[pool]);
  return (lost * (attribution.ttft.mean.prefill / 1000)) / computed;
}
