import { memoryRequestOf, replicaSpecOf } from '../config/replicaSpec.ts';
import { planMemory } from '../timing/memory.ts';
import { commonlyInexpressible, isDefaultGraphs, PlainLaunch, quantizationFlag } from './launchFlags.ts';
import type { Inexpressible, Launch, Server } from './serverPlan.ts';

/** How `sglang.launch_server` is started for a server. */
export function launchSglang(server: Server): Launch {
  const { pool, config, model, role } = server;
  const { tensor, pipeline, attention_data: ranks, moe_expert } = pool.parallelism;
  const plain = new PlainLaunch(server);
  const quantization = quantizationFlag(server);
  const flags: string[][] = [
    ['--tp-size', String(tensor * ranks)],
    ...(pipeline > 1 ? [['--pp-size', String(pipeline)]] : []),
    ...(ranks > 1 ? [['--dp-size', String(ranks)], ['--enable-dp-attention']] : []),
    ...(model.moe !== null && moe_expert > 1 ? [['--ep-size', String(moe_expert)]] : []),
    ...(quantization.value === null ? [] : [['--quantization', quantization.value]]),
    chunkFlag(server),
    ...plain.flags.map(([flag, value]) => (value === null ? [flag] : [flag, value])),
    ...capacityFlags(server),
    ...graphFlags(server),
    ...speculationFlags(server),
    ...delayerFlags(server),
    ...(role === 'aggregated'
      ? []
      : [
          ['--disaggregation-mode', role],
          ['--disaggregation-transfer-backend', 'nixl'],
        ]),
    // Pods are reached from outside; by default it listens to itself alone.
    ['--host', '0.0.0.0'],
    ['--enable-metrics'],
  ];
  return {
    entry: ['python3', '-m', 'sglang.launch_server', '--model-path', config.engine.model],
    flags,
    options: null,
    inexpressible: [...quantization.inexpressible, ...capacityNotes(server), ...commonlyInexpressible(server)],
  };
}

/** Of all ranks together. */
function chunkFlag({ pool }: Server): string[] {
  const { chunked_prefill, max_batched_tokens } = pool.scheduler;
  const tokens = chunked_prefill ? max_batched_tokens * pool.parallelism.attention_data : -1;
  return ['--chunked-prefill-size', String(tokens)];
}

/** SGLang counts a rank's cache in tokens alone. */
function capacityFlags(server: Server): string[][] {
  const tokens = cacheTokens(server);
  return tokens === null ? [] : [['--max-total-tokens', String(tokens)]];
}

function cacheTokens({ pool, config, facts }: Server): number | null {
  const { capacity, block_size } = pool.kv_cache;
  if ('blocks' in capacity) return capacity.blocks * block_size;
  if (!('bytes' in capacity)) return null;
  const plan = planMemory(replicaSpecOf(config, pool, facts), memoryRequestOf(config, pool, facts));
  return Math.floor(plan.blocks / pool.parallelism.attention_data) * block_size;
}

function capacityNotes(server: Server): Inexpressible[] {
  if (cacheTokens(server) === null) return [];
  const { pool, role } = server;
  const path = `engine.workers.${role}.kv_cache.capacity`;
  return [{ path, value: Object.values(pool.kv_cache.capacity)[0], reason: 'told as --max-total-tokens' }];
}

function graphFlags(server: Server): string[][] {
  const { cuda_graphs: graphs } = server.pool;
  const padding = graphs.padding === false ? [['--disable-cuda-graph-padding']] : [];
  if ('sizes' in graphs) return [['--cuda-graph-bs', ...graphs.sizes.map(String)], ...padding];
  if (graphs.max_size === 0) return [['--disable-cuda-graph'], ...padding];
  return isDefaultGraphs(server) ? padding : [['--cuda-graph-max-bs', String(graphs.max_size)], ...padding];
}

const ALGORITHMS = {
  mtp: 'NEXTN',
  eagle: 'EAGLE',
  eagle3: 'EAGLE3',
  draft_model: 'STANDALONE',
  ngram: 'NGRAM',
} as const;

/** The whole triple, or the engine does not start. */
function speculationFlags({ pool: { speculation } }: Server): string[][] {
  if (speculation === null) return [];
  const { method, draft_tokens, draft_model } = speculation;
  const flags = [
    ['--speculative-algorithm', ALGORITHMS[method]],
    ['--speculative-num-steps', String(draft_tokens)],
    ['--speculative-eagle-topk', '1'],
    ['--speculative-num-draft-tokens', String(draft_tokens + 1)],
  ];
  return draft_model === null ? flags : [...flags, ['--speculative-draft-model-path', draft_model]];
}

function delayerFlags({ pool }: Server): string[][] {
  const passes = pool.scheduler.prefill_delay_passes ?? 0;
  return passes === 0 ? [] : [['--enable-prefill-delayer'], ['--prefill-delayer-max-delay-passes', String(passes)]];
}
