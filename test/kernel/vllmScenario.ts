import { RandomStream } from '../../src/base/random.ts';
import type { PoolSpec, Scenario } from '../../src/cluster/scenario.ts';
import type { VllmConfig } from '../../src/engine/vllm/vllmConfig.ts';
import { harshScenario } from '../mutations/harshScenario.ts';
import { randomScenario } from './randomScenario.ts';
import { draftingTimer, randomSpeculation } from './speculating.ts';

/** Random and harsh scenarios in turn, whose pools run vLLM with options drawn at random. */
export function vllmScenario(seed: number, core: 'fast' | 'plain'): Scenario {
  const base = seed % 2 === 0 ? randomScenario(seed, core) : harshScenario(seed, core);
  const random = new RandomStream(seed, 'vllm');
  const { count } = base.workload;
  // Who comes late is more urgent in half of them: then it is those already served who make room.
  const isRising = random.integer(0, 1) === 0;
  const priorities = Int32Array.from({ length: count }, (_, request) => {
    const drawn = random.integer(0, 2);
    return isRising ? count - request : drawn;
  });
  const stopsEarly = random.integer(0, 1) === 0;
  const maxOutputTokens = base.workload.maxOutputTokens.map((tokens) =>
    stopsEarly ? tokens + random.integer(0, 2) * random.integer(0, 3) : tokens,
  );
  return {
    ...base,
    workload: { ...base.workload, priorities, maxOutputTokens },
    pools: base.pools.map((pool) => withOptions(pool, random)),
  };
}

function withOptions(given: PoolSpec, random: RandomStream): PoolSpec {
  if (given.engine.backend !== 'vllm') return given;
  const speculation = randomSpeculation(random);
  const one = (of: number): boolean => random.integer(0, of - 1) === 0;
  const { engine } = given;
  const chunkedPrefill = engine.chunkedPrefill && !one(4);
  const options: VllmConfig = {
    ...engine,
    asyncScheduling: !one(3),
    chunkedPrefill,
    // Prompts in one piece must fit a pass.
    maxBatchedTokens: chunkedPrefill
      ? engine.maxBatchedTokens
      : Math.max(engine.maxBatchedTokens, engine.contextLength),
    policy: one(3) ? 'priority' : 'fcfs',
    longPrefillTokens: one(3) ? random.integer(1, engine.maxBatchedTokens) : 0,
    speculation,
    watermark: one(4) ? random.uniform() * 0.2 : 0,
    semantics: {
      ...engine.semantics,
      fullIslGate: !one(3),
      unhashedFreedFirst: !one(3),
      oversizedStopsAdmission: !one(2),
      refundsVictim: !one(3),
      countsDraftSlots: engine.maxSequences % 2 === 0,
      padsFirstSpeculativeDecode: !one(3),
    },
    pipelineStages: one(4) ? random.integer(2, 4) : 1,
    attentionDataRanks: one(3) ? random.integer(2, 3) : 1,
    prefillInterval: one(2) ? random.integer(2, 6) : 1,
  };
  return { ...given, timer: draftingTimer(given.timer, speculation), engine: options };
}
