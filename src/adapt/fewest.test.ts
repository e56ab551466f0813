import { expect, test } from 'vitest';
import { RandomStream } from '../base/random.ts';
import { fewestReplicas } from './fewest.ts';

/** Enough of one pool, and both together enough: a staircase of combinations that do. */
test('the fewest replicas of one pool or two do, and with one less of any they do not', () => {
  for (let seed = 1; seed <= 500; seed++) {
    const random = new RandomStream(seed, 'fewest');
    const pools = random.integer(1, 2);
    const needs = Array.from({ length: pools }, () => random.integer(1, 20));
    const together = needs.reduce((sum, need) => sum + need, 0) + random.integer(0, 5);
    const most = random.integer(10, 60);
    const meets = (n: readonly number[]): boolean =>
      n.every((count, pool) => count >= needs[pool]) && n.reduce((sum, count) => sum + count, 0) >= together;
    const guess = needs.map(() => random.integer(1, 12));
    const found = fewestReplicas(
      guess,
      meets,
      (n) => n.every((count) => count <= most),
      (n) => n.reduce((sum, count, pool) => sum + count * (pool + 1), 0),
    );
    const can = needs.every((need) => need <= most) && meets(needs.map(() => most));
    expect(found !== null, `seed ${seed}`).toBe(can);
    if (found === null) continue;
    expect(meets(found), `seed ${seed}`).toBe(true);
    for (const pool of found.keys()) {
      const fewer = found.map((count, other) => (other === pool ? count - 1 : count));
      expect(fewer[pool] < 1 || !meets(fewer), `seed ${seed}`).toBe(true);
    }
    if (pools === 1) expect(found[0]).toBe(Math.max(needs[0], together));
  }
});
