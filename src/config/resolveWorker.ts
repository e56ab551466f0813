import type { HardwareFacts } from '../catalog/hardware.ts';
import type { ModelFacts } from '../catalog/model.ts';
import { knobDefault } from './knobs.ts';
import type { Path } from './paths.ts';
import type { WorkerConfig } from './predictConfig.ts';
import type { WorkerInput } from './predictSchema.ts';
import type { Problems } from './problems.ts';
import { resolveSchedulerLimits } from './schedulerDefaults.ts';
import { defaultMoe, shapeProblems } from './shapeRules.ts';
import { userTimer } from './userTimer.ts';

interface Surroundings {
  /** null where the model or GPU is unknown: that is a problem already, defaults then only have to exist. */
  readonly model: ModelFacts | null;
  readonly contextLength: number | null;
  readonly path: Path;
  readonly problems: Problems;
}

/** Fills in one pool. */
export function resolveWorker(
  input: WorkerInput,
  name: string,
  hardware: { readonly id: string; readonly facts: HardwareFacts | null },
  around: Surroundings,
): WorkerConfig {
  const W = 'engine.workers.<role>';
  return {
    name,
    hardware: hardware.id,
    parallelism: resolveParallelism(input, around),
    scheduler: resolveScheduler(input, hardware.facts, around),
    kv_cache: {
      block_size: input.kv_cache?.block_size ?? knobDefault(`${W}.kv_cache.block_size`),
      prefix_caching: input.kv_cache?.prefix_caching ?? knobDefault(`${W}.kv_cache.prefix_caching`),
      dtype: input.kv_cache?.dtype ?? 'auto',
      capacity: resolveCapacity(input, around),
    },
    timing: resolveTiming(input, around),
  };
}

function resolveTiming(input: WorkerInput, { path, problems }: Surroundings): WorkerConfig['timing'] {
  const timing = input.timing ?? { type: 'roofline' };
  if (timing.type !== 'roofline') problems.attempt(path, () => userTimer(timing, 0));
  return timing;
}

function resolveParallelism(input: WorkerInput, { model, path, problems }: Surroundings): WorkerConfig['parallelism'] {
  const given = input.parallelism ?? {};
  const tensor = given.tensor ?? 1;
  const attentionData = given.attention_data ?? 1;
  const shape = {
    tensor,
    pipeline: given.pipeline ?? 1,
    attention_data: attentionData,
    ...defaultMoe(model, tensor * attentionData, given),
  };
  if (model !== null) {
    for (const { field, message } of shapeProblems(model, shape))
      problems.add([...path, 'parallelism', field], message);
  }
  return { replicas: given.replicas ?? 1, ...shape };
}

function resolveScheduler(
  input: WorkerInput,
  hardware: HardwareFacts | null,
  { model, contextLength, path, problems }: Surroundings,
): WorkerConfig['scheduler'] {
  const given = input.scheduler ?? {};
  const chunkedPrefill = given.chunked_prefill ?? true;
  if (hardware === null || model === null) {
    return { max_batched_tokens: 1, max_sequences: 1, chunked_prefill: chunkedPrefill };
  }
  const context = contextLength ?? model.contextLength;
  const limits = resolveSchedulerLimits(hardware, context, chunkedPrefill, given);
  if (limits.max_sequences > limits.max_batched_tokens) {
    problems.add(
      [...path, 'scheduler', 'max_sequences'],
      `must not exceed max_batched_tokens (${limits.max_batched_tokens}), got ${limits.max_sequences}`,
    );
  }
  if (!chunkedPrefill && limits.max_batched_tokens < context) {
    problems.add(
      [...path, 'scheduler', 'max_batched_tokens'],
      `must be at least the context length (${context}) without chunked prefill, got ${limits.max_batched_tokens}`,
    );
  }
  return { ...limits, chunked_prefill: chunkedPrefill };
}

function resolveCapacity(input: WorkerInput, { path, problems }: Surroundings): WorkerConfig['kv_cache']['capacity'] {
  const given = input.kv_cache?.capacity;
  const set = Object.entries(given ?? {}).filter(([, value]) => value !== undefined);
  if (given !== undefined && set.length !== 1) {
    const named = set.length === 0 ? 'none' : set.map(([key]) => key).join(' and ');
    problems.add(
      [...path, 'kv_cache', 'capacity'],
      `must have exactly one of memory_fraction, blocks, tokens, bytes, got ${named}`,
    );
  }
  if (set.length === 1) return given as WorkerConfig['kv_cache']['capacity'];
  return { memory_fraction: knobDefault('engine.workers.<role>.kv_cache.capacity.memory_fraction') };
}
