import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { live, REQUESTS, type Seen, SHAPES } from '../../test/kv/managerPair.ts';

const worldOf = fc.record({
  idTokens: fc.constantFrom(1, 3, 8, 16),
  page: fc.constantFrom(1, 2, 4, 5),
  shape: fc.nat(SHAPES - 1),
  window: fc.constantFrom(2, 5, 9, 16),
  drops: fc.boolean(),
  blocks: fc.integer({ min: 12, max: 60 }),
  prefixCaching: fc.integer({ min: 0, max: 9 }).map((draw) => draw > 0),
  unhashedFreedFirst: fc.boolean(),
  retention: fc.constantFrom(null, 0, 1, 2),
});

const stepOf = fc.record({
  request: fc.nat(REQUESTS - 1),
  act: fc.nat(19),
  tokens: fc.integer({ min: 1, max: 24 }),
  option: fc.nat(63),
});

describe('RunManager and BlockManager', () => {
  it('agree on every hit, refusal, free page and eviction of long random lives', () => {
    const shares: Seen = {};
    let runs = 0;
    fc.assert(
      fc.property(worldOf, fc.array(stepOf, { minLength: 30, maxLength: 80 }), (world, steps) => {
        runs += 1;
        for (const what of Object.keys(live(world, steps))) shares[what] = (shares[what] ?? 0) + 1;
      }),
      { numRuns: Number(process.env.DYNOSIM_RUNS ?? 250) },
    );
    for (const [what, count] of Object.entries(shares)) {
      console.log(`${what}: ${((100 * count) / runs).toFixed(1)} % of runs`);
      expect(count / runs, what).toBeGreaterThanOrEqual(0.1);
    }
  });
});
