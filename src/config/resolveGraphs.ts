import { settingOf } from '../catalog/engineProfile.ts';
import type { HardwareFacts } from '../catalog/hardware.ts';
import { type EngineAt, memoryClassOf } from './engineAt.ts';
import type { Path } from './paths.ts';
import type { SchedulerConfig, SpeculationConfig, WorkerConfig } from './predictConfig.ts';
import type { WorkerInput } from './predictSchema.ts';
import type { Problems } from './problems.ts';

interface GraphContext {
  readonly engine: EngineAt;
  readonly hardware: HardwareFacts;
  readonly scheduler: SchedulerConfig;
  readonly speculation: SpeculationConfig | null;
  /** Tensor parallelism as the engine counts it. */
  readonly engineTensor: number;
}

/** Captured sizes as given, else up to the engine's own largest. */
export function resolveGraphs(
  given: WorkerInput['cuda_graphs'],
  path: Path,
  problems: Problems,
  context: GraphContext,
): WorkerConfig['cuda_graphs'] {
  const { max_size, sizes } = given ?? {};
  if (max_size !== undefined && sizes !== undefined) {
    problems.add([...path, 'cuda_graphs'], 'must have one of max_size and sizes, got both');
  }
  const { profile } = context.engine;
  const initial = profile.settings.get('cuda_graphs.padding')?.value;
  // Without graphs there is nothing to pad to.
  const padding = max_size === 0 ? initial : (given?.padding ?? initial);
  return {
    ...(sizes === undefined ? { max_size: max_size ?? defaultGraphSize(context) } : { sizes }),
    ...(padding === undefined ? {} : { padding: padding as boolean }),
  };
}

/** Largest captured size: vLLM counts tokens (017e9f4, config/vllm.py), the others sequences. */
export function defaultGraphSize({ engine, hardware, scheduler, speculation, engineTensor }: GraphContext): number {
  const { backend, profile } = engine;
  if (backend === 'sglang') return memoryClassOf(profile, hardware).graph_size![engineTensor < 4 ? 0 : 1];
  const most = settingOf<number>(profile, 'cuda_graphs.max_size');
  if (backend === 'trtllm') return most;
  const tokens = 1 + (speculation?.draft_tokens ?? 0);
  return Math.min(most, 2 * scheduler.max_sequences! * tokens, scheduler.max_batched_tokens);
}
