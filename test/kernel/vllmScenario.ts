import { RandomStream } from '../../src/base/random.ts';
import type { PoolSpec, Scenario } from '../../src/cluster/scenario.ts';
import type { VllmConfig } from '../../src/engine/vllm/vllmConfig.ts';
import { harshScenario } from '../mutations/harshScenario.ts';
import { randomScenario } from './randomScenario.ts';

/** Random and harsh scenarios in turn, whose pools run vLLM with options drawn at random. */
export function vllmScenario(seed: number, core: 'fast' | 'plain'): Scenario {
  const base = seed % 2 === 0 ? randomScenario(seed, core) : harshScenario(seed, core);
  const random = new RandomStream(seed, 'vllm');
  return { ...base, pools: base.pools.map((pool) => withOptions(pool, random)) };
}

function withOptions(pool: PoolSpec, random: RandomStream): PoolSpec {
  if (pool.engine.backend !== 'vllm') return pool;
  const one = (of: number): boolean => random.integer(0, of - 1) === 0;
  const { engine } = pool;
  const options: VllmConfig = {
    ...engine,
    asyncScheduling: !one(3),
  };
  return { ...pool, engine: options };
}
