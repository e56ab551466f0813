import type { Sourced } from './hardware.ts';

export const BACKENDS = ['vllm', 'sglang', 'trtllm'] as const;
export type Backend = (typeof BACKENDS)[number];

/** What an engine of one version does where nobody says otherwise, and how it decides. */
export interface EngineProfile {
  readonly backend: Backend;
  /** `vLLM`, `SGLang`, `TensorRT-LLM`. */
  readonly name: string;
  /** The release it describes, `0.19.0`. */
  readonly version: string;
  /** Of that release, `2026-08-26`; null where nobody looked it up. */
  readonly date: string | null;
  /**
   * Defaults by the path of the knob below its worker (`scheduler.async`), rules of scheduling under `semantics.`, and
   * `limits`: defaults by GPU memory.
   */
  readonly settings: ReadonlyMap<string, Sourced<unknown>>;
}

/** Defaults of GPUs with so much memory, the first that applies. */
export interface MemoryClass {
  readonly at_least_gib: number;
  /** Part of the names of GPUs that the class leaves out. */
  readonly except?: string;
  readonly max_batched_tokens: number;
  readonly max_sequences?: number;
  /** Largest decode batch with a CUDA graph, below and from tensor parallelism 4. */
  readonly graph_size?: readonly [number, number];
}

/** A setting that the profile has; a bug to ask for another. */
export function settingOf<T>(profile: EngineProfile, path: string): T {
  const setting = profile.settings.get(path);
  if (setting === undefined) throw new Error(`${profile.name} ${profile.version} has no ${path}`);
  return setting.value as T;
}
