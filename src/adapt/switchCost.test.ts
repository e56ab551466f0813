import { expect, test } from 'vitest';
import type { Report } from '../metrics/report.ts';
import type { Shape } from './shapes.ts';
import { switchCost, usdOf } from './switchCost.ts';

/** One cent a second and replica. */
const USD_PER_HOUR = 36;

function shapeOf(replica: string, roles: readonly Shape['pools'][number]['role'][]): Shape {
  const workers = Object.fromEntries(roles.map((role) => [role, [{ name: role, kv_cache: { block_size: 16 } }]]));
  return {
    name: replica,
    replica,
    config: { engine: { workers } } as unknown as Shape['config'],
    pools: roles.map((role) => ({ role, gpus: 2, usdPerHour: USD_PER_HOUR })),
  };
}

/**
 * 1,000 requests of 1,000 prompt tokens, 400 of them found in a cache: the 600 that are computed take 0.3 s, half a
 * millisecond each. Of a hundred requests the slowest takes 20 s, its first token 4 s.
 */
function reportOf(blocks: number): Report {
  return {
    tokens: { input: 1_000_000, input_reused: 400_000, output: 0 },
    requests: { completed: 1000 },
    attribution: { ttft: { mean: { prefill: 300 } } },
    engine: { kv_blocks: { aggregated: blocks, prefill: blocks, decode: blocks } },
    latency: { e2e_ms: { p99: 20_000 }, ttft_ms: { p99: 4000 } },
  } as unknown as Report;
}

const ONE = shapeOf('TP2', ['aggregated']);
const cost = (from: [Shape, number[]], to: [Shape, number[]], blocks = 1000) => {
  const deployment = ([shape, replicas]: [Shape, number[]]) => ({ shape, replicas });
  const startupS = to[1].map(() => 100);
  return switchCost(deployment(from), deployment(to), startupS, 15, reportOf(blocks), reportOf(blocks));
};
const close = (usd: Record<string, number>) =>
  Object.fromEntries(Object.entries(usd).map(([cause, each]) => [cause, expect.closeTo(each, 10)]));

test('two replicas more: they start, serve beside the others before they are due, and find their caches empty', () => {
  // 1,000 blocks hold 16,000 of the 400,000 / 5 tokens that a replica would have found: 8 s of computing for each.
  const two = cost([ONE, [3]], [ONE, [5]]);
  expect(two).toEqual(close({ startup: 2.0, double_running: 0.3, draining: 0, lost_cache: 0.16 }));
  expect(usdOf(two)).toBeCloseTo(2.46, 10);
  // Room for all 80,000: 40 s each.
  expect(cost([ONE, [3]], [ONE, [5]], 10_000).lost_cache).toBeCloseTo(0.8, 10);
});

test('two fewer: they drain as long as the slowest hundredth of requests takes', () => {
  expect(cost([ONE, [5]], [ONE, [3]])).toEqual(close({ startup: 0, double_running: 0, draining: 0.4, lost_cache: 0 }));
});

test('another router sends prompts elsewhere: all five caches may be of no use', () => {
  const rerouted = { ...ONE };
  expect(cost([ONE, [5]], [rerouted, [5]])).toEqual(
    close({ startup: 0, double_running: 0, draining: 0, lost_cache: 0.4 }),
  );
});

test('another shape: all of the new start, all of the old drain; decode workers lose no cache, prefill workers drain with first tokens', () => {
  const split = shapeOf('P + D', ['prefill', 'decode']);
  // Three of four come to the prefill pool: 400,000 / 3 tokens each, of which 16,000 fit.
  expect(cost([ONE, [2]], [split, [3, 1]])).toEqual(
    close({ startup: 4.0, double_running: 0.6, draining: 0.4, lost_cache: 0.24 }),
  );
  expect(cost([split, [3, 1]], [ONE, [2]])).toEqual(
    close({ startup: 2.0, double_running: 0.3, draining: 3 * 0.04 + 0.2, lost_cache: 0.16 }),
  );
});
