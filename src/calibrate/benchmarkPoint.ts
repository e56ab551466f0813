import { InputError } from '../base/inputError.ts';
import { poolsOf } from '../config/buildScenario.ts';
import type { Facts } from '../config/facts.ts';
import type { PredictConfig } from '../config/predictConfig.ts';
import { replicaSpecOf } from '../config/replicaSpec.ts';
import type { MeasuredPoint } from './measuredPoint.ts';
import type { BenchmarkResult } from './readBenchmark.ts';

/**
 * A benchmark run of the deployment that a configuration describes. Lengths count as all alike: result files tell their
 * means. @throws InputError unless the deployment is one replica that does both phases.
 */
export function benchmarkPoint(
  result: BenchmarkResult,
  config: PredictConfig,
  facts: Facts,
  id: string,
): MeasuredPoint {
  const [placed, ...others] = poolsOf(config);
  const { pool } = placed;
  if (others.length > 0 || placed.role !== 'aggregated' || pool.parallelism.replicas !== 1) {
    throw new InputError({
      path: 'engine.workers',
      message: 'must be one aggregated replica to be held against a benchmark',
    });
  }
  const { scheduler, kv_cache, cuda_graphs } = pool;
  const { weightDtype, expertDtype, kvDtype, parallelism } = replicaSpecOf(config, pool, facts);
  return {
    id,
    model: config.engine.model,
    hardware: pool.hardware,
    backend: config.engine.backend,
    version: config.engine.backend_version,
    precision: weightDtype,
    weightDtype,
    expertDtype,
    kvDtype,
    parallelism,
    inputTokens: Math.max(1, Math.round(result.inputTokens)),
    outputTokens: Math.max(1, Math.round(result.outputTokens)),
    lengthShares: [1, 1],
    concurrency: result.concurrency,
    requestsPerSlot: Math.max(1, Math.round(result.requests / result.concurrency)),
    ttftMs: result.ttftMs,
    tpotMs: result.tpotMs,
    measured: null,
    curve: id,
    fold: id,
    trusted: { ttft: true, tpot: true },
    note: '',
    draftTokens: pool.speculation?.draft_tokens ?? 0,
    recipeKnown: true,
    recipe: {
      maxBatchedTokens: scheduler.max_batched_tokens,
      maxSequences: scheduler.max_sequences,
      contextLength: config.engine.context_length,
      memoryFraction: 'memory_fraction' in kv_cache.capacity ? kv_cache.capacity.memory_fraction : null,
      blockTokens: kv_cache.block_size,
      prefixCaching: kv_cache.prefix_caching,
      chunkedPrefill: scheduler.chunked_prefill,
      pollingInterval: scheduler.polling_interval ?? null,
      batchWaitIterations: scheduler.batch_wait_iterations ?? null,
      batchWaitTokensRatio: scheduler.batch_wait_tokens_ratio ?? null,
      balance: scheduler.balance ?? null,
      balanceTimeoutIterations: scheduler.balance_timeout_iterations ?? null,
      balanceBatchingIterations: scheduler.balance_wait_iterations ?? null,
      maxDecodeGraph: 'max_size' in cuda_graphs ? cuda_graphs.max_size : null,
      prefillGraph: null,
      asyncScheduling: scheduler.async ?? null,
      tokenizers: null,
    },
  };
}
