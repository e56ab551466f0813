import { type EngineProfile, settingOf } from '../catalog/engineProfile.ts';
import type { HardwareFacts } from '../catalog/hardware.ts';
import { listHardware } from '../catalog/hardwareList.ts';
import type { ModelFacts } from '../catalog/model.ts';
import { exchangeOf, imbalanceOf, isWideExpertParallel } from '../timing/replica.ts';
import { refuseUnavailable } from './availability.ts';
import type { EngineAt } from './engineAt.ts';
import type { Facts } from './facts.ts';
import type { Path } from './paths.ts';
import type { WorkerConfig } from './predictConfig.ts';
import type { WorkerInput } from './predictSchema.ts';
import { Problems } from './problems.ts';
import { parallelismOf } from './replicaSpec.ts';
import { defaultGraphSize, resolveGraphs } from './resolveGraphs.ts';
import { resolveScheduler, type SchedulerContext } from './resolveScheduler.ts';
import { resolveSpeculation } from './resolveSpeculation.ts';
import { memFractionStatic } from './sglangMemory.ts';
import { defaultMoe, shapeProblems } from './shapeRules.ts';
import { resolveStartup } from './startupConfig.ts';
import { resolveTiers } from './tiersConfig.ts';
import { userTimer } from './userTimer.ts';

interface Surroundings {
  readonly engine: EngineAt;
  /** null where the model or GPU is unknown: that is a problem already, defaults then only have to exist. */
  readonly model: ModelFacts | null;
  readonly contextLength: number | null;
  readonly facts: Facts;
  readonly path: Path;
  readonly problems: Problems;
}

/** Stands for a GPU that is unknown. */
const SOME_GPU = listHardware()[0];

/** Fills in one pool. */
export function resolveWorker(
  input: WorkerInput,
  name: string,
  hardware: { readonly id: string; readonly facts: HardwareFacts | null },
  around: Surroundings,
): WorkerConfig {
  const { engine, model, contextLength, path, problems } = around;
  refuseUnavailable(input, path, engine, problems);
  const parallelism = resolveParallelism(input, around);
  const speculation = resolveSpeculation(input.speculation, path, problems);
  const gpu = hardware.facts ?? SOME_GPU;
  const kvCache = resolveCache(input, gpu, around);
  const context = {
    engine,
    hardware: gpu,
    contextTokens: contextLength ?? model?.contextLength ?? 1,
    attentionDataRanks: parallelism.attention_data,
    pipelineStages: parallelism.pipeline,
    blockTokens: kvCache.block_size,
    speculation,
    path,
    problems: hardware.facts === null || model === null ? new Problems(null) : problems,
  };
  const scheduler = resolveScheduler(input.scheduler ?? {}, context);
  const engineTensor = parallelism.tensor * parallelism.attention_data;
  const graphs = resolveGraphs(input.cuda_graphs, path, problems, { ...context, scheduler, engineTensor });
  return {
    name,
    hardware: hardware.id,
    parallelism,
    scheduler,
    kv_cache: {
      ...kvCache,
      capacity: resolveCapacity(input, around, () => fractionOf(gpu, parallelism, scheduler, context)),
    },
    speculation,
    cuda_graphs: graphs,
    timing: resolveTiming(input, around),
    ...(input.startup === undefined ? {} : { startup: resolveStartup(input.startup) }),
  };
}

/** The cache but for its size. */
function resolveCache(
  { kv_cache: given }: WorkerInput,
  hardware: HardwareFacts,
  { engine: { profile }, model, path, problems }: Surroundings,
): Omit<WorkerConfig['kv_cache'], 'capacity'> {
  const prefixCaching = given?.prefix_caching ?? cachesByDefault(profile, model);
  if (given?.tiers !== undefined && !prefixCaching) {
    problems.add([...path, 'kv_cache', 'tiers'], 'nothing would be found there without prefix_caching', 'turn it on');
  }
  return {
    block_size: given?.block_size ?? settingOf(profile, 'kv_cache.block_size'),
    prefix_caching: prefixCaching,
    dtype: given?.dtype ?? settingOf(profile, 'kv_cache.dtype'),
    ...(given?.tiers === undefined ? {} : { tiers: resolveTiers(given.tiers, hardware, profile.backend) }),
  };
}

