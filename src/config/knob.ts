import type { Backend } from '../catalog/engineProfile.ts';

export type KnobDomain =
  | { readonly kind: 'integer' | 'number'; readonly min?: number; readonly above?: number; readonly max?: number }
  | { readonly kind: 'boolean' }
  | {
      readonly kind: 'choice';
      readonly choices: readonly string[];
      /** The values a backend has, where not all have all. */
      readonly of?: Readonly<Partial<Record<Backend, readonly string[]>>>;
    }
  | { readonly kind: 'text' };

/** How a real engine is told. */
export interface EngineFlag {
  /** Of the launch command; of a boolean: the one that turns it on. */
  readonly flag?: string;
  /** Of a boolean: the one that turns it off. */
  readonly off?: string;
  /** Other names the command takes. */
  readonly also?: readonly string[];
  /** Key of TensorRT-LLM's options file. */
  readonly yaml?: string;
  /** The engine's value where it is not ours. */
  readonly words?: Readonly<Record<string, string>>;
  /** Words of the engine that stand for one of ours as well. */
  readonly reads?: Readonly<Record<string, string>>;
  /** The engine counts all attention-DP ranks of a replica together, we each by itself. */
  readonly sumsRanks?: true;
  /** First version that has it. */
  readonly since?: string;
}

export interface Knob {
  /** `<role>` stands for aggregated, prefill or decode. */
  readonly path: string;
  readonly domain: KnobDomain;
  readonly unit?: string;
  /** Absent: required where its section is given, or resolved from other fields or the engine's version (then `about` says how). */
  readonly default?: string | number | boolean | null;
  /** Engines that have it, and how they are told; absent where the engine does not matter. */
  readonly engines?: Readonly<Partial<Record<Backend, EngineFlag>>>;
  /** What to do where an engine does not have it. */
  readonly instead?: Readonly<Partial<Record<Backend, string>>>;
  /** May be a domain in a recommend file. */
  readonly tunable?: boolean;
  /** Read only where each of these knobs has one of these values; in a search it varies only there. */
  readonly when?: Readonly<Record<string, readonly string[]>>;
  /** One sentence. */
  readonly about: string;
}

export const COUNT: KnobDomain = { kind: 'integer', min: 1 };
export const COUNT_OR_ZERO: KnobDomain = { kind: 'integer', min: 0 };
export const POSITIVE: KnobDomain = { kind: 'number', above: 0 };
export const NOT_NEGATIVE: KnobDomain = { kind: 'number', min: 0 };
export const SIZE: KnobDomain = { kind: 'integer', min: 1, max: 2 ** 31 - 1 };
export const SWITCH: KnobDomain = { kind: 'boolean' };
export const TEXT: KnobDomain = { kind: 'text' };
