import type { InputIssue } from '../base/inputError.ts';
import type { Backend } from '../catalog/engineProfile.ts';
import type { Role } from '../cluster/scenario.ts';
import type { WorkerConfig } from './predictConfig.ts';

type Neutral = readonly (readonly [path: string, neutral: unknown])[];

/** Settings that the engine cores do not act on yet, with the value at which that makes no difference. */
const UNSIMULATED: Readonly<Record<Backend, Neutral>> = {
  vllm: [['scheduler.policy', 'fcfs']],
  sglang: [],
  trtllm: [],
};

interface Placed {
  readonly role: Role;
  readonly pool: WorkerConfig;
  /** In the words of the YAML. */
  readonly path: string;
}

/** What of these pools no core simulates, each at its place. */
export function unsimulatedIssues(backend: Backend, pools: readonly Placed[]): InputIssue[] {
  return pools.flatMap(({ role, pool, path }) => [
    ...(backend === 'sglang' ? pipelineIssues(role, pool, path) : []),
    ...unsimulatedSettings(backend, pool).map((setting) => ({
      path: `${path}.${setting}`,
      message: 'is not simulated yet',
    })),
  ]);
}

/** SGLang's pipeline stages with ranks that each have a queue, and in workers that only decode. */
function pipelineIssues(role: Role, { parallelism }: WorkerConfig, path: string): InputIssue[] {
  const { pipeline, attention_data } = parallelism;
  if (pipeline === 1 || (attention_data === 1 && role !== 'decode')) return [];
  const where = attention_data > 1 ? 'with attention DP' : 'in decode workers';
  return [{ path: `${path}.parallelism.pipeline`, message: `is not simulated yet ${where}` }];
}

/** Paths below the worker whose values would be passed over in silence. */
function unsimulatedSettings(backend: Backend, pool: WorkerConfig): string[] {
  return UNSIMULATED[backend].flatMap(([path, neutral]) => {
    const value = path.split('.').reduce<unknown>((node, key) => (node as Record<string, unknown>)[key], pool);
    return value === undefined || value === neutral ? [] : [path];
  });
}
