import { RandomStream } from '../../src/base/random.ts';
import type { PoolSpec, Scenario } from '../../src/cluster/scenario.ts';
import { CAPACITY_POLICIES, CHUNKING_POLICIES, type TrtllmConfig } from '../../src/engine/trtllm/trtllmConfig.ts';
import { PLAIN_TRTLLM } from '../support/engineConfigs.ts';
import { awkwardTimer, randomSurroundings, randomWorkload } from './randomScenario.ts';
import { draftingTimer, randomSpeculation } from './speculating.ts';

/** A TensorRT-LLM fleet drawn from a seed, with pools small enough to pause and evict. */
export function trtllmScenario(seed: number, core: 'fast' | 'plain'): Scenario {
  const random = new RandomStream(seed, 'trtllm scenario');
  const coin = (): boolean => random.integer(0, 1) === 0;
  const drawn = randomWorkload(random);
  // Half of the clients ask for more than they get.
  const asksForMore = coin();
  const workload = {
    ...drawn,
    maxOutputTokens: drawn.outputTokens.map((tokens) => tokens + (asksForMore ? random.integer(0, 2) * tokens : 0)),
  };
  const longest = workload.inputTokens.reduce(
    (most, tokens, request) => Math.max(most, tokens + workload.outputTokens[request]),
    0,
  );
  const timer = awkwardTimer(random);
  const groups = new RandomStream(seed, 'trtllm ranks');
  const drafts = new RandomStream(seed, 'trtllm drafts');
  const split = random.integer(0, 2) === 0;
  const engine = (): TrtllmConfig => {
    const blockTokens = [1, 3, 4, 16][random.integer(0, 3)];
    const chunkedPrefill = coin();
    const maxBatchedTokens = chunkedPrefill ? random.integer(blockTokens + 4, 80) : longest + random.integer(0, 40);
    const capacityPolicy = CAPACITY_POLICIES[[0, 1, 1, 1, 2][random.integer(0, 4)]];
    // Pauses are rare.
    const mostSpare = capacityPolicy === 'MAX_UTILIZATION' ? 3 : 12;
    const waits = random.integer(0, 2) === 0;
    const attentionDataRanks = [1, 1, 1, 2, 3][groups.integer(0, 4)];
    const balances = groups.integer(0, 2) > 0;
    const limits = { timeoutIterations: groups.integer(0, 25), batchingWaitIterations: groups.integer(0, 4) };
    const speculation = randomSpeculation(drafts);
    const roomiest = Math.min(
      12,
      maxBatchedTokens - blockTokens,
      Math.floor(maxBatchedTokens / (1 + (speculation?.draftTokens ?? 0))),
    );
    const mostSequences = Math.max(1, roomiest);
    return {
      ...PLAIN_TRTLLM,
      maxBatchedTokens,
      capacityPolicy,
      chunkedPrefill,
      chunkingPolicy: CHUNKING_POLICIES[random.integer(0, 1)],
      overlap: coin(),
      batchWaitIterations: waits ? random.integer(1, 12) : 0,
      batchWaitTokensRatio: waits ? 0.1 + random.uniform() : 0,
      maxSequences: random.integer(Math.min(2, mostSequences), mostSequences),
      speculation,
      prefixCaching: random.integer(0, 3) > 0,
      blockTokens,
      blocks: Math.ceil(longest / blockTokens) + random.integer(0, 2) * random.integer(0, mostSpare),
      attentionDataRanks,
      pipelineStages: [1, 1, 2, 3][groups.integer(0, 3)],
      balance: balances && attentionDataRanks > 1 ? limits : null,
      contextLength: random.integer(0, 3) === 0 ? Math.ceil(longest * 0.9) : longest,
    };
  };
  const pool = (name: string, role: PoolSpec['role']): PoolSpec => {
    const replicas = random.integer(1, 3);
    const config = engine();
    return { name, role, replicas, gpusPerReplica: 1, timer: draftingTimer(timer, config.speculation), engine: config };
  };
  const pools = split ? [pool('p', 'prefill'), pool('d', 'decode')] : [pool('a', 'aggregated')];
  return {
    workload,
    pools,
    ...randomSurroundings(random, split),
    seed,
    core,
    samples: 0,
  };
}
