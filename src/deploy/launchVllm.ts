import { BYTES_PER_GIB } from '../base/units.ts';
import { isSince } from '../catalog/engineVersion.ts';
import { graphSizes } from './graphSizes.ts';
import { commonlyInexpressible, isDefaultGraphs, PlainLaunch, quantizationFlag } from './launchFlags.ts';
import type { Inexpressible, Launch, Server } from './serverPlan.ts';

/** `--max-cudagraph-capture-size` and its list came with 0.12; before, only the JSON has them. */
const GRAPH_FLAGS_SINCE = '0.12.0';

/** How `vllm serve` is started for a server. */
export function launchVllm(server: Server): Launch {
  const { pool, config, model, role } = server;
  const plain = new PlainLaunch(server);
  const { tensor, pipeline, attention_data, moe_expert } = pool.parallelism;
  const quantization = quantizationFlag(server);
  const flags: string[][] = [
    ['--tensor-parallel-size', String(tensor)],
    ...(pipeline > 1 ? [['--pipeline-parallel-size', String(pipeline)]] : []),
    ...(attention_data > 1 ? [['--data-parallel-size', String(attention_data)]] : []),
    ...(model.moe !== null && moe_expert > 1 ? [['--enable-expert-parallel']] : []),
    ...(quantization.value === null ? [] : [['--quantization', quantization.value]]),
    ...plain.flags.map(([flag, value]) => (value === null ? [flag] : [flag, value])),
    ...capacityFlags(server),
    ...graphFlags(server),
    ...speculationFlags(server),
    ...offloadingFlags(server),
    ...(role === 'aggregated' ? [] : [['--kv-transfer-config', JSON.stringify(TRANSFER)]]),
  ];
  return {
    entry: ['vllm', 'serve', config.engine.model],
    flags,
    options: null,
    inexpressible: [
      ...quantization.inexpressible,
      ...capacityNotes(server),
      ...graphNotes(server),
      ...commonlyInexpressible(server),
    ],
  };
}

/** Both sides may send and receive; the router says who prefills. */
const TRANSFER = { kv_connector: 'NixlConnector', kv_role: 'kv_both' };

/** A cache of so many tokens is one of so many blocks. */
function capacityFlags({ pool }: Server): string[][] {
  const { capacity, block_size } = pool.kv_cache;
  if (!('tokens' in capacity)) return [];
  return [['--num-gpu-blocks-override', String(Math.floor(capacity.tokens / block_size))]];
}

function capacityNotes({ pool, role }: Server): Inexpressible[] {
  const { capacity } = pool.kv_cache;
  if (!('tokens' in capacity)) return [];
  const reason = 'told as --num-gpu-blocks-override';
  return [{ path: `engine.workers.${role}.kv_cache.capacity`, value: capacity.tokens, reason }];
}

function graphFlags(server: Server): string[][] {
  const { cuda_graphs: graphs } = server.pool;
  if ('max_size' in graphs && graphs.max_size === 0) return [['--enforce-eager']];
  if (isDefaultGraphs(server)) return [];
  const direct = isSince(server.engine.version, GRAPH_FLAGS_SINCE);
  if ('max_size' in graphs && direct) return [['--max-cudagraph-capture-size', String(graphs.max_size)]];
  const sizes = 'sizes' in graphs ? graphs.sizes : graphSizes('vllm', graphs.max_size);
  if (direct) return [['--cudagraph-capture-sizes', ...sizes.map(String)]];
  return [['--compilation-config', JSON.stringify({ cudagraph_capture_sizes: sizes })]];
}

function graphNotes(server: Server): Inexpressible[] {
  const { pool, role, engine } = server;
  const { cuda_graphs: graphs } = pool;
  const listed = 'max_size' in graphs && graphs.max_size > 0 && !isSince(engine.version, GRAPH_FLAGS_SINCE);
  if (!listed || isDefaultGraphs(server)) return [];
  return [{ path: `engine.workers.${role}.cuda_graphs`, value: graphs.max_size, reason: 'told as the list of sizes' }];
}

function speculationFlags({ pool: { speculation } }: Server): string[][] {
  if (speculation === null) return [];
  const { method, draft_tokens, draft_model } = speculation;
  const config = {
    method,
    ...(draft_model === null ? {} : { model: draft_model }),
    num_speculative_tokens: draft_tokens,
    ...(method === 'ngram' ? { prompt_lookup_max: NGRAM, prompt_lookup_min: NGRAM } : {}),
  };
  return [['--speculative-config', JSON.stringify(config)]];
}

/** Host memory that `vllm serve` sets up by itself, with its own connector; null: none, or more than that. */
export function hostTierOf({ pool, engine }: Server): number | null {
  const { host, disk, shared } = pool.kv_cache.tiers ?? {};
  const isAlone = host !== undefined && disk === undefined && shared === undefined;
  return isAlone && engine.profile.backend === 'vllm' && isSince(engine.version, OFFLOADING_SINCE)
    ? host.capacity_gb_per_gpu
    : null;
}

const OFFLOADING_SINCE = '0.12.0';

/** GiB over all GPUs of the engine. */
function offloadingFlags(server: Server): string[][] {
  const gbPerGpu = hostTierOf(server);
  if (gbPerGpu === null) return [];
  const { tensor, pipeline } = server.pool.parallelism;
  const gib = (gbPerGpu * 1e9 * tensor * pipeline) / BYTES_PER_GIB;
  return [['--kv-offloading-size', String(Number(gib.toFixed(6)))]];
}

/** Words looked up where nobody says how many (vLLM 017e9f4, config/speculative.py). */
const NGRAM = 5;
