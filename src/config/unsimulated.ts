import type { Backend } from '../catalog/engineProfile.ts';
import type { Role } from '../cluster/scenario.ts';
import type { WorkerConfig } from './predictConfig.ts';

/** Roles that an engine core can play. */
const CORES: Readonly<Record<Backend, readonly Role[]>> = {
  vllm: ['aggregated', 'prefill', 'decode'],
  sglang: ['aggregated'],
  trtllm: [],
};

/** Whether workers of a role can be simulated. */
export function hasCore(backend: Backend, role: Role): boolean {
  return CORES[backend].includes(role);
}

type Neutral = readonly (readonly [path: string, neutral: unknown])[];

/** Settings that the engine cores do not act on yet, with the value at which that makes no difference. */
const UNSIMULATED: Readonly<Record<Backend, Neutral>> = {
  vllm: [
    ['scheduler.async', false],
    ['scheduler.policy', 'fcfs'],
    ['scheduler.long_prefill_token_threshold', 0],
    ['scheduler.watermark', 0],
    ['scheduler.prefill_interval', 1],
    ['parallelism.pipeline', 1],
    ['speculation', null],
  ],
  sglang: [
    ['scheduler.prefill_delay_passes', 0],
    ['parallelism.pipeline', 1],
    ['speculation', null],
  ],
  trtllm: [
    ['parallelism.pipeline', 1],
    ['speculation', null],
  ],
};

/** Paths below the worker whose values would be passed over in silence. */
export function unsimulatedSettings(backend: Backend, pool: WorkerConfig): string[] {
  return UNSIMULATED[backend].flatMap(([path, neutral]) => {
    const value = path.split('.').reduce<unknown>((node, key) => (node as Record<string, unknown>)[key], pool);
    return value === undefined || value === neutral ? [] : [path];
  });
}
