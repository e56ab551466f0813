import { RandomStream } from '../../src/base/random.ts';
import type { PoolSpec, Scenario } from '../../src/cluster/scenario.ts';
import type { KvGroup } from '../../src/timing/kvGroup.ts';
import { vllmScenario } from './vllmScenario.ts';

/** `vllmScenario` with models that have windowed layers beside full attention, or nothing else, or recurrent states. */
export function groupScenario(seed: number, core: 'fast' | 'plain'): Scenario {
  const base = vllmScenario(seed, core);
  const random = new RandomStream(seed, 'groups');
  const { inputTokens, outputTokens } = base.workload;
  const longest = inputTokens.reduce((most, tokens, request) => Math.max(most, tokens + outputTokens[request]), 0);
  // Prefill and decode workers set states aside.
  const states = base.transfer === null;
  return { ...base, pools: base.pools.map((pool) => inGroups(pool, longest, states, random)) };
}

function inGroups(pool: PoolSpec, longest: number, states: boolean, random: RandomStream): PoolSpec {
  const { engine } = pool;
  if (engine.backend !== 'vllm') return pool;
  const { blockTokens, speculation } = engine;
  const full: KvGroup = { kind: 'full', blockTokens, dropsLastHit: false };
  const dropsLastHit = speculation?.method === 'eagle';
  const state: KvGroup = {
    kind: 'state',
    blockTokens: engine.prefixCaching ? blockTokens : engine.contextLength,
    aligned: engine.prefixCaching,
    draftBlocks: speculation?.draftTokens ?? 0,
    dropsLastHit,
  };
  const beside: KvGroup = { ...full, dropsLastHit };
  const window: KvGroup = {
    kind: 'window',
    blockTokens,
    window: Math.max(4, random.integer(1, 6) * blockTokens + random.integer(-1, 1)),
    dropsLastHit: false,
  };
  const shapes: (readonly KvGroup[])[] = [
    [full, window],
    [full, window, window],
    [window],
    [beside, state],
    [beside, state, state],
  ];
  const kvGroups = shapes[random.integer(0, states ? 4 : 2)];
  const hasStates = kvGroups.includes(state);
  // vLLM does not start otherwise, and with a drafter's slot it would never go on.
  const atLeastABlock = (tokens: number): number => (hasStates ? Math.max(tokens, blockTokens + 1) : tokens);
  const retentionTokens = [null, 0, 2 * blockTokens][random.integer(0, 2)];
  return {
    ...pool,
    engine: {
      ...engine,
      kvGroups,
      maxBatchedTokens: atLeastABlock(engine.maxBatchedTokens),
      longPrefillTokens: engine.longPrefillTokens === 0 ? 0 : atLeastABlock(engine.longPrefillTokens),
      // No request is too long; half of the time barely.
      blocks:
        Math.ceil(longest / blockTokens) * kvGroups.length +
        (hasStates ? 2 * (2 + state.draftBlocks) : 0) +
        1 +
        random.integer(0, 1) * random.integer(0, 20),
      semantics: {
        ...engine.semantics,
        unhashedFreedFirst: random.integer(0, 1) === 0,
        windowFreedOnProcessed: random.integer(0, 1) === 0,
        windowRetentionTokens: retentionTokens,
      },
    },
  };
}
