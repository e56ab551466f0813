import { describe, expect, it } from 'vitest';
import { at, facts, pool } from '../../test/support/observations.ts';
import { createPolicy } from './createPolicy.ts';

const ENTRIES = [
  { atS: 100, replicas: [4] },
  { atS: 300, replicas: [2] },
];
const replicasAt = (periodS: number | null, ...times: number[]) => {
  const policy = createPolicy({ kind: 'schedule', entries: ENTRIES, periodS }, [facts({ replicas: 3 })]);
  return times.map((nowS) => policy.decide(at(nowS, [pool([{}])])).replicas[0]);
};

describe('a schedule', () => {
  it('holds from each moment to the next, and the beginning before the first', () => {
    expect(replicasAt(null, 50, 100, 299, 300, 5000)).toEqual([3, 4, 4, 2, 2]);
  });

  it('comes again each period, the last entry reaching into the next', () => {
    expect(replicasAt(1000, 50, 1050, 1100, 1299, 2300)).toEqual([3, 2, 4, 4, 2]);
  });
});

describe('a static policy', () => {
  it('keeps what there was at the beginning, whatever it sees', () => {
    const policy = createPolicy({ kind: 'static' }, [facts({ replicas: 3 })]);
    expect(policy.decide(at(5, [pool([{ waiting: 1000 }], { starting: 9 })])).replicas).toEqual([3]);
  });
});
