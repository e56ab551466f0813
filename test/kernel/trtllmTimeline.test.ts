import { describe, it } from 'vitest';
import type { Scenario } from '../../src/cluster/scenario.ts';
import type { SimulationResult } from '../../src/cluster/simulationResult.ts';
import type { TrtllmConfig } from '../../src/engine/trtllm/trtllmConfig.ts';
import { expectAgreement, type Features } from '../support/coreAgreement.ts';
import { trtllmScenario } from './trtllmScenario.ts';

const RUNS = Number(process.env.DYNOSIM_RUNS ?? 250);

describe('the fast and the plain TensorRT-LLM core', () => {
  it(`agree on every timestamp of ${RUNS} random scenarios that show what they must`, () => {
    expectAgreement(RUNS, trtllmScenario, featuresOf);
  });
});

function featuresOf(scenario: Scenario, { workers, log }: SimulationResult): Features {
  const engines = scenario.pools.map(({ engine }) => engine as TrtllmConfig);
  const { workload } = scenario;
  const some = (has: (engine: TrtllmConfig) => boolean): boolean => engines.some(has);
  const longest = Math.max(...workload.inputTokens);
  return {
    pauses: workers.some(({ preemptions }) => preemptions > 0),
    eviction: workers.some(({ evictedBlocks }) => evictedBlocks > 0),
    'prefix hits': log.reusedTokens.some((tokens) => tokens > 0),
    overlap: some(({ overlap }) => overlap),
    'no overlap': some(({ overlap }) => !overlap),
    'no evict': some(({ capacityPolicy }) => capacityPolicy === 'GUARANTEED_NO_EVICT'),
    'static batch': some(({ capacityPolicy }) => capacityPolicy === 'STATIC_BATCH'),
    'cut prompts': some(({ chunkedPrefill, maxBatchedTokens }) => chunkedPrefill && longest > maxBatchedTokens),
    'equal progress': some(
      ({ chunkedPrefill, chunkingPolicy }) => chunkedPrefill && chunkingPolicy === 'EQUAL_PROGRESS',
    ),
    'whole prompts': some(({ chunkedPrefill }) => !chunkedPrefill),
    'batch waiting': some(({ batchWaitIterations }) => batchWaitIterations > 0),
    'ends before its time':
      some(({ overlap }) => overlap) &&
      workload.maxOutputTokens.some((tokens, request) => tokens > workload.outputTokens[request]),
    ranks: some(({ attentionDataRanks }) => attentionDataRanks > 1),
    'balanced ranks': some(({ balance }) => balance !== null),
    pipelines: some(({ pipelineStages }) => pipelineStages > 1),
    'pipelines with ranks': some(
      ({ pipelineStages, attentionDataRanks }) => pipelineStages > 1 && attentionDataRanks > 1,
    ),
    'pipelines on generation servers': scenario.pools.some(
      ({ role, engine }) => role === 'decode' && engine.pipelineStages > 1,
    ),
    'pauses with pipelines':
      some(({ pipelineStages }) => pipelineStages > 1) && workers.some(({ preemptions }) => preemptions > 0),
    drafts: some(({ speculation }) => speculation !== null),
    'accepted drafts': workers.some(({ acceptedDrafts }) => acceptedDrafts > 0),
    'pauses with drafts':
      some(({ speculation }) => speculation !== null) && workers.some(({ preemptions }) => preemptions > 0),
    'prefill/decode': scenario.transfer !== null,
    'closed loop': scenario.load.kind === 'closed',
    sessions: workload.nextTurn.some((next) => next >= 0),
  };
}
