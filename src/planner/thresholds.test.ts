import { describe, expect, it } from 'vitest';
import { at, facts, pool } from '../../test/support/observations.ts';
import type { ReplicaObservation } from '../cluster/planner.ts';
import { thresholdPolicy } from './thresholds.ts';

type Role = 'prefill' | 'decode' | 'aggregated';

const decide = (target: 'throughput' | 'latency', role: Role, ready: Partial<ReplicaObservation>[], starting = 0) =>
  thresholdPolicy([facts({ role })], target).decide(at(5, [pool(ready, { starting })])).replicas[0];

/** Queued prompt tokens over a context of 1000, KV over room for 1000. */
const queued = (...tokens: number[]) => tokens.map((queuedPrefillTokens) => ({ queuedPrefillTokens }));
const held = (...tokens: number[]) => tokens.map((heldTokens) => ({ heldTokens }));

describe('the thresholds of Dynamo planner', () => {
  it.each([
    ['throughput', 'prefill', queued(1000, 0, 0), 4],
    ['throughput', 'prefill', queued(999, 100, 0), 3],
    ['throughput', 'prefill', queued(99, 99, 0), 2],
    ['throughput', 'prefill', queued(99, 100, 0), 3],
    ['latency', 'prefill', queued(100, 0, 0), 4],
    ['latency', 'prefill', queued(99, 0, 0), 3],
    ['latency', 'prefill', queued(0, 0, 0), 2],
    ['throughput', 'decode', [{ heldTokens: 900, queuedPrefillTokens: 101 }, {}], 3],
    ['throughput', 'decode', [{ heldTokens: 900, queuedPrefillTokens: 100 }, {}], 2],
    ['throughput', 'decode', held(599, 599), 1],
    ['throughput', 'decode', held(600, 599), 2],
    ['latency', 'aggregated', held(401, 0), 3],
    ['latency', 'aggregated', held(400, 0), 2],
    ['latency', 'aggregated', held(99, 99), 1],
    ['latency', 'aggregated', [{ heldTokens: 50, queuedPrefillTokens: 50 }, {}], 2],
  ] as const)('%s, %s: %j makes it %d', (target, role, ready, replicas) => {
    expect(decide(target, role, [...ready])).toBe(replicas);
  });

  it('wait for replicas that start', () => {
    expect(decide('throughput', 'prefill', queued(5000), 1)).toBe(2);
  });

  it('scale the pools of a split deployment apart, each with its reason', () => {
    const policy = thresholdPolicy(
      [facts({ name: 'p', role: 'prefill' }), facts({ name: 'd', role: 'decode' })],
      'throughput',
    );
    const decision = policy.decide(at(5, [pool(queued(2000)), pool(held(300, 300))]));
    expect(decision).toEqual({
      replicas: [2, 1],
      reason: 'p: queued prompt tokens 200 % on the fullest replica; d: KV needed 30 % at most',
    });
  });
});
