import { RandomStream } from '../../src/base/random.ts';
import type { PoolSpec, Scenario } from '../../src/cluster/scenario.ts';
import { TIERS, type TiersSpec } from '../../src/kv/kvTiers.ts';

/** The scenario with tiers drawn at random under every pool that can have them; shared ones are the same for all. */
export function withTiers(scenario: Scenario, seed: number): Scenario {
  const random = new RandomStream(seed, 'tiers');
  const shared = random.integer(1, 200);
  return {
    ...scenario,
    pools: scenario.pools.map((pool): PoolSpec => {
      if (!pool.engine.prefixCaching) return pool;
      const { backend, blockTokens } = pool.engine;
      // SGLang's pages may be single tokens.
      const scale = backend === 'sglang' ? Math.ceil(32 / blockTokens) : 1;
      return { ...pool, engine: { ...pool.engine, tiers: tiersOf(random, shared, scale) } };
    }),
  };
}

function tiersOf(random: RandomStream, sharedPages: number, scale: number): TiersSpec {
  const one = (of: number): boolean => random.integer(0, of - 1) === 0;
  const names = TIERS.filter(() => !one(2));
  const levels = (names.length === 0 ? (['host'] as const) : names).map((name) => ({
    name,
    pages: scale * (name === 'shared' ? sharedPages : one(8) ? 0 : random.integer(1, 120)),
    write: one(2) ? ('through' as const) : ('on_eviction' as const),
    pageNs: name === 'shared' ? 1000 : one(4) ? 0 : Math.ceil(random.integer(1, 200_000) / scale),
    latencyNs: one(2) ? 0 : random.integer(1, 2_000_000),
  }));
  return { levels, onboarding: one(3) ? 'blocking' : 'overlap', pageBytes: 1000 };
}
