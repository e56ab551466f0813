import { settingOf } from '../catalog/engineProfile.ts';
import type { KvDtype, ModelFacts, WeightDtype } from '../catalog/model.ts';
import type { KvCapacity, MemoryAccounting, MemoryRequest } from '../timing/memory.ts';
import type { Parallelism, ReplicaSpec } from '../timing/replica.ts';
import { engineAtVersion } from './engineAt.ts';
import type { Facts } from './facts.ts';
import type { PredictConfig, WorkerConfig } from './predictConfig.ts';

/** Request slots that SGLang sets up at the least, where the number of requests follows from its cache. */
const SGLANG_SLOTS = 2048;

/** Longest prompt plus output the engines of `config` serve, tokens. */
export function contextLengthOf(config: PredictConfig, facts: Facts): number {
  return config.engine.context_length ?? facts.model(config.engine.model).contextLength;
}

/**
 * Longest prompt plus output that a client may ask for: SGLang keeps two tokens of the context to itself (5c8bd8b51,
 * srt/managers/tp_worker.py and scheduler.py).
 */
export function longestRequestOf(config: PredictConfig, facts: Facts): number {
  return contextLengthOf(config, facts) - (config.engine.backend === 'sglang' ? 2 : 0);
}

/** One replica of a pool as the timing and memory models see it. */
export function replicaSpecOf(config: PredictConfig, pool: WorkerConfig, facts: Facts): ReplicaSpec {
  const model = facts.model(config.engine.model);
  return {
    model,
    hardware: facts.hardware(pool.hardware),
    parallelism: parallelismOf(pool.parallelism),
    ...weightFormats(model, config.engine.quantization),
    kvDtype: kvDtypeOf(pool.kv_cache.dtype),
  };
}

/** As the timing and memory models name it. */
export function parallelismOf(shape: Omit<WorkerConfig['parallelism'], 'replicas'>): Parallelism {
  const { tensor, pipeline, attention_data, moe_tensor, moe_expert, moe_exchange, moe_imbalance } = shape;
  return {
    tensor,
    pipeline,
    attentionData: attention_data,
    moeTensor: moe_tensor,
    moeExpert: moe_expert,
    ...(moe_exchange === undefined ? {} : { moeExchange: moe_exchange }),
    ...(moe_imbalance === undefined ? {} : { moeImbalance: moe_imbalance }),
  };
}

/** Settings of one attention-DP rank, summed over the replica's ranks. */
export function memoryRequestOf(config: PredictConfig, pool: WorkerConfig, facts: Facts): MemoryRequest {
  const ranks = pool.parallelism.attention_data;
  return {
    accounting: accountingOf(config),
    capacity: kvCapacityOf(pool.kv_cache.capacity, ranks),
    blockTokens: pool.kv_cache.block_size,
    maxBatchedTokens: pool.scheduler.max_batched_tokens * ranks,
    maxSequences: (pool.scheduler.max_sequences ?? SGLANG_SLOTS) * ranks,
    contextLength: contextLengthOf(config, facts),
    ...(isGrouped(config, facts) ? { groups: groupRequestOf(pool) } : {}),
    ...(config.engine.backend === 'vllm' ? { samplerBytes: samplerBytesOf(config) } : {}),
  };
}

function samplerBytesOf({ engine }: PredictConfig): number {
  return settingOf(engineAtVersion('vllm', engine.backend_version).profile, 'memory.samplerBytes');
}

/**
 * vLLM pages windows and recurrent states from the pool of the rest. Where KV is handed over states are set aside: how many of
 * them come along is not modelled.
 */
function isGrouped({ engine }: PredictConfig, facts: Facts): boolean {
  return engine.backend === 'vllm' && (facts.model(engine.model).linear === null || engine.mode === 'aggregated');
}

function groupRequestOf({
  kv_cache,
  parallelism,
  scheduler,
  speculation,
}: WorkerConfig): NonNullable<MemoryRequest['groups']> {
  const { pipeline } = parallelism;
  const batchesInFlight = scheduler.async === true ? Math.max(2, pipeline) : pipeline;
  return {
    prefixCaching: kv_cache.prefix_caching,
    dropsLastHit: speculation !== null && !['ngram', 'draft_model'].includes(speculation.method),
    draftTokens: speculation?.draft_tokens ?? 0,
    inFlightTokens: scheduler.max_batched_tokens * batchesInFlight,
  };
}

function accountingOf({ engine }: PredictConfig): MemoryAccounting {
  const { backend, backend_version } = engine;
  if (backend !== 'vllm') return backend;
  const { profile } = engineAtVersion(backend, backend_version);
  return settingOf<boolean>(profile, 'memory.countsGraphs') ? 'vllm' : 'vllm_without_graphs';
}

function kvCapacityOf(capacity: WorkerConfig['kv_cache']['capacity'], ranks: number): KvCapacity {
  if ('memory_fraction' in capacity) return { memoryFraction: capacity.memory_fraction };
  if ('blocks' in capacity) return { blocks: capacity.blocks * ranks };
  return 'tokens' in capacity ? { tokens: capacity.tokens * ranks } : { bytes: capacity.bytes };
}

/** MXFP4 quantizes only routed experts (gpt-oss); the other formats everything that is quantized at all. */
function weightFormats(
  model: ModelFacts,
  quantization: PredictConfig['engine']['quantization'],
): { weightDtype: WeightDtype; expertDtype: WeightDtype } {
  const published = { weightDtype: model.checkpointDtype, expertDtype: model.expertDtype ?? model.checkpointDtype };
  if (quantization === 'checkpoint') return published;
  if (quantization === 'mxfp4' && model.moe !== null) return { ...published, expertDtype: 'mxfp4' };
  return { weightDtype: quantization, expertDtype: quantization };
}

/** vLLM's `auto` is the model's own format, which is bf16 for every model here. */
function kvDtypeOf(dtype: WorkerConfig['kv_cache']['dtype']): KvDtype {
  return dtype === 'auto' ? 'bf16' : dtype;
}
