import type { SglangConfig } from '../../src/engine/sglang/sglangConfig.ts';
import type { TrtllmConfig } from '../../src/engine/trtllm/trtllmConfig.ts';
import { LATEST_SEMANTICS, type VllmConfig } from '../../src/engine/vllm/vllmConfig.ts';

/** vLLM without any of its options, one batch in flight. */
export const PLAIN_VLLM: VllmConfig = {
  backend: 'vllm',
  maxBatchedTokens: 8192,
  maxSequences: 1024,
  chunkedPrefill: true,
  longPrefillTokens: 0,
  policy: 'fcfs',
  prefillInterval: 1,
  asyncScheduling: false,
  watermark: 0,
  semantics: LATEST_SEMANTICS,
  prefixCaching: true,
  blockTokens: 16,
  blocks: 10_000,
  contextLength: 8192,
  attentionDataRanks: 1,
  pipelineStages: 1,
  speculation: null,
};

/** SGLang without any of its options, one batch in flight. */
export const PLAIN_SGLANG: SglangConfig = {
  backend: 'sglang',
  chunkedPrefillTokens: 8192,
  maxPrefillTokens: 16_384,
  mixedChunk: false,
  policy: 'fcfs',
  conservativeness: 1,
  overlap: false,
  pollingInterval: 1,
  ignoreEos: false,
  keepsGenerated: true,
  adder: 'plain',
  prefillDelayPasses: 0,
  reservedDecodeTokens: 512,
  maxSequences: 1024,
  prefixCaching: true,
  blockTokens: 1,
  blocks: 160_000,
  contextLength: 8192,
  attentionDataRanks: 1,
  pipelineStages: 1,
  speculation: null,
};

/** TensorRT-LLM without any of its options, one batch in flight. */
export const PLAIN_TRTLLM: TrtllmConfig = {
  backend: 'trtllm',
  maxBatchedTokens: 8192,
  capacityPolicy: 'GUARANTEED_NO_EVICT',
  chunkedPrefill: false,
  chunkingPolicy: 'FIRST_COME_FIRST_SERVED',
  overlap: false,
  batchWaitIterations: 0,
  batchWaitTokensRatio: 0,
  balance: null,
  maxSequences: 1024,
  prefixCaching: true,
  blockTokens: 32,
  blocks: 5000,
  contextLength: 8192,
  attentionDataRanks: 1,
  pipelineStages: 1,
  speculation: null,
};
