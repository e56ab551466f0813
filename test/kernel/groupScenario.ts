import { RandomStream } from '../../src/base/random.ts';
import type { PoolSpec, Scenario } from '../../src/cluster/scenario.ts';
import type { KvGroup } from '../../src/timing/kvGroup.ts';
import { vllmScenario } from './vllmScenario.ts';

/** `vllmScenario` with models that have windowed layers beside full attention, or nothing else, paged in groups. */
export function groupScenario(seed: number, core: 'fast' | 'plain'): Scenario {
  const base = vllmScenario(seed, core);
  const random = new RandomStream(seed, 'groups');
  const { inputTokens, outputTokens } = base.workload;
  const longest = inputTokens.reduce((most, tokens, request) => Math.max(most, tokens + outputTokens[request]), 0);
  return { ...base, pools: base.pools.map((pool) => inGroups(pool, longest, random)) };
}

function inGroups(pool: PoolSpec, longest: number, random: RandomStream): PoolSpec {
  const { engine } = pool;
  if (engine.backend !== 'vllm') return pool;
  const { blockTokens } = engine;
  const full: KvGroup = { kind: 'full', blockTokens, dropsLastHit: false };
  const window: KvGroup = {
    kind: 'window',
    blockTokens,
    window: Math.max(4, random.integer(1, 6) * blockTokens + random.integer(-1, 1)),
    dropsLastHit: false,
  };
  const kvGroups = [[full, window], [full, window, window], [window]][random.integer(0, 2)];
  const retentionTokens = [null, 0, 2 * blockTokens][random.integer(0, 2)];
  return {
    ...pool,
    engine: {
      ...engine,
      kvGroups,
      // No request is too long; half of the time barely.
      blocks: Math.ceil(longest / blockTokens) * kvGroups.length + 1 + random.integer(0, 1) * random.integer(0, 20),
      semantics: {
        ...engine.semantics,
        unhashedFreedFirst: random.integer(0, 1) === 0,
        windowFreedOnProcessed: random.integer(0, 1) === 0,
        windowRetentionTokens: retentionTokens,
      },
    },
  };
}
