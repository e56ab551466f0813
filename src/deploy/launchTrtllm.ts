import { withValue } from '../config/paths.ts';
import { commonlyInexpressible, isDefaultGraphs, PlainLaunch, quantizationFlag } from './launchFlags.ts';
import type { Inexpressible, Launch, Server } from './serverPlan.ts';

type Keys = (readonly [key: string, value: unknown])[];

/** How `trtllm-serve` is started for a server: all but the model stands in the options file, which beats its flags. */
export function launchTrtllm(server: Server): Launch {
  const { config, role } = server;
  const quantization = quantizationFlag(server);
  const keys: Keys = [
    ...parallelismKeys(server),
    ...new PlainLaunch(server).keys,
    ...capacityKeys(server),
    ...graphKeys(server),
    ...speculationKeys(server),
    ...(role === 'aggregated' ? [] : [['cache_transceiver_config.backend', 'DEFAULT'] as const]),
  ];
  const options = keys.reduce<unknown>((tree, [key, value]) => withValue(tree, key.split('.'), value, key), {});
  return {
    entry: ['trtllm-serve', config.engine.model],
    flags: [['--host', '0.0.0.0']],
    options: options as Record<string, unknown>,
    inexpressible: [...quantization.inexpressible, ...capacityNotes(server), ...commonlyInexpressible(server)],
  };
}

function parallelismKeys({ pool, model }: Server): Keys {
  const { tensor, pipeline, attention_data, moe_tensor, moe_expert } = pool.parallelism;
  return [
    ['tensor_parallel_size', tensor * attention_data],
    ...(pipeline > 1 ? [['pipeline_parallel_size', pipeline] as const] : []),
    ...(attention_data > 1 ? [['enable_attention_dp', true] as const] : []),
    ...(model.moe === null
      ? []
      : [['moe_tensor_parallel_size', moe_tensor] as const, ['moe_expert_parallel_size', moe_expert] as const]),
  ];
}

/** Blocks are tokens. */
function capacityKeys({ pool }: Server): Keys {
  const { capacity, block_size } = pool.kv_cache;
  return 'blocks' in capacity ? [['kv_cache_config.max_tokens', capacity.blocks * block_size]] : [];
}

function capacityNotes({ pool, role }: Server): Inexpressible[] {
  const { capacity } = pool.kv_cache;
  if (!('blocks' in capacity)) return [];
  return [
    {
      path: `engine.workers.${role}.kv_cache.capacity`,
      value: capacity.blocks,
      reason: 'told as kv_cache_config.max_tokens',
    },
  ];
}

function graphKeys(server: Server): Keys {
  const { cuda_graphs: graphs } = server.pool;
  if ('max_size' in graphs && graphs.max_size === 0) return [['cuda_graph_config', null]];
  const padding: Keys = graphs.padding === true ? [['cuda_graph_config.enable_padding', true]] : [];
  if ('sizes' in graphs) return [['cuda_graph_config.batch_sizes', graphs.sizes], ...padding];
  return isDefaultGraphs(server) ? padding : [['cuda_graph_config.max_batch_size', graphs.max_size], ...padding];
}

const TYPES = { mtp: 'MTP', eagle: 'Eagle', eagle3: 'Eagle3', draft_model: 'DraftTarget', ngram: 'NGram' } as const;

function speculationKeys({ pool: { speculation } }: Server): Keys {
  if (speculation === null) return [];
  const { method, draft_tokens, draft_model } = speculation;
  const count = method === 'mtp' ? 'num_nextn_predict_layers' : 'max_draft_len';
  return [
    ['speculative_config.decoding_type', TYPES[method]],
    [`speculative_config.${count}`, draft_tokens],
    ...(draft_model === null ? [] : [['speculative_config.speculative_model', draft_model] as const]),
  ];
}
