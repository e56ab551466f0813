import { describe, expect, it } from 'vitest';
import { at, facts, pool } from '../../test/support/observations.ts';
import { hpaPolicy } from './hpa.ts';
import type { HpaSpec } from './policySpec.ts';

const FREE = { stabilizationS: 0, rates: [], select: 'max' } as const;

/** Ten requests a replica, no windows, no rates. */
function hpa(changes: Partial<HpaSpec> = {}) {
  const spec: HpaSpec = {
    kind: 'hpa',
    targets: [{ metric: 'requests', value: 10 }],
    tolerance: 0.1,
    up: FREE,
    down: FREE,
    ...changes,
  };
  return hpaPolicy([facts()], spec);
}

const busy = (...running: number[]) => pool(running.map((each) => ({ running: each })));
const many = (replicas: number, running: number) => busy(...new Array<number>(replicas).fill(running));

describe('the horizontal pod autoscaler', () => {
  it.each([
    [busy(20, 20), 4],
    [busy(15, 10), 3],
    [busy(5, 4), 1],
    // Within a tenth of the target: 11 and 9 on average.
    [busy(11, 11), 2],
    [busy(9, 9), 2],
    [busy(11.1, 11.1), 3],
    [busy(8.9, 8.9), 2],
    [busy(0), 0],
  ])('asks for ceil(replicas x mean / target), unless that is near 1: %#', (seen, replicas) => {
    expect(hpa().decide(at(15, [seen])).replicas[0]).toBe(replicas);
  });

  it('counts replicas that start as idle when it would scale up, and does not count them when down', () => {
    const starting = { starting: 2 };
    // 60 requests over 2 ready: 30 each; over 4: 15 each, so 6.
    expect(hpa().decide(at(15, [{ ...busy(30, 30), ...starting }])).replicas[0]).toBe(6);
    // 2 x 15 over 4 is below the target: it stays at the 4 there are.
    expect(hpa().decide(at(15, [{ ...busy(15, 15), ...starting }])).replicas[0]).toBe(4);
    expect(hpa().decide(at(15, [{ ...busy(4, 4), ...starting }])).replicas[0]).toBe(1);
  });

  it('takes the largest of several answers', () => {
    const targets = [
      { metric: 'requests', value: 10 },
      { metric: 'kv_usage', value: 0.5 },
    ] as const;
    const seen = pool([{ running: 12, heldTokens: 950 }]);
    expect(hpa({ targets }).decide(at(15, [seen]))).toEqual({ replicas: [2], reason: 'requests 12 of 10 asks for 2' });
    expect(
      hpa({ targets: [...targets].reverse() }).decide(at(15, [pool([{ running: 1, heldTokens: 950 }])])).replicas,
    ).toEqual([2]);
  });

  it('scales down to the most it recommended in the window, up to the least', () => {
    const policy = hpa({ down: { ...FREE, stabilizationS: 300 }, up: { ...FREE, stabilizationS: 30 } });
    const at15 = (tick: number, seen: ReturnType<typeof busy>) => policy.decide(at(15 * tick, [seen])).replicas[0];
    expect(at15(1, many(4, 10))).toBe(4);
    // 8 is asked for at 30 s and 45 s, but 4 was at 15 s; from 46 s on it is out of the window of 30 s.
    expect(at15(2, many(4, 20))).toBe(4);
    expect(at15(3, many(4, 20))).toBe(8);
    // At 60 s two would do; 8 was recommended until 45 s, so it holds until 345 s.
    for (let tick = 4; tick <= 22; tick++) expect(at15(tick, many(8, 2.5))).toBe(8);
    expect(at15(23, many(8, 2.5))).toBe(2);
  });

  it('paces itself: four pods or a doubling in 15 s, whichever is more', () => {
    const rates = [
      { type: 'pods', value: 4, periodS: 15 },
      { type: 'percent', value: 100, periodS: 15 },
    ] as const;
    const policy = hpa({ up: { ...FREE, rates } });
    expect(policy.decide(at(15, [many(2, 100)])).replicas[0]).toBe(6);
    // 5 s later the period still holds the 4 that were added: from 2, six at most.
    expect(policy.decide(at(20, [many(6, 100)])).replicas[0]).toBe(6);
    expect(policy.decide(at(30, [many(6, 100)])).replicas[0]).toBe(12);
    const slow = hpa({ up: { ...FREE, rates, select: 'min' } });
    expect(slow.decide(at(15, [many(2, 100)])).replicas[0]).toBe(4);
    const never = hpa({ up: { ...FREE, rates, select: 'disabled' } });
    expect(never.decide(at(15, [many(2, 100)])).replicas[0]).toBe(2);
  });

  it('goes down by a tenth a minute where that is the rate', () => {
    const policy = hpa({ down: { ...FREE, rates: [{ type: 'percent', value: 10, periodS: 60 }] } });
    expect(policy.decide(at(15, [many(20, 0)])).replicas[0]).toBe(18);
    expect(policy.decide(at(30, [many(18, 0)])).replicas[0]).toBe(18);
    expect(policy.decide(at(75, [many(18, 0)])).replicas[0]).toBe(16);
    expect(policy.decide(at(76, [many(16, 0)])).reason).toBe('requests 0 of 10 asks for 0, paced to 16');
  });
});
