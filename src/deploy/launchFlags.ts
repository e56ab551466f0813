import { settingOf } from '../catalog/engineProfile.ts';
import { engineFlag } from '../config/knobs.ts';
import { defaultGraphSize } from '../config/resolveGraphs.ts';
import { contextFlag, plainKnobs, toEngine } from './knobWords.ts';
import type { Inexpressible, Server } from './serverPlan.ts';

/** Budgets that engines derive from the GPU are always written: a default that changes with the version would change them. */
const ALWAYS = ['scheduler.max_batched_tokens', 'scheduler.max_sequences', 'kv_cache.capacity.memory_fraction'];

/** Knobs of a server that are one flag or key each, as [engine's name, engine's value], and those that cannot be told. */
export class PlainLaunch {
  readonly flags: [flag: string, value: string | null][] = [];
  /** TensorRT-LLM's options file, dotted. */
  readonly keys: [key: string, value: unknown][] = [];
  readonly inexpressible: Inexpressible[] = [];

  constructor(server: Server) {
    const { engine, pool, config } = server;
    const ranks = pool.parallelism.attention_data;
    for (const plain of plainKnobs(engine.backend)) {
      const value = valueAt(pool, plain.path);
      if (value === undefined || value === null || engineFlag(plain.knob, engine.backend, engine.version) === undefined)
        continue;
      if (!ALWAYS.includes(plain.path) && value === defaultOf(server, plain.path)) continue;
      const theirs = toEngine(plain, value, ranks);
      const { flag, off, yaml } = plain.told;
      if (plain.knob.domain.kind === 'boolean' && yaml === undefined) {
        const name = value === true ? flag : off;
        if (name !== undefined) this.flags.push([name, null]);
      } else if (yaml !== undefined) this.keys.push([yaml, plain.path === 'scheduler.async' ? !value : theirs]);
      else if (flag !== undefined) this.flags.push([flag, String(theirs)]);
    }
    const context = config.engine.context_length;
    const { flag, yaml } = contextFlag(engine.backend);
    if (context !== null && yaml !== undefined) this.keys.push([yaml, context]);
    else if (context !== null) this.flags.push([flag!, String(context)]);
  }
}

/** What the engine would do if nothing were said; undefined where that depends on the GPU. */
function defaultOf({ engine, pool }: Server, path: string): unknown {
  if (path === 'scheduler.async' && engine.backend === 'sglang' && pool.parallelism.pipeline > 1) return false;
  if (path === 'scheduler.async' && pool.speculation !== null) {
    const overlaps = settingOf<readonly string[]>(engine.profile, 'speculation.overlaps');
    if (!overlaps.includes(pool.speculation.method)) return false;
  }
  return engine.profile.settings.get(path)?.value;
}

export function valueAt(tree: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((node, key) => (node as Record<string, unknown> | null | undefined)?.[key], tree);
}

/** Whether the engine would capture graphs up to that size by itself. */
export function isDefaultGraphs({ engine, pool, hardware }: Server): boolean {
  const { cuda_graphs, scheduler, speculation, parallelism } = pool;
  const engineTensor = parallelism.tensor * parallelism.attention_data;
  return (
    'max_size' in cuda_graphs &&
    cuda_graphs.max_size === defaultGraphSize({ engine, hardware, scheduler, speculation, engineTensor })
  );
}

/** Formats that an engine makes out of bf16 weights while it loads them. */
const MADE_AT_LOAD: Readonly<Record<string, readonly string[]>> = { vllm: ['fp8'], sglang: ['fp8'], trtllm: [] };

/** The flag for the format of the weights, null where the checkpoint has it; otherwise why there is none. */
export function quantizationFlag({ config, engine, model }: Server): {
  readonly value: string | null;
  readonly inexpressible: readonly Inexpressible[];
} {
  const format = config.engine.quantization;
  if (format === 'checkpoint') return { value: null, inexpressible: [] };
  if (model.checkpointDtype === 'bf16' && MADE_AT_LOAD[engine.backend].includes(format))
    return { value: format, inexpressible: [] };
  const reason =
    format === model.checkpointDtype
      ? `${model.id} is published in it: nothing to say`
      : `serve a checkpoint of ${model.id} in ${format}: ${engine.profile.name} does not make it out of ${model.checkpointDtype} when it loads`;
  return { value: null, inexpressible: [{ path: 'engine.quantization', value: format, reason }] };
}

/** What holds for every engine. */
export function commonlyInexpressible({ pool, role, engine }: Server): Inexpressible[] {
  const at = `engine.workers.${role}`;
  const found: Inexpressible[] = [
    { path: `${at}.parallelism.replicas`, value: pool.parallelism.replicas, reason: 'as many servers as that' },
  ];
  const { moe_exchange, moe_imbalance } = pool.parallelism;
  if (moe_exchange !== undefined && engine.backend === 'trtllm') {
    const reason = 'TensorRT-LLM chooses by GPU, expert ranks and moe_config.backend';
    found.push({ path: `${at}.parallelism.moe_exchange`, value: moe_exchange, reason });
  }
  if (moe_imbalance !== undefined) {
    const reason = 'what prompts and the placement of experts give, not a setting; a balancer (EPLB) lowers it';
    found.push({ path: `${at}.parallelism.moe_imbalance`, value: moe_imbalance, reason });
  }
  if (pool.speculation !== null) {
    const reason = 'what models and prompts give, not a setting';
    found.push({ path: `${at}.speculation.acceptance`, value: pool.speculation.acceptance, reason });
  }
  if (pool.timing.type !== 'roofline')
    found.push({ path: `${at}.timing`, value: pool.timing.type, reason: 'a model of the GPU, not a setting' });
  return found;
}
