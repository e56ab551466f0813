import { describe, it } from 'vitest';
import type { Scenario } from '../../src/cluster/scenario.ts';
import type { SimulationResult } from '../../src/cluster/simulationResult.ts';
import type { SglangConfig } from '../../src/engine/sglang/sglangConfig.ts';
import { expectAgreement, type Features } from '../support/coreAgreement.ts';
import { sglangScenario } from './sglangScenario.ts';

const RUNS = Number(process.env.DYNOSIM_RUNS ?? 400);

describe('the fast and the plain SGLang core', () => {
  it(`agree on every timestamp of ${RUNS} random scenarios that show what they must`, () => {
    expectAgreement(RUNS, sglangScenario, featuresOf);
  });
});

function featuresOf(scenario: Scenario, { workers, log }: SimulationResult): Features {
  const engines = scenario.pools.map(({ engine }) => engine as SglangConfig);
  const { workload } = scenario;
  const some = (has: (engine: SglangConfig) => boolean): boolean => engines.some(has);
  const longest = Math.max(...workload.inputTokens);
  return {
    retraction: workers.some(({ preemptions }) => preemptions > 0),
    eviction: workers.some(({ evictedBlocks }) => evictedBlocks > 0),
    'prefix hits': log.reusedTokens.some((tokens) => tokens > 0),
    'pages of several tokens': some(({ blockTokens }) => blockTokens > 1),
    overlap: some(({ overlap }) => overlap),
    'no overlap': some(({ overlap }) => !overlap),
    'polling interval': some(({ pollingInterval }) => pollingInterval > 1),
    'chunked prompts': some(({ chunkedPrefillTokens }) => longest > (chunkedPrefillTokens ?? longest)),
    'mixed chunks': some(({ mixedChunk }) => mixedChunk),
    'radix cache off': some(({ prefixCaching }) => !prefixCaching),
    'exact reservations': some(({ ignoreEos, prefixCaching }) => ignoreEos && !prefixCaching),
    'paged adder': some(({ adder }) => adder === 'paged'),
    'prompts only kept': some(({ keepsGenerated, prefixCaching }) => !keepsGenerated && prefixCaching),
    'policy lpm': some(({ policy }) => policy === 'lpm'),
    'policy dfs-weight': some(({ policy }) => policy === 'dfs-weight'),
    'policy lof': some(({ policy }) => policy === 'lof'),
    'policy random': some(({ policy }) => policy === 'random'),
    'attention-DP ranks': some(({ attentionDataRanks }) => attentionDataRanks > 1),
    'delayed prefills': some(({ prefillDelayPasses }) => prefillDelayPasses > 0),
    'prefill and decode workers': scenario.transfer !== null,
    'closed loop': scenario.load.kind === 'closed',
    speculation: some(({ speculation }) => speculation !== null),
    'drafts with overlap': some(({ speculation, overlap }) => speculation !== null && overlap),
    'drafts without overlap': some(({ speculation, overlap }) => speculation !== null && !overlap),
    'accepted drafts': workers.some(({ acceptedDrafts }) => acceptedDrafts > 0),
    'retraction with drafts': workers.some(({ preemptions, draftedDecodes }) => preemptions > 0 && draftedDecodes > 0),
    'keys of token pairs':
      log.reusedTokens.some((tokens) => tokens > 0) && some(({ speculation }) => speculation?.method === 'eagle'),
    'pipeline stages': some(({ pipelineStages }) => pipelineStages > 1),
    'retraction with pipeline stages':
      some(({ pipelineStages }) => pipelineStages > 1) && workers.some(({ preemptions }) => preemptions > 0),
    'pipeline stages with ranks': some(
      ({ pipelineStages, attentionDataRanks }) => pipelineStages > 1 && attentionDataRanks > 1,
    ),
    'pipeline stages in decode workers': scenario.pools.some(
      ({ role, engine }) => role === 'decode' && engine.pipelineStages > 1,
    ),
    sessions: workload.nextTurn.some((next) => next >= 0),
  };
}
