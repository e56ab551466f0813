import type { InputIssue } from '../base/inputError.ts';
import type { Backend } from '../catalog/engineProfile.ts';
import type { Role } from '../cluster/scenario.ts';
import type { WorkerConfig } from './predictConfig.ts';

/** Roles that an engine core can play. */
const CORES: Readonly<Record<Backend, readonly Role[]>> = {
  vllm: ['aggregated', 'prefill', 'decode'],
  sglang: ['aggregated', 'prefill', 'decode'],
  trtllm: ['aggregated', 'prefill', 'decode'],
};

type Neutral = readonly (readonly [path: string, neutral: unknown])[];

/** Settings that the engine cores do not act on yet, with the value at which that makes no difference. */
const UNSIMULATED: Readonly<Record<Backend, Neutral>> = {
  vllm: [['scheduler.policy', 'fcfs']],
  sglang: [['parallelism.pipeline', 1]],
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
    ...(CORES[backend].includes(role)
      ? []
      : [{ path, message: `${role} workers of ${backend} are not simulated yet` }]),
    ...unsimulatedSettings(backend, pool).map((setting) => ({
      path: `${path}.${setting}`,
      message: 'is not simulated yet',
    })),
  ]);
}

/** Paths below the worker whose values would be passed over in silence. */
function unsimulatedSettings(backend: Backend, pool: WorkerConfig): string[] {
  return UNSIMULATED[backend].flatMap(([path, neutral]) => {
    const value = path.split('.').reduce<unknown>((node, key) => (node as Record<string, unknown>)[key], pool);
    return value === undefined || value === neutral ? [] : [path];
  });
}
