import { RandomStream } from '../../src/base/random.ts';
import type { PoolSpec, Scenario } from '../../src/cluster/scenario.ts';
import { SGLANG_POLICIES, type SglangConfig } from '../../src/engine/sglang/sglangConfig.ts';
import { PLAIN_SGLANG } from '../support/engineConfigs.ts';
import { awkwardTimer, randomSurroundings, randomWorkload } from './randomScenario.ts';
import { draftingTimer, randomSpeculation } from './speculating.ts';

/** An SGLang fleet drawn from a seed, with pools small enough to retract and evict. */
export function sglangScenario(seed: number, core: 'fast' | 'plain'): Scenario {
  const random = new RandomStream(seed, 'sglang scenario');
  const coin = (): boolean => random.integer(0, 1) === 0;
  const drawn = randomWorkload(random);
  // Half of the clients ask for more than they get.
  const maxOutputTokens = drawn.outputTokens.map((tokens) => tokens + random.integer(0, 1) * random.integer(0, 200));
  const workload = { ...drawn, maxOutputTokens };
  const longest = workload.inputTokens.reduce(
    (most, tokens, request) => Math.max(most, tokens + workload.outputTokens[request]),
    0,
  );
  const bareTimer = awkwardTimer(random);
  const drawnSpeculation = randomSpeculation(random);
  const speculation = drawnSpeculation && { ...drawnSpeculation, method: coin() ? drawnSpeculation.method : 'eagle' };
  const timer = draftingTimer(bareTimer, speculation);
  const engine = (role: PoolSpec['role']): SglangConfig => {
    const blockTokens = [1, 1, 3, 4, 16][random.integer(0, 4)];
    const spare = random.integer(0, 3) * random.integer(0, 20);
    const drafts = speculation === null ? 0 : 2 * (1 + speculation.draftTokens);
    const prefixCaching = random.integer(0, 4) > 0;
    const staged = random.integer(0, 4) > (role === 'decode' ? 0 : 1);
    const pipelineStages = speculation === null && staged ? random.integer(2, 3) : 1;
    // Where requests are taken back otherwise than elsewhere, many should be.
    const isTight = speculation !== null || pipelineStages > 1;
    const attentionDataRanks = random.integer(0, 3) === 0 ? random.integer(2, 3) : 1;
    return {
      ...PLAIN_SGLANG,
      chunkedPrefillTokens: random.integer(0, 4) === 0 ? null : random.integer(blockTokens, 64),
      maxPrefillTokens: random.integer(4, 128),
      mixedChunk: random.integer(0, 2) > 0 && speculation === null && pipelineStages === 1,
      policy: SGLANG_POLICIES[random.integer(0, SGLANG_POLICIES.length - 1)],
      conservativeness: [0.1, 0.3, 1, 2][random.integer(0, isTight ? 0 : 3)],
      overlap: coin() && pipelineStages === 1,
      pipelineStages,
      attentionDataRanks,
      prefillDelayPasses: attentionDataRanks > 1 ? 2 * random.integer(0, 3) : 0,
      pollingInterval: [1, 1, 3, 10][random.integer(0, 3)],
      ignoreEos: coin(),
      keepsGenerated: coin(),
      adder: coin() ? 'plain' : 'paged',
      reservedDecodeTokens: [1, 6, 20][random.integer(0, 2)],
      maxSequences: random.integer(isTight ? 8 : 1, 12),
      prefixCaching,
      blockTokens,
      speculation,
      blocks: Math.ceil((longest + 12 + drafts) / blockTokens) + (isTight ? 1 : 3 + spare),
      contextLength: random.integer(0, 3) === 0 ? Math.ceil(longest * 0.9) + 8 : longest + 8,
    };
  };
  const pool = (name: string, role: PoolSpec['role']): PoolSpec => {
    const started = engine(role);
    const isTight = speculation !== null || started.pipelineStages > 1;
    const replicas = random.integer(1, isTight ? 1 : 3);
    return { name, role, replicas, gpusPerReplica: 1, timer, engine: started };
  };
  const split = random.integer(0, 2) === 0;
  const pools = split ? [pool('p', 'prefill'), pool('d', 'decode')] : [pool('a', 'aggregated')];
  if (!split && random.integer(0, 3) === 0) pools.push(pool('b', 'aggregated'));
  return {
    workload,
    pools,
    ...randomSurroundings(random, split),
    seed,
    core,
    samples: 0,
  };
}
