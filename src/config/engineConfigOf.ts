import { settingOf } from '../catalog/engineProfile.ts';
import type { CommonConfig } from '../engine/commonConfig.ts';
import type { EngineConfig } from '../engine/engineConfig.ts';
import type { SglangConfig, SglangPolicy } from '../engine/sglang/sglangConfig.ts';
import type { Speculation } from '../engine/speculation.ts';
import type { CapacityPolicy, ChunkingPolicy, TrtllmConfig } from '../engine/trtllm/trtllmConfig.ts';
import type { VllmConfig, VllmSemantics } from '../engine/vllm/vllmConfig.ts';
import type { EngineAt } from './engineAt.ts';
import type { SpeculationConfig, WorkerConfig } from './predictConfig.ts';

/** SGLang takes this share of its conservativeness with DP attention (5c8bd8b51, srt/server_args.py). */
const DP_CONSERVATIVENESS = 0.3;

/** What a pool's engines are started with. `common` holds what follows from the memory plan. */
export function engineConfigOf(
  engine: EngineAt,
  pool: WorkerConfig,
  common: Omit<CommonConfig, 'prefixCaching' | 'speculation'>,
  ignoreEos: boolean,
  seed: number,
): EngineConfig {
  const shared: CommonConfig = {
    ...common,
    prefixCaching: pool.kv_cache.prefix_caching,
    speculation: speculationOf(pool.speculation, seed),
  };
  if (engine.backend === 'vllm') return vllmConfig(engine, pool, shared);
  return engine.backend === 'sglang' ? sglangConfig(engine, pool, shared, ignoreEos) : trtllmConfig(pool, shared);
}

/** MTP heads and EAGLE heads both drop the last page of a prefix hit. */
function speculationOf(given: SpeculationConfig | null, seed: number): Speculation | null {
  if (given === null) return null;
  const { method, draft_tokens, acceptance } = given;
  return {
    method: method === 'ngram' || method === 'draft_model' ? method : 'eagle',
    draftTokens: draft_tokens,
    acceptance,
    seed,
  };
}

/** Rules of scheduling of a version; the keys of the profile are those of `VllmSemantics`. */
function semanticsOf<T extends object>({ profile }: EngineAt): T {
  const prefix = 'semantics.';
  const rules = [...profile.settings].filter(([path]) => path.startsWith(prefix));
  return Object.fromEntries(rules.map(([path, { value }]) => [path.slice(prefix.length), value])) as T;
}

function vllmConfig(engine: EngineAt, { scheduler }: WorkerConfig, shared: CommonConfig): VllmConfig {
  return {
    ...shared,
    backend: 'vllm',
    maxBatchedTokens: scheduler.max_batched_tokens,
    chunkedPrefill: scheduler.chunked_prefill,
    longPrefillTokens: scheduler.long_prefill_token_threshold ?? 0,
    policy: scheduler.policy as VllmConfig['policy'],
    prefillInterval: scheduler.prefill_interval ?? 1,
    asyncScheduling: scheduler.async ?? false,
    watermark: scheduler.watermark ?? 0,
    semantics: semanticsOf<VllmSemantics>(engine),
  };
}

/** SGLang's default of `num_reserved_decode_tokens` (server_args.py, 5c8bd8b51). */
const RESERVED_DECODE_TOKENS = 512;

function sglangConfig(
  { profile }: EngineAt,
  { parallelism, scheduler }: WorkerConfig,
  shared: CommonConfig,
  ignoreEos: boolean,
): SglangConfig {
  const spread = parallelism.attention_data > 1 ? DP_CONSERVATIVENESS : 1;
  return {
    ...shared,
    backend: 'sglang',
    chunkedPrefillTokens: scheduler.chunked_prefill ? scheduler.max_batched_tokens : null,
    maxPrefillTokens: scheduler.max_prefill_tokens!,
    mixedChunk: scheduler.mixed_batches!,
    policy: scheduler.policy as SglangPolicy,
    conservativeness: scheduler.conservativeness! * spread,
    overlap: scheduler.async!,
    pollingInterval: scheduler.polling_interval!,
    ignoreEos,
    keepsGenerated: settingOf(profile, 'semantics.keepsGenerated'),
    adder: settingOf(profile, 'semantics.adder'),
    prefillDelayPasses: scheduler.prefill_delay_passes ?? 0,
    reservedDecodeTokens: RESERVED_DECODE_TOKENS,
  };
}

function trtllmConfig({ scheduler }: WorkerConfig, shared: CommonConfig): TrtllmConfig {
  const balanced = scheduler.balance === true && shared.attentionDataRanks > 1;
  return {
    ...shared,
    backend: 'trtllm',
    maxBatchedTokens: scheduler.max_batched_tokens,
    capacityPolicy: scheduler.capacity_policy as CapacityPolicy,
    chunkedPrefill: scheduler.chunked_prefill,
    chunkingPolicy: scheduler.chunking_policy as ChunkingPolicy,
    overlap: scheduler.async!,
    batchWaitIterations: scheduler.batch_wait_iterations!,
    batchWaitTokensRatio: scheduler.batch_wait_tokens_ratio!,
    balance: balanced
      ? {
          timeoutIterations: scheduler.balance_timeout_iterations!,
          batchingWaitIterations: scheduler.balance_wait_iterations!,
        }
      : null,
  };
}
