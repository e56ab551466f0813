import type { EngineConfig } from '../engine/engineConfig.ts';
import { LATEST_SEMANTICS, type VllmConfig } from '../engine/vllm/vllmConfig.ts';

/** Pages no smaller than this: prompts share nothing, so finer pages would only cost time. */
const PAGE_TOKENS = 64;

/** The engine itself where its core does all that is asked, else vLLM's, attention-DP ranks sharing one queue and one pool. */
export function standIn(engine: EngineConfig): EngineConfig {
  if (engine.backend === 'sglang' && engine.speculation === null) return engine;
  return vllmInstead(engine);
}

function vllmInstead(engine: EngineConfig): VllmConfig {
  const ranks = engine.attentionDataRanks;
  const tokens =
    'maxBatchedTokens' in engine ? engine.maxBatchedTokens : (engine.chunkedPrefillTokens ?? engine.maxPrefillTokens);
  const maxSequences = Math.min(engine.maxSequences, tokens) * ranks;
  return {
    ...engine,
    backend: 'vllm',
    maxBatchedTokens: tokens * ranks,
    maxSequences,
    chunkedPrefill: true,
    longPrefillTokens: 0,
    policy: 'fcfs',
    asyncScheduling: false,
    watermark: 0,
    prefillInterval: 0,
    semantics: LATEST_SEMANTICS,
    attentionDataRanks: 1,
    pipelineStages: 1,
    speculation: null,
    blockTokens: PAGE_TOKENS,
    blocks: Math.max(2, Math.floor((engine.blocks * ranks * engine.blockTokens) / PAGE_TOKENS)),
  };
}