/** vLLM caches no prefixes of models with recurrent states unless told to. */
function cachesByDefault(profile: EngineProfile, model: ModelFacts | null): boolean {
  const hasStates = profile.backend === 'vllm' && model !== null && model.linear !== null;
  return settingOf(profile, hasStates ? 'memory.cachesStates' : 'kv_cache.prefix_caching');
}

/** The share of memory an engine takes when nobody says. */
function fractionOf(
  hardware: HardwareFacts,
  { tensor, pipeline, attention_data }: WorkerConfig['parallelism'],
  scheduler: WorkerConfig['scheduler'],
  { engine, speculation, path, problems }: SchedulerContext,
): number {
  if (engine.backend !== 'sglang') return settingOf(engine.profile, 'kv_cache.capacity.memory_fraction');
  const engineTensor = tensor * attention_data;
  const fraction = memFractionStatic({
    memoryMib: hardware.memoryMib.value,
    prefillTokens: scheduler.chunked_prefill
      ? scheduler.max_batched_tokens * attention_data
      : scheduler.max_prefill_tokens!,
    graphSize: defaultGraphSize({ engine, hardware, scheduler, speculation, engineTensor }),
    tensor: engineTensor,
    pipeline,
    attentionDataRanks: attention_data,
    speculation,
  });
  if (fraction <= 0) {
    const message = `SGLang's own default would reserve all of the ${hardware.memoryMib.value} MiB of ${hardware.id} for prefill and graphs`;
    problems.add([...path, 'kv_cache', 'capacity'], message, 'give memory_fraction, or fewer max_batched_tokens');
  }
  return fraction;
}

function resolveTiming(input: WorkerInput, { path, facts, problems }: Surroundings): WorkerConfig['timing'] {
  const timing = input.timing ?? { type: 'roofline' };
  if (timing.type === 'roofline') {
    const calibration = timing.calibration ?? null;
    problems.attempt([...path, 'timing', 'calibration'], () => facts.calibration(calibration));
    return { type: 'roofline', calibration };
  }
  problems.attempt(path, () => userTimer(timing, 0));
  return timing;
}

function resolveParallelism(
  input: WorkerInput,
  { engine, model, path, problems }: Surroundings,
): WorkerConfig['parallelism'] {
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
    for (const { field, message } of shapeProblems(model, shape, engine.backend))
      problems.add([...path, 'parallelism', field], message);
  }
  return { replicas: given.replicas ?? 1, ...shape, ...exchangeFields(given, shape, model) };
}

/** Said in full where experts are spread wide, so that a file carries what it was predicted with; else as given. */
function exchangeFields(
  given: NonNullable<WorkerInput['parallelism']>,
  shape: Omit<WorkerConfig['parallelism'], 'replicas'>,
  model: ModelFacts | null,
): Pick<WorkerConfig['parallelism'], 'moe_exchange' | 'moe_imbalance'> {
  const stated = {
    ...(given.moe_exchange === undefined ? {} : { moe_exchange: given.moe_exchange }),
    ...(given.moe_imbalance === undefined ? {} : { moe_imbalance: given.moe_imbalance }),
  };
  if (model === null) return stated;
  const spec = { model, parallelism: parallelismOf({ ...shape, ...stated }) };
  return isWideExpertParallel(spec) ? { moe_exchange: exchangeOf(spec), moe_imbalance: imbalanceOf(spec) } : stated;
}

function resolveCapacity(
  input: WorkerInput,
  { path, problems }: Surroundings,
  initialFraction: () => number,
): WorkerConfig['kv_cache']['capacity'] {
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
  return { memory_fraction: initialFraction() };
}
